#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the models with Spin: each protocol must hold, and each mutant of it must be found out."""

import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
# Each model, and what Spin must say of its mutants.
MODELS = {
    "ring.pml": {
        "MUTANT_GENERATION_FIRST": "assertion violated",
        "MUTANT_OLD_SIDE_STAYS": "assertion violated",
        "MUTANT_TAKE_OVER_WITHOUT_SCRUB": "assertion violated",
        "MUTANT_ONE_LOOK": "assertion violated",
        "MUTANT_READER_WAITS": "invalid end state",
    },
    "fleet.pml": {
        "MUTANT_NO_IF_ABSENT": "assertion violated",
        "MUTANT_FLOOR_NOT_COMPARED": "assertion violated",
        "MUTANT_BEFORE_YES": "assertion violated",
        "MUTANT_OWN_WINS": "assertion violated",
        "MUTANT_FORGETS": "assertion violated",
    },
    "epoch.pml": {
        "MUTANT_OWN_CLOCK": "assertion violated",
        "MUTANT_STORES_CLOCK": "assertion violated",
        "MUTANT_NO_HOUR": "assertion violated",
        "MUTANT_FLOOR_NOT_ASKED": "assertion violated",
        "MUTANT_FLOOR_STAYS": "assertion violated",
        "MUTANT_SEALED_TODAY": "assertion violated",
        "MUTANT_BELOW_THE_FLOOR": "assertion violated",
        "MUTANT_NOT_COMPARED": "assertion violated",
        "MUTANT_MEMORY_FIRST": "assertion violated",
    },
    "early.pml": {
        "MUTANT_NO_BIT": "assertion violated",
        "MUTANT_NO_BLOCK_NUMBER": "assertion violated",
        "MUTANT_BLOCK_NUMBER_SHRINKS": "assertion violated",
        "MUTANT_NO_SWAP": "assertion violated",
        "MUTANT_TWO_SWAPS": "assertion violated",
        "MUTANT_LOCK": "invalid end state",
    },
    "instance.pml": {
        "MUTANT_NO_SWAP": "assertion violated",
        "MUTANT_HALF_AN_ID": "assertion violated",
        "MUTANT_FIRST_DRAWS_ALL": "invalid end state",
    },
}
COMPILER = ["gcc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=2048"]


def run(argv, folder):
    """Runs a program to its end; what it says. Raises CalledProcessError."""
    return subprocess.run(
        argv,
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    ).stdout


def verify(model, defines):
    """Searches all states. Returns (errors, states, what Spin said)."""
    with tempfile.TemporaryDirectory(prefix="stek-model-") as folder:
        said = run(["spin", *(f"-D{name}" for name in defines), "-a", str(HERE / model)], folder)
        run([*COMPILER, "-o", "pan", "pan.c"], folder)
        said += run(["./pan", "-m1000000"], folder)
    errors = re.search(r"errors: (\d+)", said)
    states = re.search(r"(\d+(?:\.\d+)?(?:e\+\d+)?) states, stored", said)
    incomplete = "max search depth too small" in said or "reached -DMEMLIM bound" in said
    if not errors or not states or incomplete or "out of memory" in said:
        raise RuntimeError(f"the search was not complete:\n{said}")
    return int(errors.group(1)), int(float(states.group(1))), said


def claims():
    """Yields (what must be so, whether it is, what Spin said)."""
    for model, mutants in MODELS.items():
        errors, states, said = verify(model, [])
        yield f"{model}: the protocol holds in all {states} states", errors == 0, said
        for mutant, fault in mutants.items():
            errors, _, said = verify(model, [mutant])
            yield f"{model}: {mutant} is found out: {fault}", errors > 0 and fault in said, said


def main():
    failed = 0
    for claim, holds, said in claims():
        print(("ok      " if holds else "FAILED  ") + claim, flush=True)
        if not holds:
            failed += 1
            print(said)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
