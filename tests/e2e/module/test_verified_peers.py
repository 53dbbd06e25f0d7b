# SPDX-License-Identifier: Apache-2.0
"""Programs that verify their peers; libssl kills a resumption there when no session-id context is
set."""
import pytest

from harness.client import VERSIONS
from harness.servers import Nginx, Php, Python

each_version = pytest.mark.parametrize("tls", VERSIONS)


@each_version
def test_a_program_that_verifies_with_an_ssl_ctx_for_each_connection_shares_nothing(loaded, tls):
    """As without the module: whom each of them trusts is its own affair."""
    settings = {"session_id_context": "ring"}
    visits = loaded(Php, stek=settings, client_certificate=True).visit(tls, count=20)
    assert not visits.failed()
    assert len(visits.lost()) == 19


@each_version
def test_the_operators_word_lets_it_resume(loaded, tls):
    settings = {"context": "php", "session_id_context": "ring"}
    visits = loaded(Php, stek=settings, client_certificate=True).visit(tls, count=20)
    assert not visits.failed()
    assert len(visits.resumed()) == 19


@each_version
def test_a_program_that_sets_no_session_id_context_goes_on_without_resumptions(loaded, tls):
    """A label says nothing of that. Programs such as Dovecot lock out clients that resume."""
    visits = loaded(Php, stek={"context": "php"}, client_certificate=True).visit(tls, count=20)
    assert not visits.failed()
    assert not visits.resumed()


@each_version
def test_control_php_never_resumes(stock, tls):
    visits = stock(Php, client_certificate=True).visit(tls, count=20)
    assert not visits.failed()
    assert len(visits.lost()) == 19


@each_version
def test_a_program_without_any_session_id_context_gets_no_alert(loaded, tls):
    """No ticket may be sealed there."""
    server = loaded(Python, client_certificate=True, no_session_id_context=True)
    visits = server.visit(tls, count=10)
    assert not visits.failed()
    assert not visits.resumed()


@each_version
def test_control_a_program_without_any_session_id_context_kills_its_resumptions(stock, tls):
    server = stock(Python, client_certificate=True, no_session_id_context=True)
    session = server.folder / "session.pem"
    server.visit(tls, sess_out=session)
    killed = server.visit(tls, sess_in=session)[0]
    assert not killed.ok
    assert "internal error" in (killed.alert or "")


@each_version
@pytest.mark.parametrize("program", [Nginx, Python], ids=lambda p: p.name)
def test_a_program_that_sets_a_session_id_context_resumes(loaded, program, tls):
    visits = loaded(program, client_certificate=True).visit(tls, count=20)
    assert len(visits.resumed()) == 19
