# SPDX-License-Identifier: Apache-2.0
"""A run directory without room: a small file system whose inodes are used up, and one whose bytes
are. What is kept goes on, and the ring that finds no room is one line."""
import os
import subprocess
from pathlib import Path

import pytest

from harness.process import wait_for
from harness.stekd import Stekd

QUICK = {"rotate": "1s", "accept": "10s", "max_session_age": "20s"}
INODES = 7  # the directory, the socket, the lock, and two of each ring
MOUNTED = (
    'mount -t tmpfs -o "$1,mode=755" tmpfs "$2" && shift 2 && exec "$@"'  # of its own namespace
)


def may_mount():
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"], capture_output=True, check=False
    )
    return done.returncode == 0


pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not may_mount(), reason="this machine forbids mounts"
)


class Small(Stekd):
    """stekd on a file system of its own, which others reach by way of its process."""

    def __init__(self, folder, options, **rings):
        super().__init__(folder, **rings)
        self.mount_options = options
        self.outside = None

    def command(self):
        self.outside = self.outside or self.run_dir
        self.run_dir = self.outside
        words = ["unshare", "-m", "sh", "-c", MOUNTED, "sh", self.mount_options, self.run_dir]
        return [*words, *super().command()]

    def launch(self, wait=True):
        started = super().launch(wait=False)
        self.run_dir = Path(f"/proc/{self.pid}/root{self.outside}")
        wait_for(lambda: self.process.check_alive() and self.socket.exists(), "stekd to serve")
        return started

    def close(self):
        self.run_dir = self.outside or self.run_dir
        super().close()


def active(daemon, ring):
    return next(k["seq"] for k in daemon.status(ring)["keys"] if k["state"] == "active")


def check_rotate(daemon, rings):
    """All of them, each with keys that seal one after the other."""
    before = {ring: active(daemon, ring) for ring in rings}
    for ring, seq in before.items():
        wait_for(lambda: active(daemon, ring) > seq + 1, f"rotations of {ring}")
        # Those that were published before are over: so stekd has published others.
        keys = daemon.status(ring)["keys"]
        assert any(k["state"] == "pending" and k["origin"] == "published" for k in keys), keys


def test_a_ring_without_an_inode_is_one_line_and_is_kept_when_there_is_one(folder):
    with Small(folder / "stekd", f"nr_inodes={INODES}", a=QUICK, b=QUICK, c=QUICK) as daemon:
        health = {ring: daemon.status(ring)["health"] for ring in "abc"}
        assert health == {"a": "fine", "b": "fine", "c": "not-kept"}
        said = daemon.process.stderr()
        assert said.count("<3>") == 1 and "ring c: cannot be kept" in said and "ENOSPC" in said
        check_rotate(daemon, "a")
        (daemon.run_dir / "b.stats").rmdir()
        wait_for(lambda: daemon.status("c")["health"] == "fine", "room for the third")
        assert daemon.process.stderr().count("<3>") == 1


@pytest.mark.parametrize("options", ["nr_inodes=40", "size=256k"])
def test_counters_that_take_all_room_keep_no_ring_from_rotating(folder, options):
    """As a member of a ring's group may do: it fills the file system."""
    with Small(folder / "stekd", options, a=QUICK, b=QUICK) as daemon:
        try:
            for number in range(1000):
                path = daemon.run_dir / "a.stats" / f"x{number}"
                path.write_bytes(b"x" * (65536 if options[0] == "s" else 0))
        except OSError:
            pass
        check_rotate(daemon, "ab")
        assert daemon.request(command="revoke", ring="b", all=True)["ok"]
        assert "<3>" not in daemon.process.stderr()
