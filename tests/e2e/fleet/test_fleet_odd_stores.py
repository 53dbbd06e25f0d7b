# SPDX-License-Identifier: Apache-2.0
"""Stores that nobody attacks and that are odd all the same: restored from a backup, or shared by
two fleets. Rings go on."""
import shutil

from harness.fleet import Fleet, revocation_s
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
