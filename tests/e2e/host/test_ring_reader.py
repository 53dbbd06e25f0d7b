# SPDX-License-Identifier: Apache-2.0
"""docs/formats.md is enough to read a live ring: a reader of 100 lines holds the servers' keys."""
import sys
from pathlib import Path

from harness.client import Background
from harness.process import wait_for
from harness.servers import Nginx
from harness.stekd import Stekd

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "readers"))
from ring_reader import Ring  # noqa: E402

LABEL = "shared"


def names(ring):
    """The names of all keys that open."""
    return {key[:16].hex() for key, _ in ring.keys(LABEL)}


def follow(ring, visitor, enough):
    """Reads the ring until the servers have sealed under `enough` keys; returns every name seen."""
    seen = set()

    def read():
        seen.update(names(ring))
        return len(visitor.so_far().keys()) >= enough

    wait_for(read, f"{enough} keys")
    return seen


def test_a_reader_holds_every_key_that_a_server_seals_under_through_rotations(folder, loaded):
    with Stekd(folder / "stekd", web={"rotate": "2s", "accept": "20s"}) as stekd:
        nginx = loaded(Nginx, stek={"ring": stekd.ring("web"), "context": LABEL})
        ring = Ring(stekd.ring("web"))
        visitor = Background(nginx.port, "1.3", seconds=120, interval_ms=100)
        try:
            seen = follow(ring, visitor, 4)
            assert set(visitor.so_far().keys()) <= seen | names(ring)
        finally:
            visitor.stop()


def test_a_reader_continues_the_chain_as_servers_do_without_stekd(folder, loaded):
    with Stekd(folder / "stekd", web={"rotate": "2s", "accept": "20s", "ahead": "1"}) as stekd:
        nginx = loaded(Nginx, stek={"ring": stekd.ring("web"), "context": LABEL})
        ring = Ring(stekd.ring("web"))
        stekd.kill()
        visitor = Background(nginx.port, "1.3", seconds=120, interval_ms=100)
        try:
            seen = follow(ring, visitor, 5)
            assert set(visitor.so_far().keys()) <= seen | names(ring)
        finally:
            visitor.stop()


def test_a_reader_that_follows_a_ring_loses_its_keys_when_they_are_revoked(folder):
    """It reads the same mapping again, and does not open the file anew."""
    with Stekd(folder / "stekd", web={"rotate": "2s", "accept": "20s"}) as stekd:
        ring = Ring(stekd.ring("web"))
        first = names(ring)
        wait_for(lambda: len(names(ring) - first) >= 2, "two more keys")
        before = names(ring)
        assert first & before
        assert stekd.stek("revoke", "web", "--all", "--yes").returncode == 0
        wait_for(lambda: not names(ring) & before, "the keys to be gone", timeout_s=5)
        assert names(ring)


def test_the_reader_says_which_key_seals(folder):
    with Stekd(folder / "stekd", web={"rotate": "1h"}) as stekd:
        seals = [key for key, seals in Ring(stekd.ring("web")).keys(LABEL) if seals]
        assert len(seals) == 1
