# SPDX-License-Identifier: Apache-2.0
"""Runs one suite of unit tests of a build, and counts it."""

from command import run
from outcome import Outcome, failure, from_meson

PLAIN = {"MALLOC_PERTURB_": "165"}


def checked(outcome, what, status, output):
    """Adds a failure where no test ran, or where the runner failed and no test did."""
    if outcome.passed + len(outcome.failed) + len(outcome.skipped) == 0:
        outcome.add(failure(f"{what}: no test ran", output))
    elif status != 0 and not outcome.failed:
        outcome.add(failure(f"{what}: the runner ended with status {status}", output))
    return outcome


def meson_tests(folder, suite, env, wrapper=None, slower=4):
    """Runs one suite of a build; a suite without a program in it is a failure."""
    logs = folder / "meson-logs"
    for old in logs.glob(f"check-{suite}*"):
        old.unlink()
    options = ["--wrapper", wrapper] if wrapper else []
    status, output = run(
        [
            "meson",
            "test",
            "-C",
            folder,
            "--no-rebuild",
            "--suite",
            suite,
            "--logbase",
            f"check-{suite}",
            "--timeout-multiplier",
            slower,
            *options,
        ],
        folder,
        env,
    )
    reports = list(logs.glob(f"check-{suite}*.json"))
    return checked(
        from_meson(reports[0]) if reports else Outcome(), f"suite {suite}", status, output
    )
