# SPDX-License-Identifier: Apache-2.0
"""HTTP/3: clients over QUIC resume as clients over TLS do, whichever worker answers, after a reload
and, with a ring of stekd's, after a restart."""
import pytest

from harness import module, stekd
from harness.clients import quic
from harness.servers import Haproxy, Nginx

pytestmark = pytest.mark.skipif(
    not quic.IS_THERE, reason="no QUIC client: this release has no python3-aioquic"
)
COUNT = 8


@pytest.fixture(params=[Nginx, Haproxy], ids=lambda program: program.name)
def program(request):
    if not request.param.speaks_quic():
        pytest.skip(f"this release's {request.param.name} is built without QUIC")
    return request.param


@pytest.fixture
def nginx():
    if not Nginx.speaks_quic():
        pytest.skip("this release's nginx is built without QUIC")
    return Nginx


@pytest.fixture
def on_ring(running, folder):
    """on_ring(Program): a server on a ring that stekd keeps."""
    with stekd.Stekd(folder / "stekd", web={"rotate": "1h"}) as daemon:

        def start(program):
            settings = {"ring": daemon.ring("web"), **module.host_settings(program)}
            return running(program, module.compose(folder / "host.cnf", **settings), quic=True)

        yield start


def come_from_everywhere(server, visitor):
    """As many visits as it takes to be answered by two workers; all of them."""
    visits = visitor.visits(COUNT)
    while len({visit.answer for visit in visits}) < 2 and len(visits) < 10 * COUNT:
        visits.append(visitor.visit())
    return visits


def lost(visits):
    return [visit for visit in visits if visit.offered and not visit.resumed]


def test_tickets_resume_across_workers(loaded, nginx):
    server = loaded(nginx, quic=True)
    visits = come_from_everywhere(server, quic.Visitor(server.port))
    assert len({visit.answer for visit in visits}) > 1
    assert not lost(visits)


def test_a_client_gets_one_new_ticket_at_each_resumption(loaded, program):
    server = loaded(program, stek=module.private_settings(program), quic=True)
    visits = quic.Visitor(server.port).visits(COUNT)
    assert [(visit.resumed, visit.tickets) for visit in visits[1:]] == [(True, 1)] * (COUNT - 1)


def test_new_tickets_are_sealed_under_new_keys(loaded, program):
    server = loaded(program, stek={"rotate": "1s", "accept": "60s"}, quic=True)
    visitor = quic.Visitor(server.port)
    visits = visitor.visits(2)
    while len({visit.key for visit in visits}) < 3:
        visits.append(visitor.visit())
    assert not lost(visits)


def test_tickets_outlive_a_reload(loaded, nginx):
    server = loaded(nginx, quic=True)
    visitor = quic.Visitor(server.port)
    visitor.visit()
    server.reload()
    assert not lost(visitor.visits(COUNT))


def test_without_stek_they_do_not(stock, nginx):
    server = stock(nginx, quic=True)
    visitor = quic.Visitor(server.port)
    assert not lost(visitor.visits(2))
    server.reload()
    assert len(lost([visitor.visit()])) == 1


def test_with_a_ring_of_stekd_they_outlive_a_restart(on_ring, program):
    server = on_ring(program)
    visitor = quic.Visitor(server.port)
    visitor.visit()
    server.restart()
    assert not lost(visitor.visits(COUNT))


def test_without_stek_they_do_not_outlive_a_restart(stock, program):
    server = stock(program, quic=True)
    visitor = quic.Visitor(server.port)
    assert not lost(visitor.visits(2))
    server.restart()
    assert len(lost([visitor.visit()])) == 1


def test_a_session_of_tls_is_not_taken_for_one_of_quic(loaded, nginx):
    """Both kinds of ticket are sealed under the same keys; each is used as what it is."""
    server = loaded(nginx, quic=True)
    over_quic = quic.Visitor(server.port).visits(2)
    over_tls = server.visit("1.3", count=2)
    assert over_quic[1].resumed and len(over_tls.resumed()) == 1
    assert over_tls[0].key == over_quic[0].key
