# SPDX-License-Identifier: Apache-2.0
"""What begins anew and what goes on: upgrades, reloads of other kinds, processes that load stek by
themselves, keys that change. A request in early data is executed once at most in all of them."""
import pytest

from harness.audit import audit
from harness.early.replay import intercepted, overheard, replay
from harness.early.servers import (
    EarlyHaproxy,
    EarlyNginx,
    EarlyTrafficServer,
    EarlyWorkers,
    UpgradableNginx,
)

TIMES = 16
WORKERS = 3

there_is_trafficserver = pytest.mark.skipif(
    not EarlyTrafficServer.is_there(), reason="no trafficserver here"
)


def resumable(server):
    session = server.folder / "resumable.pem"
    server.visit("1.3", sess_out=session)
    return session


def test_a_binary_upgrade_of_nginx_is_a_new_program(on_ring):
    server = on_ring(UpgradableNginx)
    spent, unspent = intercepted(server, "/spent"), intercepted(server, "/unspent")
    session = resumable(server)
    replay(server.port, spent, TIMES)
    old = server.upgrade()
    replay(server.port, spent, TIMES)  # the old workers still accept connections
    assert server.executed("/spent") == 1
    server.end(old)
    replay(server.port, spent, TIMES)
    replay(server.port, unspent, TIMES)
    assert (server.executed("/spent"), server.executed("/unspent")) == (1, 0)
    assert server.visit("1.3", sess_in=session).resumed()
    replay(server.port, overheard(server, "/new"), TIMES)
    assert server.executed("/new") == 1


def test_a_reload_of_haproxy_is_one_too(on_ring, daemon):
    server = on_ring(EarlyHaproxy, master=True)
    session, unspent = resumable(server), intercepted(server, "/unspent")
    server.reload()
    replay(server.port, unspent, TIMES)
    assert server.executed("/unspent") == 0
    assert daemon.status("web")["tickets"]["early_foreign"] == TIMES
    assert server.visit("1.3", sess_in=session).resumed()
    replay(server.port, overheard(server, "/new"), TIMES)
    assert server.executed("/new") == 1


def test_each_process_that_loads_stek_by_itself_is_one(on_ring, daemon):
    """Each of three workers gets one of three copies, and one of them has sealed the ticket."""
    server = on_ring(EarlyWorkers, guard="none", workers=WORKERS, late=True)
    replay(server.port, intercepted(server, "/copied"), WORKERS)
    assert server.executed("/copied") == 1
    tickets = daemon.status("web")["tickets"]
    assert tickets["early_accepted"] == 1
    assert tickets["early_foreign"] == WORKERS - 1


def test_control_as_is_each_of_them_executes_a_copy(on_ring):
    server = on_ring(EarlyWorkers, {"early_data": "as-is"}, guard="none", late=True)
    replay(server.port, intercepted(server, "/copied"), WORKERS)
    assert server.executed("/copied") == WORKERS


def test_nginx_keeps_count_over_a_rotation(on_ring, daemon):
    server = on_ring(EarlyNginx)
    spent = intercepted(server, "/spent")
    replay(server.port, spent, TIMES)
    unspent = intercepted(server, "/unspent")
    daemon.rotate("web")
    replay(server.port, spent, TIMES)
    replay(server.port, unspent, TIMES)
    assert (server.executed("/spent"), server.executed("/unspent")) == (1, 1)


def test_nginx_keeps_count_when_it_comes_from_a_private_ring_to_a_file(on_ring, daemon):
    """The ring file is not there at its start, and is at its reload."""
    file = daemon.ring("web")
    aside = file.rename(file.with_suffix(".aside"))
    server = on_ring(EarlyNginx)
    before = intercepted(server, "/before")
    aside.rename(file)
    server.reload()
    replay(server.port, before, TIMES)
    after = intercepted(server, "/after")
    server.reload()
    replay(server.port, after, TIMES)
    assert (server.executed("/before"), server.executed("/after")) == (0, 1)


@there_is_trafficserver
def test_control_trafficserver_without_stek_accepts_copies(stock):
    assert audit(stock(EarlyTrafficServer)).severities("early-data-replay") == {"high"}


@there_is_trafficserver
def test_trafficserver_accepts_none_also_under_its_own_keys(loaded, on_ring, daemon):
    for server in (loaded(EarlyTrafficServer), on_ring(EarlyTrafficServer)):
        report = audit(server)
        assert "early-data" in report.ids()
        assert not report.ids() & {"early-data-replay", "early-data-guarded-partly"}
    tickets = daemon.status("web")["tickets"]
    assert tickets["early_accepted"] == 1
    assert tickets["early_unchecked"] == 0
