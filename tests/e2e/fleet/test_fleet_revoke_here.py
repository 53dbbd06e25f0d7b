# SPDX-License-Identifier: Apache-2.0
"""stek revoke --this-host: keys end on a host whose store is away, and later in the whole fleet."""

import shutil

import pytest
from harness import module
from harness.client import VERSIONS
from harness.fleet import in_step
from harness.process import wait_for
from harness.servers.nginx import Nginx


@pytest.fixture
def fleet(folder, etcd):
    with in_step(folder, etcd, 2) as made:
        yield made


def stop_store(fleet):
    fleet.etcd.stop()
    for host in fleet.hosts:
        wait_for(lambda: not host.fleet_status()["online"], "the end of the connection")


def start_store(fleet):
    for member in fleet.etcd.members:
        member.start()
    for member in fleet.etcd.members:
        member.wait()


def revoke_here(host, *which):
    done = host.stek("revoke", "web", "--this-host", *which, "--yes")
    assert done.returncode == 0, done.stderr
    return done.stdout


def secrets(host):
    return set(host.keys().values())


def wait_for_floor(fleet, floor):
    wait_for(
        lambda: all(host.fleet_ring()["floor"] == floor for host in fleet.hosts),
        "the floor on all hosts",
        timeout_s=60,
    )


def test_keys_end_at_once_on_a_host_whose_store_is_away_and_later_everywhere(fleet):
    here, there = fleet.hosts
    before = secrets(here)
    stop_store(fleet)
    assert "keys revoked on this host." in revoke_here(here)
    assert not before & secrets(here) and here.active() is not None
    assert "revoked on this host alone" in here.status("web")["problem"]
    assert "revoked on this host alone" in here.stek("fleet", "status").stdout
    assert secrets(there) == before
    floor = here.fleet_ring()["floor"]
    start_store(fleet)
    wait_for_floor(fleet, floor)
    fleet.wait_equal()
    assert not before & secrets(there)
    for host in fleet.hosts:
        host.wait_in_step()
    assert not here.fleet_ring()["revoked_here"]
    assert f"revoked on all: floor {floor}" in here.stderr()


def test_the_revocation_survives_a_restart_of_stekd_meanwhile(fleet):
    here, there = fleet.hosts
    before = secrets(here)
    stop_store(fleet)
    revoke_here(here)
    floor, kept = here.fleet_ring()["floor"], secrets(here)
    here.restart()
    assert here.fleet_ring()["floor"] == floor and kept & secrets(here)
    assert not before & secrets(here)
    start_store(fleet)
    wait_for_floor(fleet, floor)
    assert not before & secrets(there)


def test_the_revocation_survives_a_reboot_of_the_host_meanwhile(fleet):
    """The ring file is gone then; the store has the old keys still."""
    here, there = fleet.hosts
    before = secrets(here)
    stop_store(fleet)
    revoke_here(here)
    floor = here.fleet_ring()["floor"]
    here.stop()
    shutil.rmtree(here.run_dir)
    here.start()
    start_store(fleet)
    wait_for_floor(fleet, floor)
    here.wait_in_step()
    assert not before & secrets(here) and not before & secrets(there)
    assert "is older" not in here.stderr()


def test_hosts_that_each_revoke_by_themselves_end_with_one_ring(fleet):
    before = secrets(fleet.hosts[0])
    stop_store(fleet)
    for host in fleet.hosts:
        revoke_here(host)
    assert not secrets(fleet.hosts[0]) & secrets(fleet.hosts[1])
    start_store(fleet)
    for host in fleet.hosts:
        host.wait_in_step(timeout_s=60)
        wait_for(lambda: not host.fleet_ring()["revoked_here"], "the store to have it")
    fleet.wait_equal()
    assert not any(before & secrets(host) for host in fleet.hosts)


def test_one_key_ends_and_the_next_fresh_one_seals(fleet):
    here = fleet.hosts[0]
    before, active = here.keys(), here.active()
    stop_store(fleet)
    revoke_here(here, "--key", active)
    assert here.active() == active + 1 and here.keys()[active + 1] == before[active + 1]
    assert active not in here.keys()


@pytest.mark.parametrize("tls", VERSIONS)
def test_tickets_of_before_get_full_handshakes_and_no_alert(fleet, folder, certificates, tls):
    here, old, new = fleet.hosts[0], folder / "old.session", folder / "new.session"
    conf = module.compose(folder / "host0.cnf", ring=here.ring("web"))
    with Nginx(folder / "nginx", certificates, conf, workers=2) as server:
        server.visit(tls, sess_out=old)
        assert not server.visit(tls, sess_in=old).lost()
        stop_store(fleet)
        revoke_here(here)
        after = server.visit(tls, sess_in=old, sess_out=new)
        assert not after.failed() and after.lost()
        assert not server.visit(tls, sess_in=new).lost()


def test_a_ring_of_one_host_takes_the_order_as_its_own(folder):
    from harness.stekd import Stekd

    with Stekd(folder / "alone", web={}) as daemon:
        before = daemon.status("web")["keys"][0]["fingerprint"]
        done = daemon.stek("revoke", "web", "--this-host", "--yes")
        assert done.returncode == 0, done.stderr
        assert before not in {key["fingerprint"] for key in daemon.status("web")["keys"]}
