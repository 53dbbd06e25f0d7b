# SPDX-License-Identifier: Apache-2.0
"""
Many hosts and three members of etcd, while anything is killed, stopped and cut off at random: eight
hosts for half a minute, twenty for two minutes.
"""
import os
import secrets

import pytest

from harness.chaos import Chaos, Traffic
from harness.etcd import Etcd
from harness.fleet import Fleet

LONG_S = int(os.environ.get("STEK_CHAOS_SECONDS", "120"))
ROTATE_S, AHEAD = 2, 2


def find_secrets(etcd, hexes):
    """Which of these secrets stand in the members' data directories, as bytes or in hexadecimal."""
    needles = {bytes.fromhex(text): text for text in hexes}
    found = set()
    for path in etcd.data_files():
        data = path.read_bytes()
        found |= {text for raw, text in needles.items() if raw in data or text.encode() in data}
    return found


@pytest.mark.parametrize(
    "hosts, seconds, equal_within_s",
    [(8, 30, None), pytest.param(20, LONG_S, 2, marks=pytest.mark.long)],
)
def test_no_ticket_is_lost_and_no_secret_reaches_the_store(
    folder, figure, hosts, seconds, equal_within_s
):
    seed = int(os.environ.get("STEK_TEST_SEED") or secrets.randbelow(1 << 32))
    ring = {"rotate": f"{ROTATE_S}s", "accept": "40s", "ahead": AHEAD}
    with Etcd(folder / "etcd", members=3, tls=True, auth=True) as etcd, Fleet(
        folder / "fleet", etcd, ring=ring
    ) as fleet, Chaos(fleet, seed, hosts) as chaos:
        for node in chaos.nodes:
            node.host.wait_in_step(timeout_s=60)
        with Traffic(chaos, folder, ROTATE_S * 1000 * AHEAD) as traffic:
            # Chance can leave the store without a quorum for most of the time.
            chaos.run(seconds, enough=lambda: traffic.connected >= hosts * seconds)
            chaos.heal()
            _, equal_s = fleet.wait_equal(timeout_s=120)
            sums, losses = traffic.finish()
        used = traffic.secrets.read_text().split()
        leaked = find_secrets(etcd, used)
        etcd.ctl("put", "/control", used[0])
        control = find_secrets(etcd, used)
    figure(
        f"{seconds} seconds of chaos",
        f"seed {seed}: {chaos.done}; {sums}; rings equal {equal_s:.2f} s after healing; "
        f"{len(used)} secrets looked for",
    )
    assert (
        not losses
    ), f"STEK_TEST_SEED={seed}: {len(losses)} lost, the first: {losses[:40:8]}; faults: {chaos.log}"
    assert sums["opened"] >= 10 * hosts * seconds
    assert equal_within_s is None or equal_s <= equal_within_s, f"STEK_TEST_SEED={seed}"
    assert len(used) >= seconds / ROTATE_S / 2
    assert not leaked and control == {used[0]}
