# SPDX-License-Identifier: Apache-2.0
"""Tickets that have left the window: so many came after them that nobody remembers whether they
have brought early data. To give 16 million tickets would take a day, so the server's counter is
set forward in its memory; all else is the server's own."""
import pytest

from harness.early.age import WINDOW, age
from harness.early.replay import intercepted, overheard, replay
from harness.early.servers import EarlyHaproxy, EarlyNginx

TIMES = 8

each = pytest.mark.parametrize("program", [EarlyNginx, EarlyHaproxy], ids=lambda p: p.name)


@pytest.fixture
def server(on_ring, program):
    """The server, whose serving processes share one register."""
    return on_ring(program)


@each
def test_a_ticket_that_has_left_the_window_brings_no_early_data(server, daemon):
    flight = intercepted(server, "/old")
    resumable = server.folder / "resumable.pem"
    server.visit("1.3", sess_out=resumable)
    age(server.process.pid, WINDOW)
    replay(server.port, flight, TIMES)
    assert server.executed("/old") == 0
    counted = daemon.status("web")["tickets"]
    assert (counted["early_too_old"], counted["early_accepted"]) == (TIMES, 0)
    assert f"too old {TIMES}" in daemon.stek("status", "web").stdout
    assert server.visit("1.3", sess_in=resumable).resumed()
    replay(server.port, overheard(server, "/new"), TIMES)
    assert server.executed("/new") == 1


@each
def test_control_of_one_that_is_still_in_it_early_data_is_accepted_once(server, daemon):
    flight = intercepted(server, "/in-time")
    age(server.process.pid, WINDOW - 64)
    replay(server.port, flight, TIMES)
    counted = daemon.status("web")["tickets"]
    assert (counted["early_too_old"], counted["early_accepted"]) == (0, 1)
    assert counted["early_replayed"] == TIMES - 1
