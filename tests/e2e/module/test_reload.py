# SPDX-License-Identifier: Apache-2.0
"""A reload gives a server new SSL_CTXs; the ring stays with the process that made it."""
import pytest

from harness import module
from harness.client import VERSIONS
from harness.servers import Apache, Nginx, Node, Stunnel

each_version = pytest.mark.parametrize("tls", VERSIONS)
each_that_reloads = pytest.mark.parametrize(
    "program", [Nginx, Apache, Stunnel, Node], ids=lambda p: p.name
)
# stunnel keeps session-ticket callbacks of its own: then stek shares as OpenSSL does.
each_that_shares = pytest.mark.parametrize("program", [Nginx, Apache, Node], ids=lambda p: p.name)


def visit_before_and_after_a_reload(server, tls):
    session = server.folder / "session.pem"
    server.visit(tls, sess_out=session)
    server.reload()
    return server.visit(tls, sess_in=session)


@each_version
@each_that_shares
def test_a_ticket_resumes_after_a_reload(loaded, program, tls):
    server = loaded(program, stek=module.private_settings(program))
    after = visit_before_and_after_a_reload(server, tls)
    assert len(after.resumed()) == 1


@each_version
@each_that_reloads
def test_control_a_ticket_dies_with_a_reload(stock, program, tls):
    after = visit_before_and_after_a_reload(stock(program), tls)
    assert not after.failed()
    assert len(after.lost()) == 1


@each_version
def test_a_ticket_resumes_after_many_reloads(loaded, tls):
    server = loaded(Nginx)
    for _ in range(5):
        assert visit_before_and_after_a_reload(server, tls).resumed()
