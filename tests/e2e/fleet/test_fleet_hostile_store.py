# SPDX-License-Identifier: Apache-2.0
"""An attacker writes into etcd without a key of the fleet: it can delay and delete, no more."""

import contextlib
import threading

from harness.fleet import QUICK_RING, Fleet, revocation_s
from harness.process import wait_for

ETCD = {}  # without TLS, open to everybody
FAR = 1 << 62


def is_random(host):
    """Whether every key of the host that is to seal was made of fresh bytes, and there are some."""
    ahead = [key for key in host.status("web")["keys"] if key["state"] == "pending"]
    return len(ahead) >= 2 and all(key["origin"] == "published" for key in ahead)


def in_step(fleet, count=2):
    hosts = [fleet.host() for _ in range(count)]
    for host in hosts:
        host.wait_in_step()
    return hosts


@contextlib.contextmanager
def over_and_over(act):
    """Does something without a pause while the body runs; the body sees that it was done."""
    ending, done = threading.Event(), threading.Event()

    def run():
        while not ending.is_set():
            act()
            done.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert done.wait(30)
        yield
    finally:
        ending.set()
        thread.join()


def test_garbage_under_a_very_high_seq_moves_no_seq(fleet, etcd):
    hosts = in_step(fleet)
    etcd.ctl("put", fleet.stored(FAR), "garbage")
    assert revocation_s(hosts) < 5
    wait_for(lambda: all(map(is_random, hosts)), "fresh keys after the revocation", timeout_s=30)
    assert max(max(host.keys()) for host in hosts) < 1000
    hosts[0].restart()
    hosts[0].wait_in_step()
    fleet.wait_equal()


def test_garbage_before_the_first_start_keeps_no_host_from_its_keys(fleet, etcd):
    for name in (1, 2, 3, FAR, ".floor"):
        etcd.ctl("put", fleet.stored(name), "garbage")
    hosts = in_step(fleet)
    wait_for(lambda: all(map(is_random, hosts)), "fresh keys", timeout_s=30)
    assert max(hosts[0].keys()) < 1000


def test_garbage_under_each_next_seq_is_replaced_when_it_stops(fleet, etcd):
    hosts = in_step(fleet)

    def cover():
        last = max(hosts[0].keys())
        for seq in range(last - 1, last + 6):
            etcd.ctl("put", fleet.stored(seq), "garbage")

    active = hosts[0].active()
    with over_and_over(cover):
        wait_for(lambda: hosts[0].active() > active + 1, "the ring to go on", timeout_s=60)
    wait_for(lambda: all(map(is_random, hosts)), "fresh keys", timeout_s=30)
    fleet.wait_equal()


def test_a_floor_that_does_not_open_stops_neither_keys_nor_revocation(fleet, etcd):
    hosts = in_step(fleet)
    before = set(hosts[0].keys().values())
    etcd.ctl("put", fleet.stored(".floor"), "garbage")
    assert revocation_s(hosts) < 5
    assert not before & set(hosts[0].keys().values())
    wait_for(lambda: all(map(is_random, hosts)), "fresh keys", timeout_s=30)


def test_a_value_that_was_copied_from_another_place_counts_as_garbage(fleet, etcd):
    hosts = in_step(fleet)
    seq = min(hosts[0].keys())
    etcd.copy(fleet.stored(seq), fleet.stored(max(hosts[0].keys()) + 1))
    active = hosts[0].active()
    wait_for(lambda: hosts[0].active() > active + 2, "the ring to go on", timeout_s=30)
    wait_for(lambda: all(map(is_random, hosts)), "fresh keys", timeout_s=30)
    fleet.wait_equal()


def test_the_whole_folder_deleted_is_put_back_with_the_same_secrets(fleet, etcd):
    hosts = in_step(fleet)
    before = hosts[0].keys()
    etcd.ctl("del", "--prefix", "/stek/v1/web/")
    wait_for(
        lambda: fleet.stored(".floor") in etcd.keys(), "the floor to be put back", timeout_s=30
    )
    wait_for(lambda: all(map(is_random, hosts)), "fresh keys", timeout_s=30)
    after = hosts[0].keys()
    assert all(after[seq] == secret for seq, secret in before.items() if seq in after)
    fleet.wait_equal()


def test_one_ring_under_attack_leaves_the_others_alone(folder, etcd):
    with Fleet(folder / "fleet", etcd, ring=QUICK_RING) as fleet:
        host = fleet.prepare()
        host.rings["mail"] = {**fleet.ring}
        with host:
            host.wait_in_step()
            host.wait_in_step("mail")
            etcd.ctl("put", fleet.stored(".floor"), "garbage")
            etcd.ctl("put", fleet.stored(FAR), "garbage")
            assert "refused" not in str(host.fleet_ring("mail")["problem"])
            assert host.fleet_ring("mail")["refused"] == {}
            active = host.active("mail")
            wait_for(lambda: host.active("mail") > active + 1, "the other ring to go on")
