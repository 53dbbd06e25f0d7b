# SPDX-License-Identifier: Apache-2.0
"""Stores that nobody attacks and that are odd all the same: restored from a backup, or shared by
two fleets. Rings go on."""
import shutil
import time

import pytest
from harness.etcd import fill, readings
from harness.fleet import Fleet, kek_id, make_kek, revocation_s
from harness.process import wait_for

ETCD = {}  # without TLS, open to everybody
RING = {"rotate": "2s", "accept": "110s", "ahead": 2}
APART = "apart from hosts that keep this ring under another key-encryption key"


def goes_on(host):
    """The ring seals with one published key after another."""
    active = host.active()

    def moved():
        now = host.active() or 0
        return now > active + 1 and any(
            key["seq"] == now and key["origin"] == "published" for key in host.status("web")["keys"]
        )

    wait_for(moved, "the next keys", timeout_s=30)


def lines_with(host, text):
    return [line for line in host.stderr().splitlines() if text in line]


def test_two_fleets_under_one_prefix_leave_each_other_alone(folder, etcd, fleet):
    with Fleet(folder / "other", etcd, ring=RING) as other:
        ours, theirs = fleet.host(), other.host()
        for host in (ours, theirs):
            wait_for(lambda: host.fleet_ring()["standing"] == "wrong-key", "a word about it")
            goes_on(host)
            assert len(lines_with(host, APART)) == 1
            assert APART in host.stek("fleet", "status").stdout
        assert not set(ours.keys().values()) & set(theirs.keys().values())
        before = set(theirs.keys().items())
        revocation_s([ours])
        assert any(key in before for key in theirs.keys().items())


def restore(etcd, snapshot):
    """The cluster as it was when the snapshot was taken, under the same cluster id."""
    (member,) = etcd.members
    member.kill()
    shutil.rmtree(member.data)
    etcd.ctl(
        "snapshot",
        "restore",
        snapshot,
        "--data-dir",
        member.data,
        "--name",
        member.name,
        "--initial-cluster",
        f"{member.name}={member.peer_url()}",
        "--initial-cluster-token",
        etcd.folder,
        "--initial-advertise-peer-urls",
        member.peer_url(),
    )
    member.start().wait()


def test_a_store_restored_from_a_backup_brings_no_revoked_key_back(folder, fleet, etcd):
    hosts = [fleet.host() for _ in range(2)]
    for host in hosts:
        host.wait_in_step()
    fleet.wait_equal()
    etcd.ctl("snapshot", "save", folder / "backup")
    revoked = {secret for host in hosts for secret in host.keys().values()}
    revocation_s(hosts)
    goes_on(hosts[0])
    floor, before = hosts[0].fleet_ring()["floor"], hosts[0].keys()
    restore(etcd, folder / "backup")
    for host in hosts:
        goes_on(host)
        host.wait_in_step()
    fleet.wait_equal()
    for host in hosts:
        assert host.fleet_ring()["floor"] >= floor
        assert before.items() <= host.keys().items()
        assert not revoked & set(host.keys().values())
    late = fleet.host()
    late.wait_in_step()
    fleet.wait_equal()
    assert not revoked & set(late.keys().values())


def beside(_, count):
    return [f"/stek/v1/web/{number}" for number in range(count)]


def under_the_hosts_own_key(fleet, count):
    return [fleet.stored(10**9 + number) for number in range(count)]


@pytest.mark.parametrize("count", [3000, pytest.param(100000, marks=pytest.mark.long)])
@pytest.mark.parametrize("place", [beside, under_the_hosts_own_key])
def test_many_foreign_keys_keep_no_starting_host_from_its_keys(fleet, etcd, figure, place, count):
    fill(etcd, place(fleet, count))
    before = readings(etcd)
    host = fleet.host()
    begun = time.monotonic()
    wait_for(host.active, "the first key", timeout_s=60)
    took, asked = time.monotonic() - begun, readings(etcd) - before
    figure(f"first key with {count} foreign keys {place.__name__}", f"{took:.1f} s, {asked} reads")
    if place is under_the_hosts_own_key:
        assert asked < 12 + count / 2000
    else:
        assert asked < 12
        assert host.fleet_ring()["foreign_keys"] == count
        lines = lines_with(host, "not belong to stek")
        assert len(lines) == 1 and f"{count} keys in the store do not belong" in lines[0]
    goes_on(host)


def test_the_values_of_foreign_keys_are_not_read(fleet, etcd):
    fill(etcd, beside(fleet, 64), b"x" * 300000)
    before = readings(etcd)
    host = fleet.host()
    wait_for(host.active, "the first key")
    assert readings(etcd) - before < 12
    assert host.fleet_ring()["foreign_keys"] == 64


def test_foreign_keys_around_the_folders_of_two_keys_are_counted(fleet, etcd):
    keys = [fleet.kek, make_kek(fleet.folder / "new.kek")]
    lower, higher = sorted(map(kek_id, keys))
    names = ["!", lower + ".", lower + "1", lower + "/x", higher + ".", higher + "1", "z"]
    fill(etcd, [f"/stek/v1/web/{name}" for name in names])
    host = fleet.host(kek=" ".join(map(str, keys)))
    wait_for(host.active, "the first key")
    assert host.fleet_ring()["foreign_keys"] == len(names)
    assert APART not in host.stderr()
    goes_on(host)
