# SPDX-License-Identifier: Apache-2.0
"""Servers of the real GnuTLS with the adapter, each of two processes, on a live ring. GnuTLS gives
its tickets names of its own, and seals under the key that opened the client's ticket."""
import pytest

from harness.client import VERSIONS
from harness.process import wait_for
from harness.servers import Nginx
from harness.servers.adapters import LABEL, GnutlsAdapted, resumes
from harness.stekd import Stekd

each_version = pytest.mark.parametrize("tls", VERSIONS)


def active_seq(stekd):
    keys = stekd.status("web")["keys"]
    return next((key["seq"] for key in keys if key["state"] == "active"), 0)


@each_version
def test_a_ticket_of_one_server_opens_at_the_other_over_rotations(
    turning, adapted, session_of, tls
):
    one, other = (adapted(GnutlsAdapted, turning) for _ in range(2))
    session, first = session_of(one, tls), active_seq(turning)
    for rotations in range(4):
        wait_for(lambda: active_seq(turning) >= first + rotations, "the next key")
        assert resumes(other, tls, session), rotations


@each_version
def test_a_ticket_opens_until_its_key_retires(folder, adapted, session_of, tls):
    with Stekd(folder / "stekd", web={"rotate": "2s", "accept": "4s"}) as stekd:
        server = adapted(GnutlsAdapted, stekd)
        session, sealing = session_of(server, tls), active_seq(stekd)
        assert resumes(server, tls, session)
        wait_for(
            lambda: all(key["seq"] > sealing + 1 for key in stekd.status("web")["keys"]),
            "the key to retire",
        )
        assert not resumes(server, tls, session)


@each_version
def test_a_first_visit_is_sealed_under_the_key_that_seals_now(daemon, adapted, tls):
    server = adapted(GnutlsAdapted, daemon)
    before = {server.visit(tls)[0].key for _ in range(3)}
    daemon.rotate("web")
    after = {server.visit(tls)[0].key for _ in range(3)}
    assert len(before) == len(after) == 1 and before != after


@each_version
def test_openssls_servers_and_it_make_full_handshakes_with_tickets_of_the_other(
    daemon, adapted, loaded, session_of, tls
):
    server = adapted(GnutlsAdapted, daemon)
    nginx = loaded(Nginx, stek={"ring": daemon.ring("web"), "context": LABEL})
    assert not resumes(nginx, tls, session_of(server, tls))
    assert not resumes(server, tls, session_of(nginx, tls))
