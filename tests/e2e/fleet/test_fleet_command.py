# SPDX-License-Identifier: Apache-2.0
"""stek fleet, and stek rotate and revoke on a fleet: what an operator sees."""
import json

import pytest
from harness import module
from harness.client import VERSIONS, visit
from harness.etcd import Etcd
from harness.fleet import in_step
from harness.process import wait_for
from harness.proxy import Relay
from harness.servers.nginx import Nginx


@pytest.fixture
def etcd(folder):
    with Etcd(folder / "etcd", tls=True, auth=True) as cluster:
        yield cluster


@pytest.fixture
def fleet(folder, etcd):
    with in_step(folder, etcd, 3) as made:
        yield made


def covered(host, words):
    """Waits until stek fleet status says so."""
    return wait_for(lambda: words in (said := host.stek("fleet", "status").stdout) and said, words)


def test_status_shows_store_rings_coverage_keys_and_hosts(fleet):
    host = fleet.hosts[0]
    said = covered(host, "held by 3 of 3 hosts")
    assert (
        "connected since" in said and "in step with the fleet" in said and "on 3 of 3 hosts" in said
    )
    assert all(f"host{number}" in said for number in range(3))
    assert all(len(line) <= 100 for line in said.splitlines())
    done = host.stek("fleet", "status", "--json")
    assert done.returncode == 0 and len(json.loads(done.stdout)["members"]["hosts"]) == 3


def test_status_says_when_the_store_is_out_of_reach(fleet, etcd):
    host = fleet.hosts[0]
    etcd.stop()
    assert "UNREACHABLE since" in covered(host, "cannot connect")
    assert host.stek("fleet", "status").returncode == 3


def test_rotate_and_revoke_say_when_all_hosts_have_it(fleet):
    host = fleet.hosts[1]
    covered(host, "held by 3 of 3 hosts")
    before = set(host.keys())
    for order in (["rotate", "web"], ["revoke", "web", "--all", "--yes"]):
        done = host.stek(*order)
        assert done.returncode == 0, done.stderr
        assert "on 3 of 3 hosts." in done.stdout and "seals now" in done.stdout
    assert all(not before & set(h.keys()) for h in fleet.hosts)


def test_orders_without_a_store_fail_with_one_line(fleet, etcd):
    host = fleet.hosts[0]
    etcd.stop()
    wait_for(lambda: not host.fleet_status()["online"], "the end of the connection")
    before = host.keys()
    done = host.stek("revoke", "web", "--all", "--yes")
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert host.keys() == before


def test_init_makes_a_key_once(fleet, folder):
    host, path = fleet.hosts[0], folder / "new.kek"
    assert host.stek("fleet", "init", path).returncode == 0
    assert path.stat().st_mode & 0o777 == 0o600
    content = path.read_text()
    again = host.stek("fleet", "init", path)
    assert (
        again.returncode == 1 and "exists already" in again.stderr and path.read_text() == content
    )


def test_rekey_is_refused_until_every_host_has_the_new_key_and_then_leaves_nothing_behind(
    fleet, folder
):
    new = folder / "new.kek"
    fleet.hosts[0].stek("fleet", "init", new)
    for host in fleet.hosts[:2]:
        host.fleet["kek"] = f"{new} {fleet.kek}"
        host.reload()
        host.wait_in_step()
    refused = fleet.hosts[0].stek("fleet", "rekey")
    assert refused.returncode == 1 and "host2 does not have key" in refused.stderr
    fleet.hosts[2].fleet["kek"] = f"{new} {fleet.kek}"
    fleet.hosts[2].reload()
    covered(fleet.hosts[0], "(seals): on 3 of 3 hosts")
    done = fleet.hosts[0].stek("fleet", "rekey")
    assert done.returncode == 0 and "Sealed 4 values again" in done.stdout, done.stderr
    assert "Sealed 0 values again" in fleet.hosts[1].stek("fleet", "rekey").stdout


def test_a_host_without_a_fleet_says_so(folder):
    from harness.stekd import Stekd

    with Stekd(folder / "alone", web={}) as daemon:
        assert "not in a fleet" in daemon.stek("fleet", "status").stdout
        done = daemon.stek("fleet", "rekey")
        assert done.returncode == 1 and done.stderr == (
            "stek fleet rekey: this host is not in a fleet: no ring has source = fleet; see "
            "stekd.conf(5)\n"
        )


@pytest.mark.parametrize("tls", VERSIONS)
def test_two_nginx_hosts_behind_a_balancer_resume_all_sessions_and_half_without(
    fleet, folder, certificates, tls
):
    def resumption(name, conf_of):
        with Nginx(folder / f"{name}0", certificates, conf_of(0), workers=2) as one, Nginx(
            folder / f"{name}1", certificates, conf_of(1), workers=2
        ) as two, Relay([one.port, two.port]) as balancer:
            visits = visit(balancer.port, tls, count=400, clients=40)
        assert not visits.failed()
        return len(visits.resumed()) / len(visits.returning())

    def shared(number):
        return module.compose(folder / f"host{number}.cnf", ring=fleet.hosts[number].ring("web"))

    assert resumption("shared", shared) == 1
    assert 0.3 < resumption("apart", lambda number: None) < 0.7
