# SPDX-License-Identifier: Apache-2.0
"""Many rings, while SIGHUP comes ten times a second and each reload changes all of them, and while
many consumers start and end: stekd rotates on time, answers, and does not grow. `make check` runs
the small form, `make check-long` the one whose figures are in docs/performance.md."""
import os
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import keep_locking
import pytest

from harness import build, module
from harness.process import plain_environment, wait_for
from harness.stekd import Stekd

pytestmark = pytest.mark.skipif(build.sanitized(), reason="a sanitizer's memory is not stekd's")
LOCKED_FOR_EACH = 40 * 1024  # a ring file, and while a reload is prepared what is to be written
SIGNALS_A_SECOND = 10
RINGS_IN_USE = 20
AHEAD = 2


@dataclass
class Scale:
    """How much of all. A rotation may be `late_s` late: stekd's clock has whole seconds."""

    rings: int
    storm_s: int
    consumers: int
    rotate_s: int
    accept_s: int
    late_s: int

    def settings(self, age):
        return {
            "rotate": f"{self.rotate_s}s",
            "accept": f"{self.accept_s}s",
            "max_session_age": f"{age}h",
            "ahead": AHEAD,
        }


SMALL = Scale(rings=60, storm_s=3, consumers=200, rotate_s=2, accept_s=4, late_s=4)
LARGE = Scale(rings=1000, storm_s=60, consumers=10_000, rotate_s=4, accept_s=30, late_s=2)


@pytest.fixture(
    params=[
        pytest.param(SMALL, id="small"),
        pytest.param(LARGE, id="large", marks=pytest.mark.long),
    ]
)
def scale(request):
    return request.param


def rings_that_fit(wanted):
    """How many, and what goes before stekd's command line so that they do: without a privilege, a
    process may lock so much memory only."""
    hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    if hard == resource.RLIM_INFINITY or hard >= wanted * LOCKED_FOR_EACH:
        return wanted, []
    if keep_locking.possible():
        return wanted, [sys.executable, keep_locking.__file__]
    return min(wanted, hard // LOCKED_FOR_EACH), []


@pytest.fixture
def daemon(folder, scale):
    count, wrapper = rings_that_fit(scale.rings)
    rings = {f"ring{i}": scale.settings(24) for i in range(count)}
    with Stekd(folder / "stekd", wrapper=wrapper, **rings) as started:
        wait_for(lambda: full(started, scale), "all keys", timeout_s=2 * scale.accept_s)
        yield started


def full(daemon, scale):
    """Whether each ring has as many keys as it will ever have: those that open only, and others."""
    most = scale.accept_s // scale.rotate_s + 1 + AHEAD
    rings = daemon.request(command="status")["rings"]
    return all(len(ring["keys"]) >= most for ring in rings)


def memory_kb(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return {n: int(kb) for n, kb in re.findall(r"^(VmRSS|VmHWM|VmLck):\s*(\d+) kB", text, re.M)}


def does_not_grow(daemon, before):
    """Waits until no more memory is resident than before: answers of megabytes leave the heap in
    pieces, which a reload gives back. What leaked stays. Returns what is resident then."""

    def back():
        daemon.reload()
        after = memory_kb(daemon.pid)
        return after if after["VmRSS"] < before["VmRSS"] * 1.1 + 1024 else None

    return wait_for(back, f"no more memory than {before}")


def cpu_s(pid):
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def reloads(daemon):
    return daemon.stderr().count("configuration loaded")


@dataclass
class Worst:
    """The latest rotation and the slowest answer, in seconds, of the rings that were asked for."""

    late_s: float = 0
    answer_s: float = 0

    def ask(self, daemon, number):
        asked = time.time()
        status = daemon.status(f"ring{number % len(daemon.rings)}")
        self.answer_s = max(self.answer_s, time.time() - asked)
        assert status["health"] == "fine", f"after {number}: {status['health']}"
        policy = status["policy"]
        last = max(key["active_until"] for key in status["keys"])
        self.late_s = max(self.late_s, asked - (last - policy["ahead"] * policy["rotate_s"]))

    def __str__(self):
        late = f"a rotation {self.late_s:.1f} s late" if self.late_s > 0 else "no rotation late"
        return f"an answer in {self.answer_s * 1000:.0f} ms at most, {late}"


def replace_config(daemon):
    """In one step: stekd may be reading the one before."""
    place = daemon.config
    daemon.config = place.with_suffix(".new")
    daemon.write_config()
    daemon.config = daemon.config.replace(place)


def storm(daemon, scale):
    begin, worst = time.monotonic(), Worst()
    for number in range(scale.storm_s * SIGNALS_A_SECOND):
        for ring in daemon.rings.values():
            ring.update(scale.settings(24 + number % 2))
        replace_config(daemon)
        daemon.process.signal(1)
        worst.ask(daemon, number)
        time.sleep(max(0, begin + (number + 1) / SIGNALS_A_SECOND - time.monotonic()))
    return worst


def settled(daemon, ages):
    """Whether all rings are as the last configuration says."""
    rings = daemon.request(command="status")["rings"]
    return all(
        ring["health"] == "fine" and ring["policy"]["max_session_age_s"] == ages for ring in rings
    )


def test_reloads_ten_times_a_second_with_many_rings(daemon, scale, figure):
    assert settled(daemon, 24 * 3600)
    daemon.reload()
    memory, fds = memory_kb(daemon.pid), descriptors(daemon.pid)
    done, cpu = reloads(daemon), cpu_s(daemon.pid)
    worst = storm(daemon, scale)
    wait_for(lambda: settled(daemon, 25 * 3600), "the last configuration")
    cpu, done = cpu_s(daemon.pid) - cpu, reloads(daemon) - done
    after = does_not_grow(daemon, memory)
    figure(
        f"{scale.storm_s} s of SIGHUP, ten times a second, with {len(daemon.rings)} rings that "
        f"rotate every {scale.rotate_s} s",
        f"{done} reloads, {cpu:.1f} s of CPU time, {worst}, "
        f"{memory['VmRSS']} kB resident before and {after['VmRSS']} kB after, "
        f"{after['VmHWM']} kB at most, {after['VmLck']} kB locked",
    )
    assert "keeping the previous configuration" not in daemon.stderr()
    assert done >= scale.storm_s
    assert worst.late_s < scale.late_s, f"a ring was {worst.late_s:.1f} s late"
    wait_for(lambda: descriptors(daemon.pid) == fds, "its connections to be closed")


class Consumers:
    """Servers of one handshake each, some at a time, on some of the rings."""

    def __init__(self, daemon, folder, certificates, at_once=8):
        self.at_once, self.running = at_once, []
        self.commands = []
        for name in list(daemon.rings)[:RINGS_IN_USE]:
            conf = module.compose(folder / f"{name}.cnf", ring=daemon.ring(name))
            argv = [build.SHORT_SERVER, certificates.server.both]
            self.commands.append((argv, plain_environment(OPENSSL_CONF=conf)))

    def run(self, count):
        for number in range(count):
            argv, env = self.commands[number % len(self.commands)]
            self.running.append(subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL))
            if len(self.running) == self.at_once:
                assert self.running.pop(0).wait() == 0
            yield number
        for popen in self.running:
            assert popen.wait() == 0


def counters(daemon):
    """The files of counters that are there, when stekd has looked at all."""
    daemon.request(command="status")
    return list(daemon.run_dir.glob("*.stats/*"))


def test_many_consumers_that_start_and_end(daemon, scale, folder, certificates, figure):
    """Their files of counters are taken away again, what they counted stays, and no rotation is
    late by it."""
    daemon.reload()
    memory, cpu, began = memory_kb(daemon.pid), cpu_s(daemon.pid), time.monotonic()
    worst = Worst()
    for number in Consumers(daemon, folder, certificates).run(scale.consumers):
        if number % 50 == 0:
            worst.ask(daemon, number // 50)
    took, cpu = time.monotonic() - began, cpu_s(daemon.pid) - cpu
    wait_for(lambda: not counters(daemon), "the files of those that ended to be removed")
    after = does_not_grow(daemon, memory)
    figure(
        f"{scale.consumers} consumers of {RINGS_IN_USE} of " f"{len(daemon.rings)} rings",
        f"in {took:.0f} s: {cpu:.1f} s of stekd's CPU time, {worst}, "
        f"{memory['VmRSS']} kB resident before and {after['VmRSS']} kB after",
    )
    assert worst.late_s < scale.late_s, f"a ring was {worst.late_s:.1f} s late"
    rings = daemon.request(command="status")["rings"]
    assert sum(ring["tickets"]["sealed"] for ring in rings) >= scale.consumers
