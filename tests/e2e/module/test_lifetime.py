# SPDX-License-Identifier: Apache-2.0
"""How long tickets and chains of resumptions live."""
import contextlib
import time

import pytest

from harness import client
from harness.client import VERSIONS
from harness.process import wait_for
from harness.servers import Nginx, SServer

each_version = pytest.mark.parametrize("tls", VERSIONS)


@each_version
def test_a_ticket_opens_until_its_key_retires(loaded, tls):
    """The key seals for 1 s and opens for 2 s more; the session file keeps the first ticket."""
    server = loaded(Nginx, stek={"rotate": "1s", "accept": "2s"})
    session = server.folder / "session.pem"
    server.visit(tls, sess_out=session)
    start = time.monotonic()
    began = []

    def is_lost():
        began.append(time.monotonic() - start)
        return server.visit(tls, sess_in=session).lost()

    assert server.visit(tls, sess_in=session).resumed()
    wait_for(is_lost, "the key to retire", timeout_s=10)
    # Each visit but the last resumed; however long it took, its ticket was opened after it began.
    assert 1 < time.monotonic() - start
    assert all(at_s < 5 for at_s in began[:-1])


@each_version
def test_a_chain_of_resumptions_ends_at_the_chain_cap(loaded, tls):
    visits = loaded(Nginx, stek={"max_session_age": "2s"}).visit(tls, seconds=4, interval_ms=50)
    assert not visits.failed()
    assert 1 <= len(visits.lost()) <= 3
    assert all(c.tickets for c in visits.lost())


@each_version
def test_no_handshake_fails_in_the_second_in_which_a_chain_ends(loaded, tls):
    """A chain may end between the opening of the old ticket and the sealing of the new one: then
    there is none."""
    server = loaded(Nginx, stek={"max_session_age": "1s", "rotate": "1s", "accept": "9s"})
    with contextlib.ExitStack() as stack:
        clients = [client.Background(server.port, tls, seconds=6) for _ in range(4)]
        for visitor in clients:
            stack.callback(visitor.stop)
        assert [visitor.results().failed() for visitor in clients] == [[]] * 4


@each_version
def test_a_ticket_promises_no_longer_than_its_key_lives(loaded, tls):
    visits = loaded(SServer, stek={"rotate": "2s", "accept": "58s"}).visit(tls, count=3)
    assert all(0 < c.hint_s <= 60 for c in visits)


@each_version
def test_control_as_it_comes_a_ticket_promises_hours(stock, tls):
    assert stock(SServer).visit(tls)[0].hint_s == 7200
