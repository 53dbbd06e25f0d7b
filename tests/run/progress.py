# SPDX-License-Identifier: Apache-2.0
"""What a run of tests says while it runs: lines with the time since the start, and counts."""

import re
import resource
import time

from builds import BuildFailed
from outcome import failure

COUNTED = "{} passed, {} failed, {} skipped"
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")


class Progress:
    """Lines with the time since the start, and with a prefix where one is given."""

    def __init__(self, start=None, prefix=""):
        self.start = time.monotonic() if start is None else start
        self._prefix = prefix

    def say(self, text):
        minutes, seconds = divmod(int(time.monotonic() - self.start), 60)
        print(f"[{minutes:2}:{seconds:02}] {self._prefix}{text}", flush=True)


def counts(outcome):
    return COUNTED.format(outcome.passed, len(outcome.failed), len(outcome.skipped))


def read_counts(line):
    """(passed, failed, skipped) of a closing line; None for any other line."""
    found = COUNTS.match(line.rstrip("\n"))
    return tuple(map(int, found.groups())) if found else None


def cpu_s():
    """What everything that was started and has ended took of the processors, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run_step(title, step, builds, progress):
    """One step; what breaks it is one failed test, and the next step still runs."""
    progress.say(f"{title} ...")
    before = cpu_s()
    try:
        outcome = step(builds)
    except BuildFailed as problem:
        outcome = failure(f"{title}: the build", str(problem))
    if outcome.output:
        print(outcome.output, flush=True)
    for figure in outcome.figures:
        print(f"        {figure}", flush=True)
    progress.say(f"{title}: {counts(outcome)} ({cpu_s() - before:.0f} s of CPU)")
    return outcome


def close(total):
    """Names what was left out and what failed, then the one line of counts. Returns the exit
    status."""
    for name in total.skipped:
        print(f"skipped: {name}")
    for name in total.failed:
        print(f"failed: {name}")
    print(counts(total), flush=True)
    return 1 if total.failed else 0
