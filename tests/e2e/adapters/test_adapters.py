# SPDX-License-Identifier: Apache-2.0
"""What holds for servers of BoringSSL and of GnuTLS with their adapters, on a live ring."""
import pytest

from harness.client import VERSIONS
from harness.process import wait_for
from harness.servers.adapters import Boringssl, GnutlsAdapted, resumes

each_version = pytest.mark.parametrize("tls", VERSIONS)
each_adapter = pytest.mark.parametrize(
    "program", [Boringssl, GnutlsAdapted], ids=lambda program: program.name
)


@each_adapter
@each_version
def test_a_ticket_outlives_a_restart(daemon, adapted, session_of, program, tls):
    server = adapted(program, daemon)
    session = session_of(server, tls)
    server.restart()
    assert resumes(server, tls, session)


@each_adapter
@each_version
def test_a_revoked_key_opens_nothing(daemon, adapted, session_of, program, tls):
    server = adapted(program, daemon)
    session = session_of(server, tls)
    assert resumes(server, tls, session)
    assert daemon.stek("revoke", "web", "--all", "--yes").returncode == 0
    wait_for(lambda: not resumes(server, tls, session), "the ticket to be refused", timeout_s=5)


@each_adapter
@each_version
def test_another_label_opens_nothing(daemon, adapted, session_of, program, tls):
    session = session_of(adapted(program, daemon), tls)
    assert not resumes(adapted(program, daemon, label="other"), tls, session)
