# SPDX-License-Identifier: Apache-2.0
"""stek fleet rekey --remove: a host is removed in one command, and opens nothing from then on."""
import pytest
from harness.fleet import in_step, kek_id, make_kek
from harness.process import wait_for

ETCD = {}  # without TLS, open to everybody


@pytest.fixture
def fleet(folder, etcd):
    with in_step(folder, etcd, 3) as made:
        yield made


def secrets(host):
    return set(host.keys().values())


def give(new, hosts):
    """Both keys, the new one first; waits until all that are up know it."""
    for host in hosts:
        host.fleet["kek"] = f"{new} {host.fleet['kek']}"
        host.reload()
    for host in hosts:
        host.wait_in_step()
    announced = f"(seals): on {len(hosts)} of 3 hosts"
    wait_for(lambda: announced in hosts[0].stek("fleet", "status").stdout, announced)


def remove(host, name="host2"):
    return host.stek("fleet", "rekey", "--remove", name)


@pytest.fixture
def removed(fleet, folder):
    """(the hosts that stay, the one that was removed and is up, the id of the new key)."""
    stay, gone = fleet.hosts[:2], fleet.hosts[2]
    before = secrets(gone)
    new = make_kek(folder / "new.kek")
    give(new, stay)
    done = remove(stay[0])
    assert done.returncode == 0, done.stderr
    assert "Ring web: on 2 of 2 hosts." in done.stdout
    assert "on host0, host1: kek = the file of key " + kek_id(new) + " alone" in done.stdout
    fleet.wait_equal(stay)
    assert not before & secrets(stay[0])
    return stay, gone, kek_id(new)


def test_nothing_changes_while_the_host_may_have_the_first_key(fleet, folder):
    host, before = fleet.hosts[0], fleet.hosts[0].keys()

    def is_refused():
        done = remove(host)
        assert done.returncode == 1 and "nothing was changed: host2 may have key" in done.stderr
        assert "carry the file NEW to host0, host1; never to host2" in done.stderr

    is_refused()  # there is one key only
    give(make_kek(folder / "new.kek"), fleet.hosts)
    is_refused()  # host2 has the new one, too
    assert host.keys() == before


def test_nothing_is_revoked_if_the_first_key_was_in_use_already(fleet, folder):
    stay, before = fleet.hosts[:2], fleet.hosts[0].keys()
    fleet.hosts[2].stop()
    for host in stay:
        host.fleet["kek"] = f"{host.fleet['kek']} {make_kek(host.folder / 'new.kek')}"
        host.reload()
        host.wait_in_step()
    gone = "on 2 of 2 hosts"
    wait_for(lambda: gone in stay[0].stek("fleet", "status").stdout, "host2 to be gone", 60)
    done = remove(stay[0])
    assert done.returncode == 1 and "nothing was changed: host2 may have key" in done.stderr
    assert stay[0].keys() == before


def test_a_host_that_stays_needs_the_new_key_and_none_removes_itself(fleet, folder):
    before = fleet.hosts[0].keys()
    give(make_kek(folder / "new.kek"), fleet.hosts[:1])
    done = remove(fleet.hosts[0])
    assert done.returncode == 1 and "host host1 does not have key" in done.stderr
    assert "host2" not in done.stderr
    done = remove(fleet.hosts[0], "host0")
    assert done.returncode == 1 and "cannot remove itself" in done.stderr
    assert fleet.hosts[0].stek("fleet", "status", "--remove", "host2").returncode == 2
    assert fleet.hosts[0].keys() == before


def test_a_removed_host_has_no_key_of_the_fleet_from_then_on(fleet, removed):
    stay, gone, _ = removed
    for host in stay:
        host.fleet["kek"] = host.fleet["kek"].split()[0]
        host.reload()
        wait_for(lambda: host.fleet_ring()["synced"], "the store to be read")
    known = secrets(gone)
    stay[0].rotate("web")
    fleet.wait_equal(stay)
    gone.restart()
    wait_for(gone.active, "a key of its own")
    assert not (known | secrets(gone)) & secrets(stay[0])


def test_a_removed_host_cannot_take_the_fleet_back_through_the_store(fleet, etcd, removed):
    stay, gone, new = removed
    old = kek_id(fleet.kek)
    wait_for(lambda: any(old in key for key in etcd.keys("/stek/v1/web")), "its own ring")

    def is_back():
        return any(f"{new}/.floor" in key for key in etcd.keys("/stek/v1/web"))

    for host in stay:
        etcd.ctl("del", "--prefix", f"/stek/v1/web/{new}/")
        host.stop()
        host.ring("web").unlink()  # a reboot
        host.launch()
        host.wait_in_step()
        wait_for(is_back, "the floor under the new key")
        assert not secrets(gone) & secrets(host)
    fleet.wait_equal(stay)
    assert not secrets(gone) & secrets(stay[0])
