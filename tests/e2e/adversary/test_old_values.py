# SPDX-License-Identifier: Apache-2.0
"""An adversary has recorded what a fleet put into its store, and brings it back: single values, all
of a moment, and what is mixed from two moments. No host goes back."""
import contextlib
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import build
from harness.adversary.store import Adversary, over_and_over
from harness.adversary.watch import Watch
from harness.etcd import Etcd
from harness.fleet import Fleet, make_kek
from harness.process import wait_for

sys.path.insert(0, str(build.REPOSITORY / "tests/vectors"))
import make_fleet  # noqa: E402

ROTATE_S, DAY_S = 3, 86400
RING = {"rotate": f"{ROTATE_S}s", "accept": "90s", "ahead": 2}
SECONDS = int(os.environ.get("STEK_ADVERSARY_SECONDS", "60"))
ATTACKED, OTHER = "web", "mail"


@dataclass
class Past:
    """A fleet of three hosts, somebody who has recorded its store, and what was revoked."""

    fleet: Fleet
    adversary: Adversary
    revoked: set

    @property
    def hosts(self):
        return self.fleet.hosts

    def wait_in_step(self):
        for host in self.hosts:
            host.wait_in_step(ATTACKED)
            host.wait_in_step(OTHER)
        self.fleet.wait_equal()

    def watch(self, hosts=None):
        return Watch(hosts or self.hosts, ATTACKED, self.revoked)


def rotations(host, count):
    active = host.active()
    wait_for(lambda: host.active() >= active + count, f"{count} rotations", timeout_s=30)


def of_days_ago(path):
    """What a fleet with this key had put under its folder three days ago: values of an epoch that
    is over."""
    kek = bytes.fromhex(path.read_text().split()[1])
    then = int(time.time()) - 3 * DAY_S
    folder = f"/stek/v1/{ATTACKED}/{make_fleet.kek_id(kek).hex()}"
    values = {f"{folder}/.floor": make_fleet.floor_bytes(ATTACKED, 1, then, kek=kek)}
    for seq in range(1, 4):
        times = (then, then + ROTATE_S, then + DAY_S)
        secret = make_fleet.sample(f"a secret of days ago {seq}")
        values[f"{folder}/{seq:020}"] = make_fleet.record_bytes(
            ATTACKED, seq, times, secret, kek=kek
        )
    return {name.encode(): value for name, value in values.items()}


def rekey(past):
    """Every host gets another key-encryption key, and the values are sealed again under it."""
    fleet, new = past.fleet, make_kek(past.fleet.folder / "new.kek")
    for order in (f"{fleet.kek} {new}", f"{new} {fleet.kek}"):
        for host in fleet.hosts:
            host.fleet["kek"] = order
            host.reload()
    past.adversary.record()
    wait_for(lambda: fleet.hosts[0].stek("fleet", "rekey").returncode == 0, "the rekey", 60)
    fleet.kek = new
    past.wait_in_step()


def live(past):
    """Rotations in time and by hand, two revocations and a rekey, recorded all along."""
    adversary, host = past.adversary, past.hosts[0]
    past.wait_in_step()
    adversary.record()
    rotations(host, 2)
    adversary.record()
    host.rotate(ATTACKED)
    adversary.record()
    with past.watch() as watch:
        watch.revoke()
        adversary.record()
        rotations(host, 1)
        adversary.record()
        watch.revoke()
    past.wait_in_step()
    adversary.record()
    adversary.moments.append(of_days_ago(past.fleet.kek))
    rekey(past)
    adversary.moments.append(of_days_ago(past.fleet.kek))
    adversary.record()
    rotations(host, 1)


@pytest.fixture(scope="module")
def past(work):
    """One for all tests: what one of them adds to the past, the next one brings back, too."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=work)))
        etcd = stack.enter_context(Etcd(folder / "etcd"))
        fleet = stack.enter_context(Fleet(folder / "fleet", etcd, ring=RING))
        for _ in range(3):
            host = fleet.prepare()
            host.rings[OTHER] = {**fleet.ring}
            stack.enter_context(host)
        adversary = stack.enter_context(
            contextlib.closing(Adversary(etcd, prefix=f"/stek/v1/{ATTACKED}/"))
        )
        made = Past(fleet, adversary, set())
        live(made)
        yield made


def is_as_before(host):
    """In step, sealing with a published key, with fresh ones to come."""
    keys = host.status(ATTACKED)["keys"]
    ahead = [key["origin"] for key in keys if key["state"] == "pending"]
    return (
        host.fleet_ring(ATTACKED)["standing"] == "in-step"
        and not host.fleet_ring(ATTACKED)["store_is_older"]
        and len(ahead) >= 2
        and set(ahead) == {"published"}
    )


def healed_s(past):
    """Seconds until all is as before, without anybody's hand."""
    begun = time.monotonic()
    wait_for(
        lambda: all(map(is_as_before, past.hosts))
        and len({tuple(host.keys().items()) for host in past.hosts}) == 1,
        "all to be as before",
    )
    return time.monotonic() - begun


def untouched(host):
    ring = host.fleet_ring(OTHER)
    return (ring["standing"], ring["problem"], ring["refused"], ring["foreign_keys"])


WAYS = ["bring_back_one", "bring_back_any", "mix"]
SHORT_OR_LONG = pytest.mark.parametrize(
    "seconds", [9, pytest.param(SECONDS, marks=pytest.mark.long)]
)


@SHORT_OR_LONG
@pytest.mark.parametrize("way", WAYS)
def test_what_was_in_the_store_once_moves_no_host_back(past, figure, way, seconds):
    past.wait_in_step()
    before = past.adversary.done
    with past.watch() as watch:
        with over_and_over(getattr(past.adversary, way), pause_s=0.02):
            begun = [host.active() for host in past.hosts]
            time.sleep(seconds / 2)
            took_s = watch.revoke()
            time.sleep(seconds / 2)
            rotated = [host.active() - seq for host, seq in zip(past.hosts, begun)]
        healed = healed_s(past)
    figure(
        f"old values for {seconds} s, {way}",
        f"{past.adversary.done - before} writes; revoked in {took_s:.2f} s; "
        f"as before {healed:.1f} s after the last one; {watch.looks} looks at each host",
    )
    assert min(rotated) >= seconds // ROTATE_S
    assert took_s < 1
    assert healed <= 2 * ROTATE_S
    for host in past.hosts:
        assert untouched(host) == ("in-step", "", {}, 0)
        assert "refused in the store" in host.stek("fleet", "status").stdout
    past.adversary.record()


def test_a_host_that_reboots_meanwhile_opens_nothing_that_was_revoked(past):
    past.wait_in_step()
    host = past.hosts[2]
    with past.watch(past.hosts[:2]) as watch:
        with over_and_over(past.adversary.bring_back_any, pause_s=0.02):
            watch.revoke()
            floor = past.hosts[0].fleet_ring(ATTACKED)["floor"]
            wait_for(lambda: host.fleet_ring(ATTACKED)["floor"] >= floor, "the floor")
            host.stop()
            host.ring(ATTACKED).unlink()
            host.launch()
            with past.watch([host]):
                wait_for(host.active, "a first key", timeout_s=10)
                rotations(host, 1)
        healed_s(past)


def test_all_that_it_does_is_one_line_a_minute_at_most(past):
    """Of each kind, and sixty of all kinds at a time."""
    past.wait_in_step()
    before = [len(host.stderr().splitlines()) for host in past.hosts]
    with over_and_over(past.adversary.mix):
        time.sleep(ROTATE_S)
    for host, count in zip(past.hosts, before):
        new = host.stderr().splitlines()[count:]
        assert len([line for line in new if "is refused" in line]) <= 8
        assert len(new) < 100
    healed_s(past)
