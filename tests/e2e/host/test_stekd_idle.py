# SPDX-License-Identifier: Apache-2.0
"""stekd sleeps: it wakes when a key is due, and for nothing else. What 100 rings cost."""
import os
import re
import time
from pathlib import Path

import pytest

from harness import build
from harness.process import wait_for
from harness.stekd import Stekd

RINGS = 100
MEMORY_MAX_KB = 8192
QUIET_S = 10


@pytest.fixture(scope="module")
def daemon(work):
    with Stekd(
        work / "stekd-idle", **{f"ring{i}": {"rotate": "1h"} for i in range(RINGS)}
    ) as started:
        started.reload()
        yield started


def switches(pid):
    """How often the process gave up or lost the processor since it began."""
    return sum(
        map(int, re.findall(r"ctxt_switches:\s*(\d+)", Path(f"/proc/{pid}/status").read_text()))
    )


def cpu_ns(pid):
    """Time on a processor, exactly."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def is_asleep(pid):
    """Whether a second passes in which it does nothing."""
    before = switches(pid)
    time.sleep(1)
    return switches(pid) == before


def timer(pid):
    """What the kernel says of its timers."""
    return [
        text
        for text in (path.read_text() for path in Path(f"/proc/{pid}/fdinfo").iterdir())
        if "clockid" in text
    ]


def memory_kb(pid):
    return {
        name: int(kb)
        for name, kb in re.findall(
            r"^(VmRSS|RssAnon|RssFile|RssShmem|VmHWM|VmLck):\s*(\d+) kB",
            Path(f"/proc/{pid}/status").read_text(),
            re.MULTILINE,
        )
    }


@pytest.mark.skipif(build.sanitized(), reason="a sanitizer's memory is not stekd's")
def test_with_100_rings_it_stays_under_8_mb(daemon, figure):
    idle = memory_kb(daemon.pid)
    for _ in range(3):
        assert len(daemon.request(command="status")["rings"]) == RINGS
    busy = memory_kb(daemon.pid)
    figure(
        "memory of stekd with 100 rings",
        f"{idle['VmRSS']} kB resident when idle (heap, stack and data {idle['RssAnon']} kB, "
        f"ring files {idle['RssShmem']} kB, code and constants {idle['RssFile']} kB); {busy['VmRSS']} kB after status was "
        f"asked three times; {busy['VmHWM']} kB at most, through start and reload",
    )
    assert idle["VmRSS"] < MEMORY_MAX_KB and busy["VmRSS"] < MEMORY_MAX_KB
    assert idle["VmLck"] >= RINGS * 20


def test_idle_it_does_not_wake_at_all(daemon, figure):
    wait_for(lambda: is_asleep(daemon.pid), "what the test before had it do to be over")
    before, cpu_before = switches(daemon.pid), cpu_ns(daemon.pid)
    time.sleep(QUIET_S)
    woken, cpu = switches(daemon.pid) - before, cpu_ns(daemon.pid) - cpu_before
    figure("stekd with 100 idle rings", f"woke {woken} times in {QUIET_S} s, {cpu} ns of CPU")
    assert (woken, cpu) == (0, 0)


def test_control_the_counters_do_count(daemon):
    before = switches(daemon.pid), cpu_ns(daemon.pid)
    daemon.request(command="status")
    wait_for(
        lambda: switches(daemon.pid) > before[0] and cpu_ns(daemon.pid) > before[1],
        "a sign of the request",
    )


def test_its_alarm_is_set_for_the_next_rotation_and_for_changes_of_the_clock(daemon):
    """By the calendar (CLOCK_REALTIME is 0), absolute (1) and cancelled when the clock is set
    (2)."""
    (text,) = timer(daemon.pid)
    assert re.search(r"^clockid: 0$", text, re.MULTILINE) and re.search(
        r"^settime flags: 03$", text, re.MULTILINE
    )
    left_s = int(re.search(r"it_value: \((\d+),", text).group(1))
    due = min(
        key["active_until"]
        for ring in daemon.request(command="status")["rings"]
        for key in ring["keys"]
    )
    assert abs(time.time() + left_s - due) <= 2


def test_rotating_100_rings_takes_little(work, figure):
    """All of them at once, ten times: what a busy second costs."""
    with Stekd(
        work / "stekd-busy", **{f"ring{i}": {"rotate": "1s", "accept": "10s"} for i in range(RINGS)}
    ) as daemon:
        first = daemon.status("ring0")["keys"][-1]["seq"]
        cpu, began = cpu_ns(daemon.pid), time.monotonic()
        wait_for(
            lambda: daemon.status("ring0")["keys"][-1]["seq"] >= first + 10,
            "ten rotations",
            timeout_s=60,
            pause_s=0.5,
        )
        took_s, cpu_ms = time.monotonic() - began, (cpu_ns(daemon.pid) - cpu) / 1e6
        figure("100 rings that rotate every second", f"{cpu_ms / took_s:.1f} ms of CPU a second")
        answer = daemon.request(command="status")
    assert {key["origin"] for ring in answer["rings"] for key in ring["keys"]} == {"published"}
    assert os.path.exists(build.DAEMON)
