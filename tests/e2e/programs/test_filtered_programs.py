# SPDX-License-Identifier: Apache-2.0
"""Programs under a filter of system calls that leaves out those which lock memory, as
SystemCallFilter= of systemd can. By default it ends the program."""
import pytest

from harness import build
from harness.client import VERSIONS
from harness.servers import Nginx, Perl

pytestmark = pytest.mark.skipif(
    build.sanitized() or not build.KILL_CALLS.exists(), reason="sanitizers call mlock(2) themselves"
)
each_version = pytest.mark.parametrize("tls", VERSIONS)
LOCKING = "mlock,mlock2,mlockall"


class KilledPerl(Perl):
    """Each process of it ends when it calls mlock(2)."""

    def command(self):
        return [build.KILL_CALLS, LOCKING, *super().command()]


class KilledNginx(Nginx):
    """The same with a master that forks, and forks anew at each reload."""

    def command(self):
        return [build.KILL_CALLS, LOCKING, *super().command()]


class RefusedPerl(Perl):
    """Perl's IO::Socket::SSL in which this call gives EPERM; strace stands for the filter."""

    call = "mlock,mlock2"

    def command(self):
        strace = ["strace", "-f", "-qq", "-I", "2", "-o", "/dev/null"]
        return [*strace, "-e", f"inject={self.call}:error=EPERM", *super().command()]


class NotAdvised(RefusedPerl):
    call = "madvise"


def said(server):
    return [line for line in server.said().splitlines() if line.startswith("stek: ")]


@each_version
@pytest.mark.parametrize("program", [KilledPerl, RefusedPerl], ids=["killed", "refused"])
def test_where_mlock_is_filtered_stek_serves(loaded, tls, program):
    server = loaded(program, stek={"required": "yes"})
    visits = server.visit(tls, count=5)
    assert not visits.failed() and len(visits.resumed()) == 4
    assert not said(server)


@each_version
def test_where_mlock_kills_nginxs_workers_share_the_private_ring(loaded, tls):
    server = loaded(KilledNginx, stek={"required": "yes"})
    visits = server.visit(tls, count=12)
    assert not visits.failed() and len(visits.resumed()) == 11
    server.reload()
    assert not server.visit(tls, count=4).failed()
    assert not said(server)


@each_version
def test_where_mlock_kills_nginx_has_stekds_ring_over_reloads(loaded, daemon, folder, tls):
    server = loaded(KilledNginx, stek={"ring": daemon.ring("web"), "required": "yes"})
    session = folder / "session"
    assert not server.visit(tls, count=4, sess_out=session).failed()
    server.reload()
    visits = server.visit(tls, count=4, sess_in=session)
    assert not visits.failed() and len(visits.resumed()) == 4
    assert not said(server)


@each_version
def test_a_filter_that_refuses_madvise_is_named_and_openssls_own_keys_serve(loaded, tls):
    server = loaded(NotAdvised)
    visits = server.visit(tls, count=5)
    assert not visits.failed() and len(visits.resumed()) == 4
    lines = said(server)
    assert len(lines) == 1, lines
    assert "filter" in lines[0] and "madvise" in lines[0] and "RLIMIT_MEMLOCK" not in lines[0]


@each_version
def test_control_without_a_filter_nothing_is_said(loaded, tls):
    server = loaded(Perl)
    assert len(server.visit(tls, count=5).resumed()) == 4
    assert not said(server)


@each_version
def test_where_stek_is_required_there_are_no_tickets_then(loaded, tls):
    server = loaded(NotAdvised, stek={"required": "yes"})
    visits = server.visit(tls, count=3)
    assert not visits.failed() and not visits.resumed()
    assert {visit.tickets for visit in visits} == {0}
