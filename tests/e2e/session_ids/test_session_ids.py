# SPDX-License-Identifier: Apache-2.0
"""Clients that bring no ticket resume by session id, the other mechanism, exactly where they do
without stek: at real servers with their own caches, under load and over reloads."""
import pytest

from harness import module
from harness.client import Background
from harness.process import wait_for
from harness.servers.caches import IdsApache, IdsHaproxy, IdsNginx, IdsServer

COUNT = 30
CLIENTS = 20
LOAD = 100
RELOADS = 3
SIDES = 3  # clients that come at the same time

ALL = [IdsNginx, IdsApache, IdsHaproxy, IdsServer]

each = pytest.mark.parametrize("program", ALL, ids=lambda p: p.name)
# The cache of s_server has room for 128 sessions, so what it has forgotten is a matter of chance.
each_with_room = pytest.mark.parametrize("program", ALL[:-1], ids=lambda p: p.name)
# In TLS 1.3 a ticket is a session id where the server wants no other tickets.
each_mechanism = pytest.mark.parametrize(
    "way",
    [
        {"tls": "1.2", "no_tickets": True},
        {"tls": "1.3", "tickets": False},
        {"tls": "1.2", "no_tickets": True, "tickets": False},
    ],
    ids=["1.2", "1.3 stateful", "1.2, server without tickets"],
)


class Way:
    """A server without stek and one with a ring of stekd's, and clients that go the same way at
    both."""

    def __init__(self, stock, running, conf, program, *, tls, no_tickets=False, tickets=True):
        self.plain = stock(program, tickets=tickets)
        self.stek = running(program, conf, tickets=tickets)
        self.tls, self.no_tickets = tls, no_tickets

    def both(self):
        return self.plain, self.stek

    def visit(self, server, **options):
        return server.visit(self.tls, no_tickets=self.no_tickets, **options)

    def background(self, server, **options):
        return Background(server.port, self.tls, no_tickets=self.no_tickets, **options)


@pytest.fixture
def ways(stock, running, folder, daemon):
    """ways(Program, way): a Way."""

    def start(program, way):
        conf = module.compose(folder / "ids.cnf", ring=daemon.ring("web"))
        return Way(stock, running, conf, program, **way)

    return start


def resumed(visits):
    assert not visits.failed()
    return [c.resumed for c in visits]


def assert_counted(daemon, count):
    """A resumption is counted when its connection ends. The first status that has them all has no
    more."""
    wait_for(lambda: daemon.status("web")["tickets"]["resumed_by_id"] >= count, "they are counted")
    tickets = daemon.status("web")["tickets"]
    assert tickets["resumed_by_id"] == count
    assert tickets["sealed"] == tickets["opened"] == 0
    assert not any(tickets["refused"].values())


@each_mechanism
@each
def test_every_returning_client_resumes_and_is_counted(ways, daemon, program, way):
    way = ways(program, way)
    plain, stek = (resumed(way.visit(server, count=COUNT)) for server in way.both())
    assert plain == stek == [False] + [True] * (COUNT - 1)
    assert_counted(daemon, COUNT - 1)
    said = f"resumed by session id, without a ticket: {COUNT - 1}"
    assert said in daemon.stek("status", "web").stdout


@each_mechanism
@each_with_room
def test_under_load(ways, daemon, program, way):
    way = ways(program, way)
    sums = []
    for server in way.both():
        sides = [way.background(server, count=LOAD, clients=CLIENTS) for _ in range(SIDES)]
        try:
            visits = [side.results() for side in sides]
        finally:
            for side in sides:
                side.stop()
        assert not any(some.failed() for some in visits)
        assert not any(some.lost() for some in visits)
        sums.append(sum(len(some.resumed()) for some in visits))
    assert sums[0] == sums[1] > SIDES * (LOAD - CLIENTS - 1)
    assert_counted(daemon, sums[1])


@each_mechanism
@each
def test_over_reloads(ways, daemon, folder, program, way):
    """nginx keeps its sessions; the others forget them at a reload, also without stek."""
    way = ways(program, way)
    seen = []
    for server in way.both():
        sessions = folder / f"{program.name}.pem"
        seen.append(resumed(way.visit(server, sess_out=sessions)))
        for _ in range(RELOADS):
            if server is way.stek:  # a process that is ended counts nothing more
                assert_counted(daemon, sum(seen[-1]))
            server.reload()
            seen[-1] += resumed(way.visit(server, count=3, sess_in=sessions, sess_out=sessions))
    assert seen[0] == seen[1]
    after_a_reload = [program is IdsNginx, True, True]
    assert seen[1] == [False] + RELOADS * after_a_reload
    assert_counted(daemon, sum(seen[1]))


def test_control_a_cache_that_is_off_resumes_nothing(loaded):
    server = loaded(IdsNginx, cache="off")
    assert not any(resumed(server.visit("1.2", no_tickets=True, count=COUNT)))
