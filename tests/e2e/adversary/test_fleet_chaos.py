# SPDX-License-Identifier: Apache-2.0
"""
Many hosts and three members of etcd, while anything is killed, stopped and cut off at random: eight
hosts for half a minute, twenty for two minutes. The same with an adversary beside it, who puts
garbage into the store and deletes. (While he brings old values back, hosts may diverge, as
docs/fleet.md says: test_old_values.py.)
"""
import contextlib
import os
import secrets
import time

import pytest

from harness.adversary.store import Adversary, over_and_over
from harness.chaos import Chaos, Traffic
from harness.etcd import Etcd
from harness.fleet import Fleet
from harness.process import wait_for

LONG_S = int(os.environ.get("STEK_CHAOS_SECONDS", "120"))
ROTATE_S, AHEAD = 2, 2
FAULT_EVERY_S = {False: 0.7, True: 2}  # beside an adversary hosts count that were not away lately


def find_secrets(etcd, hexes):
    """Which of these secrets stand in the members' data directories, as bytes or in hexadecimal."""
    needles = {bytes.fromhex(text): text for text in hexes}
    found = set()
    for path in etcd.data_files():
        data = path.read_bytes()
        found |= {text for raw, text in needles.items() if raw in data or text.encode() in data}
    return found


def counting(hostile):
    """
    Which tickets count: see ring-traffic. A host that is cut off has the keys of `ahead` intervals.
    An adversary may delete them, and another fresh key takes the place; that begins half an
    interval later at the earliest.
    """
    half_ms = ROTATE_S * 1000 // 2
    return (half_ms, 2 * AHEAD * half_ms) if hostile else (2 * AHEAD * half_ms,)


def wait_as_before(fleet):
    """Until all hosts seal with the same key, and have the same fresh ones; returns the seconds.
    A key that somebody deleted while a host was away opens on that host no more."""

    def ahead(host):
        keys = host.status("web")["keys"]
        return [
            (key["fingerprint"], key["origin"])
            for key in keys
            if key["state"] in ("active", "pending") and key["origin"] != "superseded"
        ]

    def equal():
        first = ahead(fleet.hosts[0])
        fresh = [origin for _, origin in first[1:]]
        return (
            len(fresh) >= AHEAD
            and set(fresh) == {"published"}
            and all(ahead(host) == first for host in fleet.hosts[1:])
        )

    begun = time.monotonic()
    wait_for(equal, "all to be as before", timeout_s=60)
    return time.monotonic() - begun


@contextlib.contextmanager
def adversary_beside(etcd, seed, wanted):
    """Somebody with all rights at the store; returns how often it wrote."""
    adversary = Adversary(etcd, seed=seed)
    with over_and_over(adversary.disturb, 0.2) if wanted else contextlib.nullcontext():
        yield adversary


LONG = pytest.mark.long


@pytest.mark.parametrize(
    "hosts, seconds, equal_within_s, least, hostile",
    [
        pytest.param(8, 30, None, 2400, False, id="short"),
        pytest.param(20, LONG_S, 2, 100000, False, id="long", marks=LONG),
        pytest.param(20, LONG_S, 2 * ROTATE_S, 100000, True, id="beside-an-adversary", marks=LONG),
    ],
)
def test_no_ticket_is_lost_and_no_secret_reaches_the_store(
    folder, figure, hosts, seconds, equal_within_s, least, hostile
):
    seed = int(os.environ.get("STEK_TEST_SEED") or secrets.randbelow(1 << 32))
    ring = {"rotate": f"{ROTATE_S}s", "accept": "40s", "ahead": AHEAD}
    with Etcd(folder / "etcd", members=3, tls=True, auth=True) as etcd, Fleet(
        folder / "fleet", etcd, ring=ring
    ) as fleet, Chaos(fleet, seed, hosts) as chaos:
        for node in chaos.nodes:
            node.host.wait_in_step(timeout_s=60)
        with Traffic(chaos, folder, *counting(hostile)) as traffic:
            with adversary_beside(etcd, seed, hostile) as adversary:
                # Chance can leave the store without a quorum for most of the time.
                chaos.run(
                    seconds,
                    enough=lambda: traffic.connected >= hosts * seconds * (8 if hostile else 1),
                    every=FAULT_EVERY_S[hostile],
                )
            chaos.heal()
            equal_s = wait_as_before(fleet) if hostile else fleet.wait_equal(timeout_s=120)[1]
            sums, losses = traffic.finish()
        used = traffic.secrets.read_text().split()
        leaked = find_secrets(etcd, used)
        etcd.ctl("put", "/control", used[0])
        control = find_secrets(etcd, used)
    figure(
        f"{seconds} seconds of chaos{' beside an adversary' if hostile else ''}",
        f"seed {seed}: {chaos.done}; {adversary.done} hostile writes; {sums}; "
        f"rings equal {equal_s:.2f} s after healing; {len(used)} secrets looked for",
    )
    assert (
        not losses
    ), f"STEK_TEST_SEED={seed}: {len(losses)} lost, the first: {losses[:40:8]}; faults: {chaos.log}"
    assert sums["opened"] >= least
    assert (adversary.done > seconds) == hostile
    assert equal_within_s is None or equal_s <= equal_within_s, f"STEK_TEST_SEED={seed}"
    assert len(used) >= seconds / ROTATE_S / 2
    assert not leaked and control == {used[0]}
