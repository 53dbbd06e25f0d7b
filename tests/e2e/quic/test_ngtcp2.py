# SPDX-License-Identifier: Apache-2.0
"""Another client than that of test_quic.py: other code for QUIC, other code for TLS."""
import pytest

from harness import module, stekd
from harness.clients import ngtcp2
from harness.servers import Nginx

pytestmark = pytest.mark.skipif(
    not ngtcp2.IS_THERE or not Nginx.speaks_quic(),
    reason="this release has no ngtcp2-client, or an nginx without QUIC",
)
COUNT = 8


def visitor_of(server, folder):
    return ngtcp2.Visitor(server.port, folder)


def lost(visits):
    return [visit for visit in visits if visit.offered and not visit.resumed]


def test_its_tickets_resume_across_workers_and_reloads(loaded, folder):
    server = loaded(Nginx, quic=True, directives=ngtcp2.TELLS)
    visitor = visitor_of(server, folder)
    visits = visitor.visits(COUNT)
    while len({visit.answer for visit in visits}) < 2 and len(visits) < 10 * COUNT:
        visits.append(visitor.visit())
    server.reload()
    visits += visitor.visits(2)
    assert len({visit.answer for visit in visits}) > 2
    assert not lost(visits)


def test_without_stek_a_reload_loses_them(stock, folder):
    server = stock(Nginx, quic=True, directives=ngtcp2.TELLS)
    visitor = visitor_of(server, folder)
    assert not lost(visitor.visits(2))
    server.reload()
    assert len(lost([visitor.visit()])) == 1


def test_with_a_ring_of_stekd_they_outlive_a_restart(running, folder):
    with stekd.Stekd(folder / "stekd", web={"rotate": "1h"}) as daemon:
        conf = module.compose(
            folder / "host.cnf", ring=daemon.ring("web"), **module.host_settings(Nginx)
        )
        server = running(Nginx, conf, quic=True, directives=ngtcp2.TELLS)
        visitor = visitor_of(server, folder)
        visitor.visit()
        server.restart()
        assert not lost(visitor.visits(2))
