# SPDX-License-Identifier: Apache-2.0
"""Dovecot keeps sessions in libssl's own cache: its clients that bring no ticket resume with stek
as without. Its login process is in a chroot when it loads stek, so it has a private ring, which
nobody counts."""
import pytest

from harness.client import Background
from harness.servers.caches import IdsDovecot

pytestmark = [
    pytest.mark.skipif(not IdsDovecot.is_there(), reason="no dovecot here"),
    pytest.mark.skipif(
        IdsDovecot.is_there() and IdsDovecot.version() >= (2, 4),
        reason="its configuration is for Dovecot 2.3, which 2.4 does not read",
    ),
]

COUNT = 10
CLIENTS = 5
LOAD = 40
SIDES = 2  # clients that come at the same time

each_mechanism = pytest.mark.parametrize(
    "way",
    [
        {"tls": "1.2", "no_tickets": True},
        {"tls": "1.3", "tickets": False},
        {"tls": "1.2", "no_tickets": True, "tickets": False},
    ],
    ids=["1.2", "1.3 stateful", "1.2, server without tickets"],
)


def resumed(visits):
    assert not visits.failed()
    return [c.resumed for c in visits]


@each_mechanism
def test_every_returning_client_resumes_until_a_restart(stock, loaded, folder, way):
    tls, no_tickets = way["tls"], way.get("no_tickets", False)
    seen = []
    for start in (stock, loaded):
        server = start(IdsDovecot, tickets=way.get("tickets", True))
        session = folder / f"{start is stock}.pem"
        seen.append(
            resumed(server.visit(tls, no_tickets=no_tickets, count=COUNT, sess_out=session))
        )
        server.restart()
        seen[-1] += resumed(server.visit(tls, no_tickets=no_tickets, count=3, sess_in=session))
    assert seen[0] == seen[1] == [False] + [True] * (COUNT - 1) + [False, True, True]


@each_mechanism
def test_under_load(stock, loaded, way):
    tls, no_tickets = way["tls"], way.get("no_tickets", False)
    sums = []
    for start in (stock, loaded):
        server = start(IdsDovecot, tickets=way.get("tickets", True))
        options = {"no_tickets": no_tickets, "count": LOAD, "clients": CLIENTS}
        sides = [Background(server.port, tls, **options) for _ in range(SIDES)]
        try:
            visits = [side.results() for side in sides]
        finally:
            for side in sides:
                side.stop()
        assert not any(some.failed() or some.lost() for some in visits)
        sums.append(sum(len(some.resumed()) for some in visits))
    assert sums[0] == sums[1] > 0
