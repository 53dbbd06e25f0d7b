# SPDX-License-Identifier: Apache-2.0
"""Clients that come back resume, whichever worker or process answers them."""
import os

import pytest

from harness import module
from harness.client import VERSIONS
from harness.servers import (
    Apache,
    Haproxy,
    Lighttpd,
    Nginx,
    Node,
    Php,
    Python,
    PythonAfterFork,
    SServer,
    Stunnel,
    python_for_a_private_ring,
)

PREFORKED = [Nginx, Apache, Lighttpd, Python, python_for_a_private_ring(), Php]
ALL = [*PREFORKED, SServer, Stunnel, Haproxy, Node]
# These make an SSL_CTX in each process, or for each connection.
OWN_CONTEXTS = (PythonAfterFork.name, Php.name)
COUNT = 40

each_version = pytest.mark.parametrize("tls", VERSIONS)


def each(programs):
    return pytest.mark.parametrize("program", programs, ids=lambda p: p.name)


@each_version
@each(ALL)
def test_every_returning_client_resumes(loaded, program, tls):
    server = loaded(program, stek=module.private_settings(program))
    visits = server.visit(tls, count=COUNT)
    assert not visits.failed()
    assert len(visits.resumed()) == COUNT - 1


@each_version
@each(PREFORKED)
def test_tickets_resume_across_processes(loaded, program, tls):
    server = loaded(program)
    visits = server.visit(tls, count=COUNT)
    assert len(server.answered_by(visits)) > 1
    assert not visits.lost()


@each(ALL)
def test_a_tls13_client_gets_one_new_ticket_at_each_resumption(loaded, program):
    visits = loaded(program, stek=module.private_settings(program)).visit("1.3", count=10)
    assert [c.tickets for c in visits.resumed()] == [1] * 9


@each([p for p in ALL if p.name not in OWN_CONTEXTS])
def test_a_tls12_client_keeps_its_ticket_while_the_key_is_the_active_one(loaded, program):
    visits = loaded(program, stek={"rotate": "1h"}).visit("1.2", count=10)
    assert [c.tickets for c in visits] == [1] + [0] * 9


@each([Nginx, Apache, python_for_a_private_ring(), Php])
def test_a_tls12_ticket_is_replaced_once_at_each_ssl_ctx_that_it_comes_to(loaded, program):
    server = loaded(program, stek={"rotate": "1h"})
    visits = server.visit("1.2", count=COUNT)
    processes = len(server.answered_by(visits))
    contexts = {PythonAfterFork.name: processes, Php.name: COUNT}.get(program.name, 1)
    assert processes > 1
    assert sum(c.tickets for c in visits) == contexts


@each_version
def test_control_python_contexts_made_after_the_fork_do_not_share_tickets(stock, tls):
    visits = stock(PythonAfterFork).visit(tls, count=COUNT)
    assert not visits.failed()
    assert len(visits.lost()) > COUNT / 4
    assert len(visits.keys()) > 1


@each_version
def test_control_php_never_resumes(stock, tls):
    visits = stock(Php).visit(tls, count=COUNT)
    assert not visits.failed()
    assert len(visits.lost()) == COUNT - 1


@each([Lighttpd, Node])
def test_control_some_programs_give_no_new_ticket_at_a_resumption(stock, program):
    visits = stock(program).visit("1.3", count=10)
    assert visits.resumed()
    assert [c.tickets for c in visits.resumed()] == [0] * len(visits.resumed())


@each_version
@each([Nginx, Apache, Python, SServer, Stunnel, Haproxy])
def test_control_the_others_resume_while_one_ssl_ctx_lives(stock, program, tls):
    """So what the module adds to them is in test_reload.py and test_rotation.py."""
    visits = stock(program).visit(tls, count=COUNT)
    assert not visits.lost()
    assert len(visits.keys()) == 1


@each_version
def test_a_killed_worker_takes_no_tickets_with_it(loaded, tls):
    server = loaded(Nginx)
    session = server.folder / "session.pem"
    server.visit(tls, sess_out=session)
    server.replace_workers()
    server.reload()  # so that only the ring can know the ticket
    assert server.visit(tls, sess_in=session).resumed()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up root")
@each_version
@pytest.mark.parametrize("user", ["nobody nogroup", "www-data"])
def test_workers_that_gave_up_root_share_the_ring(loaded, user, tls):
    server = loaded(Nginx, user=user)
    session = server.folder / "session.pem"
    server.visit(tls, sess_out=session)
    server.reload()
    visits = server.visit(tls, sess_in=session, count=COUNT)
    assert len(visits.resumed()) == COUNT
    assert len(server.answered_by(visits)) > 1
