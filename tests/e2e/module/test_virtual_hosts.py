# SPDX-License-Identifier: Apache-2.0
"""One server with two virtual hosts: a ticket of one is nothing at the other."""
import pytest

from harness.client import VERSIONS
from harness.servers import Nginx, Python

each_version = pytest.mark.parametrize("tls", VERSIONS)
each_program = pytest.mark.parametrize("program", [Nginx, Python], ids=lambda p: p.name)
careless_nginx = pytest.mark.skipif(
    Nginx.version() >= (1, 30), reason="nginx 1.30 takes no other name's ticket"
)


def take_a_ticket_from_one_host_to_the_other(server, tls):
    session = server.folder / "session.pem"
    server.visit(tls, sni="a.example", sess_out=session)
    return server.visit(tls, sni="b.example", sess_in=session)


@each_version
@each_program
def test_a_ticket_is_not_taken_by_another_host(loaded, program, tls):
    visits = take_a_ticket_from_one_host_to_the_other(loaded(program, second_host=True), tls)
    assert not visits.failed()
    assert not visits.resumed()


@each_version
@pytest.mark.parametrize(
    "program", [pytest.param(Nginx, marks=careless_nginx), Python], ids=lambda p: p.name
)
def test_control_as_it_comes_the_ticket_of_another_host_is_taken(stock, program, tls):
    assert take_a_ticket_from_one_host_to_the_other(stock(program, second_host=True), tls).resumed()


@each_version
@each_program
@pytest.mark.parametrize("host", ["a.example", "b.example"])
def test_each_host_takes_its_own_tickets(loaded, program, host, tls):
    visits = loaded(program, second_host=True).visit(tls, sni=host, count=20)
    assert len(visits.resumed()) == 19
