# SPDX-License-Identifier: Apache-2.0
"""A system call that fails for a passing reason destroys nothing: the ring file that was good
stays, one line has the error's name, and the next start goes on with it. strace injects the
faults."""
import re
import shutil

import pytest

from harness import build
from harness.process import Gone
from harness.stekd import Stekd

pytestmark = [
    pytest.mark.skipif(build.sanitized(), reason="strace and a leak sanitizer exclude each other"),
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]
# Each system call that stekd makes for a ring file that it takes over, and an error of each kind.
FAULTS = [
    ("openat", "ENFILE"),
    ("newfstatat", "EIO"),
    ("pread64", "EIO"),
]
MORE_FAULTS = [
    ("openat", "EMFILE"),
    ("openat", "EINTR"),
    ("fchown", "ENOMEM"),
    ("fchmod", "EIO"),
    ("mmap", "ENOMEM"),
    ("mlock", "ENOMEM"),
]
READS_THE_TIME, TAKES_OVER = range(2)


@pytest.fixture
def kept(folder):
    """A host whose stekd has made a ring and ended."""
    with Stekd(folder / "stekd", options=["--no-sandbox"], web={}) as daemon:
        daemon.stop()
        yield daemon


def calls(daemon, log):
    """The system calls of a start, in their order."""
    run(daemon, ["strace", "-D", "-f", "-o", str(log)])
    return [
        found.group(1) + (" of the ring" if "web.ring" in line else "")
        for line in log.read_text().splitlines()
        for found in [re.match(r"\d+ +(\w+)\(", line)]
        if found
    ]


def run(daemon, wrapper):
    """Starts it under a wrapper and ends it; what it said."""
    daemon.wrapper = wrapper
    try:
        daemon.launch()
    except Gone:
        pass
    finally:
        said = daemon.process.stderr()
        daemon.stop()
        daemon.wrapper = []
    return said


def places(seen, name, look):
    """Which call of that name is the first for the ring file in a look at it: it is read once for
    the time of its last change, and then taken over."""
    opens = [i for i, call in enumerate(seen) if call == "openat of the ring"]
    return [call.split()[0] for call in seen[: opens[look]]].count(name) + 1


def run_with_a_fault(daemon, folder, fault, look):
    """Starts it while a call in that look fails, and ends it; what it said."""
    name, error = fault
    when = places(calls(daemon, folder / "calls"), name, look)
    inject = f"inject={name}:error={error}:when={when}"
    return run(daemon, ["strace", "-D", "-f", "-o", "/dev/null", "-e", inject])


@pytest.mark.parametrize(
    "name, error",
    FAULTS + [pytest.param(*fault, marks=pytest.mark.long) for fault in MORE_FAULTS],
)
def test_a_call_that_fails_leaves_the_ring_as_it_was(kept, folder, name, error):
    ring = kept.ring("web")
    node, before = ring.stat().st_ino, ring.read_bytes()
    said = run_with_a_fault(kept, folder, (name, error), TAKES_OVER)
    assert error in said, said
    assert (ring.stat().st_ino, ring.read_bytes()) == (node, before)
    assert "taken over" in run(kept, [])
    assert ring.stat().st_ino == node


@pytest.mark.parametrize("name, error", FAULTS)
def test_a_call_that_fails_when_the_time_of_the_last_change_is_read_stops_nothing(
    kept, folder, name, error
):
    ring = kept.ring("web")
    node = ring.stat().st_ino
    assert "taken over" in run_with_a_fault(kept, folder, (name, error), READS_THE_TIME)
    assert ring.stat().st_ino == node
