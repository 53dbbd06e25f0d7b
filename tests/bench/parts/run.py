# SPDX-License-Identifier: Apache-2.0
"""What all parts need of a run: how long, with what, and where."""
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from harness import build
from harness.process import plain_environment, spawn, stop

PROGRAMS = build.BUILD / "tests/bench"


@dataclass
class Run:
    rounds: int
    quick: bool
    folder: Path
    pki: object
    began: float

    def progress(self, text):
        print(f"bench: {time.monotonic() - self.began:4.0f} s  {text}", file=sys.stderr, flush=True)


def program(name, *args):
    return [str(PROGRAMS / f"bench-{name}"), *map(str, args)]


def objects(args):
    """The JSON objects that a program prints, as they come; its errors come through."""
    popen = spawn(args, stdout=subprocess.PIPE, text=True, env=plain_environment())
    try:
        yield from map(json.loads, popen.stdout)
        if popen.wait() != 0:
            raise RuntimeError(f"{args[0]} ended with {popen.returncode}")
    finally:
        popen.stdout.close()
        stop(popen)


def by_round(run, what, args):
    """The same, with a word for each round that is over."""
    current = 0
    run.progress(f"{what}: setting up")
    for item in objects(args):
        if item["round"] > current:
            current = item["round"]
            run.progress(f"{what}: round {current} of {run.rounds} done")
        if item["round"] >= 0:
            yield item
