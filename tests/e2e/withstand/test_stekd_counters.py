# SPDX-License-Identifier: Apache-2.0
"""What members of a ring's group write into its directory of counters keeps stekd from nothing."""
import contextlib
import random
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.process import wait_for
from harness.stekd import Stekd

HOSTILE = Path(__file__).resolve().parents[2] / "hostile" / "fill_counters.py"
CHANGING = HOSTILE.with_name("change_counters.py")
CHANGES = 60_000
SOUND, EMPTY = 20_000, 80_000
FILES_MAX = 1024  # that are counted, of one ring
OF_USER_MAX = 256
STATUS_CPU_MAX_MS = 100
WATCHDOG_S = 4
FULL_FOR_S = 6
QUICK = {"rotate": "1s", "accept": "10s", "max_session_age": "20s"}


class Filled:
    """Fills the directory, and lives until the end."""

    def __init__(self, directory):
        self.popen = subprocess.Popen(
            [sys.executable, HOSTILE, directory, str(SOUND), str(EMPTY)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def is_done(self):
        return bool(select.select([self.popen.stdout], [], [], 0)[0])

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.communicate()


def cpu_ms(pid):
    """Time on a processor: what no neighbour on the machine disturbs."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def ask(daemon):
    """The status of the ring, and what it cost in milliseconds: of a processor, and by the
    clock."""
    before, began = cpu_ms(daemon.pid), time.monotonic()
    status = daemon.status("web")
    return status, cpu_ms(daemon.pid) - before, (time.monotonic() - began) * 1e3


@pytest.fixture
def daemon(folder, manager):
    env = {"NOTIFY_SOCKET": folder / "notify", "WATCHDOG_USEC": WATCHDOG_S * 1_000_000}
    with Stekd(folder / "stekd", env=env, web=QUICK) as started:
        yield started


def test_a_hundred_thousand_hostile_files_keep_stekd_from_nothing(daemon, manager, figure):
    directory = daemon.run_dir / "web.stats"
    with Filled(directory) as filled:
        costs, clocks, sealing, silent = [], [], set(), time.monotonic()
        full = None
        while full is None or time.monotonic() < full + FULL_FOR_S:
            # stekd removes files meanwhile: where it is quick, there are never so many at once.
            if full is None and (len(list(directory.iterdir())) >= SOUND or filled.is_done()):
                full = time.monotonic()
            status, cost, clock = ask(daemon)
            costs.append(cost)
            clocks.append(clock)
            keys = status["keys"]
            sealing.add(next(key["seq"] for key in keys if key["state"] == "active"))
            # Asked in the second of a rotation, the next but one may not be there yet.
            assert sum(key["state"] == "pending" for key in keys) >= 1, "a rotation came late"
            assert status["health"] == "fine"
            assert filled.popen.poll() is None
            silent = time.monotonic() if manager.signs() else silent
            assert time.monotonic() - silent < WATCHDOG_S, "no sign of life"
            time.sleep(0.1)
        assert max(costs) < STATUS_CPU_MAX_MS
        assert len(sealing) >= 5
        figure(
            "status beside 100,000 hostile files",
            f"{max(costs):.0f} ms of a processor at most, {max(clocks):.0f} ms by the clock",
        )
        consumers = daemon.status("web")["consumers"]
        assert 0 < consumers["files"] <= OF_USER_MAX
        assert consumers["files_over"] > 0 and consumers["incomplete"]
        assert filled.popen.stdout.readline() == "filled\n"
        wait_for(
            lambda: daemon.status("web") and len(list(directory.iterdir())) <= 2 * FILES_MAX,
            "what is over the limits to be removed",
            timeout_s=120,
        )


@contextlib.contextmanager
def changing(directory, files, seed):
    """The program that changes so many files without end, and what it prints."""
    argv = [sys.executable, CHANGING, directory, str(files), str(seed)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as popen:
        try:
            yield popen
        finally:
            popen.kill()


def test_files_that_change_while_they_are_read_keep_stekd_from_nothing(daemon):
    directory, seed = daemon.run_dir / "web.stats", random.randrange(1 << 32)
    with changing(directory, 40, seed) as popen:
        sealing, changes = set(), 0
        while changes < CHANGES or len(sealing) < 3:
            changes = int(popen.stdout.readline())
            status = daemon.status("web")
            assert status["health"] == "fine" and status["consumers"]["files"] <= 40, seed
            sealing.add(next(key["seq"] for key in status["keys"] if key["state"] == "active"))
