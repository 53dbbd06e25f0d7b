# SPDX-License-Identifier: Apache-2.0
"""Twenty hosts and three members of etcd for two minutes, while anything is killed, stopped and cut off at random."""
import os
import secrets
import time

from harness.chaos import Chaos, Traffic
from harness.etcd import Etcd
from harness.fleet import Fleet

HOSTS = 20
SECONDS = int(os.environ.get("STEK_CHAOS_SECONDS", "120"))
ROTATE_S, AHEAD = 2, 2


def find_secrets(etcd, hexes):
    """Which of these secrets stand in the members' data directories, as bytes or in hexadecimal."""
    needles = {bytes.fromhex(text): text for text in hexes}
    found = set()
    for path in etcd.data_files():
        data = path.read_bytes()
        found |= {text for raw, text in needles.items() if raw in data or text.encode() in data}
    return found


def test_no_ticket_is_lost_and_no_secret_reaches_the_store(folder, capfd):
    seed = int(os.environ.get("STEK_TEST_SEED") or secrets.randbelow(1 << 32))
    ring = {"rotate": f"{ROTATE_S}s", "accept": "40s", "ahead": AHEAD}
    with Etcd(folder / "etcd", members=3, tls=True, auth=True) as etcd, Fleet(
        folder / "fleet", etcd, ring=ring
    ) as fleet, Chaos(fleet, seed, HOSTS) as chaos:
        for node in chaos.nodes:
            node.host.wait_in_step(timeout_s=60)
        with Traffic(chaos, folder, ROTATE_S * 1000 * AHEAD) as traffic:
            chaos.run(SECONDS)
            chaos.heal()
            healed = time.monotonic()
            fleet.wait_equal(timeout_s=30)
            equal_s = time.monotonic() - healed
            sums, losses = traffic.finish()
        used = traffic.secrets.read_text().split()
        leaked = find_secrets(etcd, used)
        etcd.ctl("put", "/control", used[0])
        control = find_secrets(etcd, used)
    with capfd.disabled():
        print(
            f"\nseed {seed}: {chaos.done}; {sums}; rings equal {equal_s:.2f} s after healing; "
            f"{len(used)} secrets looked for"
        )
    assert (
        not losses
    ), f"STEK_TEST_SEED={seed}: {len(losses)} lost, the first: {losses[:40:8]}; faults: {chaos.log}"
    assert sums["opened"] >= 100_000 * SECONDS / 120
    assert equal_s <= 2, f"STEK_TEST_SEED={seed}"
    assert len(used) >= SECONDS / ROTATE_S / 2
    assert not leaked and control == {used[0]}
