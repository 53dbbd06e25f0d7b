# SPDX-License-Identifier: Apache-2.0
"""A ring goes from its host to a fleet and back, or is given a wrong endpoint or key: no client
loses its session."""
import contextlib
import tempfile

import pytest
from harness import module
from harness.client import Background
from harness.etcd import Etcd
from harness.fleet import Fleet, make_kek
from harness.process import free_port, wait_for
from harness.servers.nginx import Nginx
from harness.stekd import Stekd


@pytest.fixture(scope="module")
def etcd(work):
    """One store for all tests."""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        with Etcd(folder, tls=True, auth=True) as cluster:
            yield cluster


@pytest.fixture
def fleet(folder, etcd):
    """Each test has a prefix of its own."""
    prefix = f"/stek/v1/{folder.name}"
    with Fleet(folder / "fleet", etcd, ring={"rotate": "1h"}, prefix=prefix) as made:
        yield made


@contextlib.contextmanager
def clients_of(host, certificates, some_lose=False):
    """Clients that come back to a server all the time, while the body runs: none loses its
    session, or some do."""
    conf = module.compose(host.folder / "module.cnf", ring=host.ring("web"))
    with Nginx(host.folder / "nginx", certificates, conf, workers=2) as server:
        clients = Background(server.port, "1.3", seconds=300, interval_ms=20, clients=20)
        try:

            def come_back(more=60):
                seen = len(clients.so_far().returning())
                wait_for(lambda: len(clients.so_far().returning()) > seen + more, "some clients")

            come_back()
            yield come_back
            visits = clients.so_far()
            assert not visits.failed() and bool(visits.lost()) == some_lose
            assert len(visits.returning()) > 100
        finally:
            clients.stop()


def change(host, source=None, **fleet):
    """Another source, or other settings of [fleet], and a reload."""
    if source:
        host.rings["web"]["source"] = source
    host.fleet.update({name: str(value) for name, value in fleet.items()})
    assert "configuration loaded" in host.reload()


def secrets(host, *origins):
    return {
        key["fingerprint"]
        for key in host.status("web")["keys"]
        if not origins or key["origin"] in origins
    }


def published(host):
    return secrets(host, "published", "continued")


def test_clients_notice_when_the_keys_of_before_are_gone(folder, certificates):
    """The control of the tests below."""
    with Stekd(folder / "stekd", web={"rotate": "1h"}) as host:
        with clients_of(host, certificates, some_lose=True) as come_back:
            assert host.stek("revoke", "web", "--all", "--yes").returncode == 0
            come_back()


def test_a_ring_goes_from_its_host_to_the_fleet_and_back_and_no_client_notices(fleet, certificates):
    other = fleet.host()
    other.wait_in_step()
    host = fleet.host(ring={"source": "host"})
    with clients_of(host, certificates) as come_back:
        own = published(host)
        change(host, "fleet")
        host.wait_in_step()
        fleet.wait_equal()
        assert not own & published(host) and own & secrets(host, "superseded")
        come_back()
        shared = published(host)
        change(host, "host")
        assert shared <= secrets(host) and host.status("web")["source"] == "host"
        come_back()
        change(host, "fleet")
        host.wait_in_step()
        come_back()


def test_a_wrong_endpoint_costs_nothing(fleet, certificates):
    other = fleet.host()
    other.wait_in_step()
    right = fleet.endpoints[0]
    host = fleet.host(ring={"source": "host"})
    with clients_of(host, certificates) as come_back:
        own = published(host)
        change(host, "fleet", endpoints=f"https://127.0.0.1:{free_port()}")
        wait_for(lambda: "this host alone" in (host.status("web")["problem"] or ""), "a word")
        assert host.active() is not None and published(host) == own
        assert "this host alone" in host.stek("fleet", "status").stdout
        come_back()
        host.restart()
        assert published(host) == own
        come_back()
        change(host, endpoints=right)
        host.wait_in_step()
        assert not own & published(host)
        come_back()


def test_a_wrong_key_costs_nothing(fleet, certificates, folder):
    other = fleet.host()
    other.wait_in_step()
    host = fleet.host(ring={"source": "host"})
    with clients_of(host, certificates) as come_back:
        own = published(host)
        change(host, "fleet", kek=make_kek(folder / "wrong.kek"))
        wait_for(lambda: not own & published(host), "a ring under the wrong key")
        come_back()
        change(host, kek=fleet.kek)
        wait_for(lambda: published(host) == published(other), "the ring of the others")
        come_back()


def test_what_a_ring_leaves_behind_retires_in_time(folder, etcd):
    ring = {"rotate": "2s", "accept": "2s", "ahead": 1}
    prefix = f"/stek/v1/{folder.name}"
    with Fleet(folder / "fleet", etcd, ring=ring, prefix=prefix) as fleet:
        host = fleet.host(ring={**ring, "source": "host"})
        own = published(host)
        change(host, "fleet")
        host.wait_in_step()
        wait_for(lambda: not own & secrets(host), "the host's own keys to retire", timeout_s=20)
        assert host.active() is not None


def test_a_ring_on_keys_of_its_own_is_revoked_as_one_of_its_host(fleet):
    host = fleet.host(ring={"source": "host"})
    change(host, "fleet", endpoints=f"https://127.0.0.1:{free_port()}")
    own = published(host)
    done = host.stek("revoke", "web", "--this-host", "--yes")
    assert done.returncode == 0, done.stderr
    assert not own & secrets(host) and host.active() is not None
