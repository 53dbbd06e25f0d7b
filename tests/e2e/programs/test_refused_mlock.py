# SPDX-License-Identifier: Apache-2.0
"""Programs under a filter that refuses mlock(2), as SystemCallFilter= of systemd can. strace stands
for the filter."""
import pytest

from harness import build
from harness.client import VERSIONS
from harness.servers import Perl

pytestmark = pytest.mark.skipif(build.sanitized(), reason="a sanitizer answers mlock(2) itself")
each_version = pytest.mark.parametrize("tls", VERSIONS)


class Filtered(Perl):
    """Perl's IO::Socket::SSL in which locking memory gives EPERM."""

    def command(self):
        calls = "mlock,mlock2"
        strace = ["strace", "-f", "-qq", "-I", "2", "-o", "/dev/null"]
        return [*strace, "-e", f"inject={calls}:error=EPERM", *super().command()]


def said(server):
    return [line for line in server.said().splitlines() if line.startswith("stek: ")]


@each_version
def test_a_filter_is_named_and_openssls_own_keys_serve(loaded, tls):
    server = loaded(Filtered)
    visits = server.visit(tls, count=5)
    assert not visits.failed() and len(visits.resumed()) == 4
    lines = said(server)
    assert len(lines) == 1, lines
    assert "filter" in lines[0] and "mlock" in lines[0] and "RLIMIT_MEMLOCK" not in lines[0]


@each_version
def test_control_without_a_filter_nothing_is_said(loaded, tls):
    server = loaded(Perl)
    assert len(server.visit(tls, count=5).resumed()) == 4
    assert not said(server)


@each_version
def test_where_stek_is_required_there_are_no_tickets_then(loaded, tls):
    server = loaded(Filtered, stek={"required": "yes"})
    visits = server.visit(tls, count=3)
    assert not visits.failed() and not visits.resumed()
    assert {visit.tickets for visit in visits} == {0}
