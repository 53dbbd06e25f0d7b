# SPDX-License-Identifier: Apache-2.0
"""Early data at real servers, replayed by an attacker who has recorded a client's first flight: a
request in it is executed at most once."""
import pytest

from harness.audit import audit
from harness.early.replay import intercepted, overheard, replay
from harness.early.servers import EarlyHaproxy, EarlyNginx

TIMES = 16

each = pytest.mark.parametrize("program", [EarlyNginx, EarlyHaproxy], ids=lambda p: p.name)


def test_control_nginx_without_stek_executes_every_copy(stock):
    server = stock(EarlyNginx)
    replay(server.port, overheard(server, "/copied"), TIMES)
    assert server.executed("/copied") == 1 + TIMES


def test_nginx_executes_a_request_in_early_data_once(loaded):
    server = loaded(EarlyNginx)
    flight = overheard(server, "/copied")
    replay(server.port, flight, TIMES)
    assert server.executed("/copied") == 1
    replay(server.port, flight, TIMES)
    assert server.executed("/copied") == 1


def test_nginx_executes_an_intercepted_one_once_too(loaded):
    server = loaded(EarlyNginx)
    replay(server.port, intercepted(server, "/copied"), TIMES)
    assert server.executed("/copied") == 1


def test_as_is_nginx_executes_every_copy_and_never_none(loaded):
    as_is = loaded(EarlyNginx, stek={"early_data": "as-is"})
    replay(as_is.port, overheard(as_is, "/copied"), TIMES)
    assert as_is.executed("/copied") == 1 + TIMES
    never = loaded(EarlyNginx, stek={"early_data": "never"})
    replay(never.port, overheard(never, "/copied"), TIMES)
    assert never.executed("/copied") == 0


@each
def test_copies_are_counted(on_ring, daemon, program):
    server = on_ring(program)
    replay(server.port, overheard(server, "/copied"), TIMES)
    assert server.executed("/copied") == 1
    counted = daemon.status("web")["tickets"]
    assert counted["early_accepted"] == 1
    assert counted["early_replayed"] == TIMES
    assert counted["early_foreign"] == counted["early_too_old"] == counted["early_unchecked"] == 0
    said = f"early data accepted 1, refused {TIMES}: replayed {TIMES}, foreign 0, too old 0"
    assert said in daemon.stek("status", "web").stdout


# HAProxy 2.6 executes nothing before the client has finished the handshake, so what it accepts
# shows to a client that has the keys of its copies: stek audit.
def test_control_haproxy_without_stek_accepts_copies(stock):
    assert audit(stock(EarlyHaproxy)).severities("early-data-replay") == {"high"}


@each
def test_copies_are_not_accepted_also_under_the_programs_own_keys(loaded, program):
    report = audit(loaded(program))
    assert "early-data" in report.ids()
    assert "early-data-replay" not in report.ids()


@each
def test_after_a_restart_none_is_and_the_session_resumes(on_ring, daemon, program):
    server = on_ring(program)
    flight = intercepted(server, "/before")
    resumable = server.folder / "other.pem"
    server.visit("1.3", sess_out=resumable)
    server.restart()
    replay(server.port, flight, TIMES)
    assert server.visit("1.3", sess_in=resumable).resumed()
    assert server.executed("/before") == 0
    assert daemon.status("web")["tickets"]["early_foreign"] == TIMES


def test_on_a_second_host_with_the_same_ring_none_is(on_ring):
    first, second = on_ring(EarlyNginx), on_ring(EarlyNginx)
    flight = intercepted(first, "/copied")
    replay(second.port, flight, TIMES)
    assert second.executed("/copied") == 0
    replay(first.port, flight, TIMES)
    replay(second.port, flight, TIMES)
    assert (first.executed("/copied"), second.executed("/copied")) == (1, 0)


def test_nginx_keeps_count_over_a_reload(loaded):
    server = loaded(EarlyNginx)
    spent, unspent = intercepted(server, "/spent"), intercepted(server, "/unspent")
    replay(server.port, spent, TIMES)
    server.reload()
    replay(server.port, spent, TIMES)
    replay(server.port, unspent, TIMES)
    assert (server.executed("/spent"), server.executed("/unspent")) == (1, 1)


def test_nginx_keeps_count_when_its_workers_are_killed(loaded):
    server = loaded(EarlyNginx)
    spent, unspent = intercepted(server, "/spent"), intercepted(server, "/unspent")
    replay(server.port, spent, TIMES)
    server.replace_workers()
    replay(server.port, spent, TIMES)
    replay(server.port, unspent, TIMES)
    assert (server.executed("/spent"), server.executed("/unspent")) == (1, 1)
