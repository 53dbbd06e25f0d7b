# SPDX-License-Identifier: Apache-2.0
"""A server whose stekd is gone goes on rotating by continuation; a server whose ring is gone starts
anew."""
import contextlib

import pytest

from harness import client, module, stekd
from harness.client import VERSIONS
from harness.process import wait_for
from harness.servers import Nginx

ROTATE_S = 2
AWAY = 5  # intervals

each_version = pytest.mark.parametrize("tls", VERSIONS)


@pytest.fixture(scope="module")
def absence(work, certificates):
    """What clients of nginx saw, and what stekd said of the ring before it left, when it came back
    and later."""
    folder = work / "absence"
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        daemon = stack.enter_context(
            stekd.Stekd(folder / "stekd", web={"rotate": f"{ROTATE_S}s", "accept": "60s"})
        )
        conf = module.compose(folder / "web.cnf", ring=daemon.ring("web"))
        server = stack.enter_context(Nginx(folder / "nginx", certificates, conf))
        clients = {
            tls: client.Background(server.port, tls, seconds=(AWAY + 6) * ROTATE_S, interval_ms=20)
            for tls in VERSIONS
        }
        for started in clients.values():
            stack.callback(started.stop)

        def keys_seen():
            return len(clients["1.3"].so_far().keys())

        wait_for(lambda: keys_seen() >= 2, "the first rotation")
        before = daemon.status("web")
        daemon.stop()
        gone_at = keys_seen()
        wait_for(
            lambda: keys_seen() >= gone_at + AWAY, "five rotations without stekd", timeout_s=60
        )
        daemon.launch()
        back = daemon.status("web")

        def fresh_seals():
            keys = daemon.status("web")["keys"]
            return [k for k in keys if k["state"] == "active" and k["origin"] == "published"]

        wait_for(fresh_seals, "fresh random bytes", timeout_s=60)
        yield before, back, {tls: started.results() for tls, started in clients.items()}


@each_version
def test_no_handshake_fails_and_no_resumption_is_lost(absence, tls):
    visits = absence[2][tls]
    assert len(visits) > 200
    assert not visits.failed()
    assert not visits.lost()


@each_version
def test_keys_went_on_rotating(absence, tls):
    assert len(absence[2][tls].keys()) >= AWAY + 3


def test_status_says_that_the_ring_ran_on_continuations(absence):
    before, back, _ = absence
    assert before["continued_since"] is None
    assert back["continued_since"]


@each_version
def test_a_lost_tmpfs_costs_a_full_handshake_and_no_more(folder, running, tls):
    """As after a reboot: no ring file, and stekd and the server start."""
    with stekd.Stekd(folder / "stekd", web={}) as daemon:
        conf = module.compose(folder / "web.cnf", ring=daemon.ring("web"))
        server = running(Nginx, conf)
        session = server.folder / "session.pem"
        server.visit(tls, sess_out=session)
        server.process.stop()
        daemon.stop()
        daemon.ring("web").unlink()
        daemon.launch()
        server.launch()
        visits = server.visit(tls, sess_in=session, count=3)
        assert not visits.failed()
        assert [c.resumed for c in visits] == [False, True, True]
