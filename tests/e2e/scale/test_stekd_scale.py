# SPDX-License-Identifier: Apache-2.0
"""What many rings cost, while SIGHUP comes ten times a second for a minute, and each reload changes
all of them: stekd rotates on time, answers, and does not grow."""
import os
import re
import resource
import time
from pathlib import Path

import pytest

from harness import build
from harness.process import wait_for
from harness.stekd import Stekd

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(build.sanitized(), reason="a sanitizer's memory is not stekd's"),
]
RINGS = 1000
LOCKED_FOR_EACH = 40 * 1024  # a ring file, and while a reload is prepared what is to be written
MINUTE_S = 60
SIGNALS_A_SECOND = 10
ROTATE_S = 4
LATE_S = 2  # stekd's clock has whole seconds


def rings_that_fit():
    """Without a privilege, a process may lock so much memory only."""
    hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    return RINGS if hard == resource.RLIM_INFINITY else min(RINGS, hard // LOCKED_FOR_EACH)


def settings(age):
    return {
        "rotate": f"{ROTATE_S}s",
        "accept": "30s",
        "max_session_age": f"{age}h",
    }


@pytest.fixture
def daemon(folder):
    rings = {f"ring{i}": settings(24) for i in range(rings_that_fit())}
    hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    limit = "unlimited" if hard == resource.RLIM_INFINITY else str(hard)
    with Stekd(folder / "stekd", wrapper=["prlimit", f"--memlock={limit}"], **rings) as started:
        yield started


def memory_kb(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return {n: int(kb) for n, kb in re.findall(r"^(VmRSS|VmHWM|VmLck):\s*(\d+) kB", text, re.M)}


def cpu_s(pid):
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def reloads(daemon):
    return daemon.stderr().count("configuration loaded")


def late_s(daemon, ring):
    """How long ago a ring was due that still has its old keys; and how long the answer took."""
    asked = time.time()
    status = daemon.status(ring)
    last = max(key["active_until"] for key in status["keys"])
    ahead = (status["policy"]["ahead"]) * ROTATE_S
    return asked - (last - ahead), time.time() - asked, status["health"]


def storm(daemon):
    """SIGHUP for a minute. Returns the latest rotation, and the slowest answer, in seconds."""
    begin = time.monotonic()
    latest, slowest = 0, 0
    for number in range(MINUTE_S * SIGNALS_A_SECOND):
        for ring in daemon.rings.values():
            ring.update(settings(24 + number % 2))
        daemon.write_config()
        daemon.process.signal(1)
        late, took, health = late_s(daemon, f"ring{number % len(daemon.rings)}")
        assert health == "fine", f"after {number} signals: {health}"
        latest, slowest = max(latest, late), max(slowest, took)
        time.sleep(max(0, begin + (number + 1) / SIGNALS_A_SECOND - time.monotonic()))
    return latest, slowest


def settled(daemon, ages):
    """Whether all rings are as the last configuration says."""
    rings = daemon.request(command="status")["rings"]
    return all(
        ring["health"] == "fine" and ring["policy"]["max_session_age_s"] == ages for ring in rings
    )


def test_a_minute_of_reloads_with_many_rings(daemon, figure):
    assert settled(daemon, 24 * 3600)
    daemon.reload()
    memory, fds = memory_kb(daemon.pid), descriptors(daemon.pid)
    done, cpu = reloads(daemon), cpu_s(daemon.pid)
    latest, slowest = storm(daemon)
    cpu = cpu_s(daemon.pid) - cpu
    done = reloads(daemon) - done
    wait_for(lambda: settled(daemon, 25 * 3600), "the last configuration")
    daemon.reload()
    after = memory_kb(daemon.pid)
    figure(
        f"a minute of SIGHUP, ten times a second, with {len(daemon.rings)} rings that rotate "
        f"every {ROTATE_S} s",
        f"{done} reloads, {cpu:.1f} s of CPU time, an answer in {slowest * 1000:.0f} ms at most, "
        f"{memory['VmRSS']} kB resident before and {after['VmRSS']} kB after, "
        f"{after['VmLck']} kB locked",
    )
    assert "keeping the previous configuration" not in daemon.stderr()
    assert done >= MINUTE_S
    assert latest < LATE_S, f"a ring was {latest:.1f} s late"
    wait_for(lambda: descriptors(daemon.pid) == fds, "its connections to be closed")
    assert after["VmRSS"] < memory["VmRSS"] * 1.1 + 1024
