# SPDX-License-Identifier: Apache-2.0
"""The steps of the check. Each takes the builds and returns its Outcome."""

import os
import sys

from command import run
import openssl_suite
from outcome import Outcome, failure, from_pytest
import ports
from suites import PLAIN, checked, meson_tests

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lint"))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "bare"))
import checks  # pylint: disable=wrong-import-position
import debs  # pylint: disable=wrong-import-position
from report import LEFT_OUT  # pylint: disable=wrong-import-position

SANITIZED = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=0",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    # A forked child may start threads of its own.
    "TSAN_OPTIONS": "halt_on_error=0:exitcode=66:die_after_fork=0:second_deadlock_stack=1",
}
# Fixed addresses: the sanitizer's map of memory does not fit every random one.
FIXED_ADDRESSES = "setarch --addr-no-randomize"
VALGRIND = "valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --num-callers=30"


def unit(builds):
    """Unit tests as they are."""
    return meson_tests(builds.get("build"), "unit", PLAIN)


def pytest_tests(builds, folder, what, env, *selection, limit_s=3300):
    """Runs end-to-end tests on what is built in a folder."""
    report = folder / "check-e2e.xml"
    report.unlink(missing_ok=True)
    status, output = run(
        [
            "/usr/bin/python3",
            "-m",
            "pytest",
            "-q",
            "--tb=short",
            "-p",
            "no:cacheprovider",
            f"--junitxml={report}",
            "tests/e2e",
            *selection,
        ],
        builds.root,
        {**env, "STEK_BUILD": str(folder)},
        limit_s=limit_s,
    )
    return checked(
        from_pytest(report, output) if report.exists() else Outcome(), what, status, output
    )


def e2e(builds):
    """Real servers and clients on loopback."""
    return pytest_tests(builds, builds.get("build"), "end to end", {}, "-m", "not long")


def unit_long(builds):
    """The same with numbers that take minutes."""
    return meson_tests(builds.get("build"), "long", PLAIN)


def e2e_long(builds):
    """Those that watch for minutes on purpose."""
    return pytest_tests(builds, builds.get("build"), "long, end to end", {}, "-m", "long")


def asan(builds):
    """Unit tests, and what is done to stekd from outside, under AddressSanitizer, LeakSanitizer and
    UndefinedBehaviorSanitizer."""
    outcome = meson_tests(builds.get("build-asan"), "unit", SANITIZED, slower=10)
    outcome.add(
        pytest_tests(
            builds,
            builds.get("build-asan"),
            "stekd, end to end, under ASan",
            SANITIZED,
            "-k",
            "stekd_control or stekd_rings or stekd_metrics",
        )
    )
    return outcome


def tsan(builds):
    """What threads or processes share, under ThreadSanitizer."""
    usable = run(FIXED_ADDRESSES.split() + ["true"], builds.root)[0] == 0
    return meson_tests(
        builds.get("build-tsan"),
        "shared",
        SANITIZED,
        FIXED_ADDRESSES if usable else None,
        slower=15,
    )


def valgrind(builds):
    """Reads of uninitialised memory, in our code and in libcrypto's under our hands; and races of
    ours in libssl's memory, which ThreadSanitizer does not see."""
    outcome = meson_tests(builds.get("build"), "memory", {}, VALGRIND, slower=20)
    helgrind = f"/usr/bin/python3 {builds.root}/tests/run/helgrind.py"
    outcome.add(meson_tests(builds.get("build"), "races", {}, helgrind, slower=20))
    return outcome


def corpus(builds):
    """Every input that fuzzing has found worth keeping, once more."""
    return meson_tests(builds.get("build-asan"), "fuzz", SANITIZED, slower=10)


def model(builds):
    """The ring's protocol and its mutants in Spin."""
    outcome = Outcome()
    status, output = run(["/usr/bin/python3", "tests/model/model.py"], builds.root, limit_s=900)
    for line in output.splitlines():
        if line.startswith("ok "):
            outcome.add(Outcome(passed=1))
        elif line.startswith("FAILED "):
            outcome.add(failure(f"model: {line.split(None, 1)[1]}", output))
    return checked(outcome, "model", status, output)


def differential_tests(builds, *options):
    """Servers plain and with stek; each server counts as one."""
    outcome = Outcome()
    folder = builds.get("build")
    status, output = run(
        ["/usr/bin/python3", "tests/differential/differential.py", *options],
        builds.root,
        {"STEK_BUILD": str(folder)},
        limit_s=3600,
    )
    for line in output.splitlines():
        if line.startswith("ok "):
            outcome.add(Outcome(passed=1))
        elif line.startswith("FAILED "):
            outcome.add(failure(f"differential: {line.split(None, 1)[1]}", output))
    return checked(outcome, "differential", status, output)


def differential(builds):
    """One server of each kind, and fewer ways through it."""
    return differential_tests(builds, "--short")


def differential_long(builds):
    """All servers, all ways."""
    return differential_tests(builds)


def sim_long(builds):
    """Ten times as many seeds as in each check, and others."""
    seeds = ["--seed", 100000, "--seeds", 3000]
    command = [builds.get("build") / "tests" / "sim" / "sim", *seeds]
    status, output = run(command, builds.root, limit_s=3600)
    return Outcome(passed=3000) if status == 0 else failure("sim: 3,000 seeds", output)


def sim(builds):
    """Simulated fleets: many seeds, one of a thousand hosts, and what breaks on purpose. Each seed
    counts as one."""
    folder = builds.get("build")
    outcome = Outcome()
    for what, count, options in (
        ("seeds", 300, ["--seeds", 300]),
        ("a thousand hosts", 1, ["--seed", 3, "--nodes", 1000]),
    ):
        status, output = run(
            [folder / "tests" / "sim" / "sim", *options], builds.root, limit_s=1200
        )
        outcome.add(Outcome(passed=count) if status == 0 else failure(f"sim: {what}", output))
    status, output = run(["/usr/bin/python3", "tests/sim/mutants.py"], builds.root, limit_s=1200)
    noticed = [line for line in output.splitlines() if ": noticed by seed" in line]
    outcome.passed += len(noticed)
    if status != 0 or not noticed:
        outcome.add(failure("sim: faults put in on purpose", output))
    return outcome


def lint_result(name, status, output):
    """One check. One that found nothing where it could not look at everything says why."""
    if status == LEFT_OUT:
        return Outcome(skipped=[f"lint: {name}: {'; '.join(output.splitlines())}"])
    return Outcome(passed=1) if status == 0 else failure(f"lint: {name}", output)


def lint_outcome(builds, commands):
    """Each check counts as one."""
    outcome = Outcome()
    for name, argv in commands:
        outcome.add(lint_result(name, *run(argv, builds.root)))
    return outcome


def lint(builds):
    """The checks of tests/lint."""
    return lint_outcome(builds, checks.commands(builds.root, builds.get("build")))


STEPS = {
    "unit": ("unit tests", unit),
    "e2e": ("end-to-end tests", e2e),
    "asan": ("unit tests and stekd under ASan and UBSan", asan),
    "tsan": ("shared state under TSan", tsan),
    "valgrind": ("unit tests under valgrind", valgrind),
    "corpus": ("fuzz corpora replayed", corpus),
    "differential": ("servers with stek as without it", differential),
    "model": ("the ring's protocol in Spin", model),
    "sim": ("simulated fleets", sim),
    "lint": ("lint", lint),
}
# Run beside each other: servers that are waited for, and what keeps a processor busy.
WAITING = ("e2e", "differential")
COMPUTING = ("asan", "tsan", "valgrind", "corpus", "model", "sim", "lint")
# What is long by nature: make check-long, one step after the other.
LONG = {
    "openssl-suite": ("OpenSSL's own tests with the module", openssl_suite.suite),
    "unit-long": ("unit tests with numbers that take minutes", unit_long),
    "e2e-long": ("end-to-end tests that take minutes each", e2e_long),
    "musl": ("compiled and linked with musl", ports.musl),
    "arm64": ("shared state on arm64", ports.arm64),
    "packages": ("packages and images on bare systems", debs.debs),
    "sim-long": ("simulated fleets, 3,000 seeds", sim_long),
    "differential-long": ("all servers with stek as without it", differential_long),
}
