# SPDX-License-Identifier: Apache-2.0
"""The steps of `make check-on`, as they run inside a release's chroot."""

import shutil

from command import run
from outcome import Outcome, failure
from steps import PLAIN, checks, lint_outcome, meson_tests, pytest_tests


def built(builds, name):
    """A build without a warning counts as one test."""
    builds.get(name)
    return Outcome(passed=1)


def gcc(builds, _):
    """As it is shipped."""
    return built(builds, "build")


def clang(builds, _):
    """The other compiler has other warnings."""
    return built(builds, "build-clang")


def unit(builds, _):
    """All unit tests."""
    return meson_tests(builds.get("build"), "unit", PLAIN)


def demo(builds, _):
    """The demo checks by itself that its servers resumed."""
    folder = builds.get("build")
    argv = ["/usr/bin/python3", "demo/demo.py", "--connections", "80", "--visitors", "16"]
    status, output = run(argv, builds.root, {"STEK_BUILD": str(folder)}, limit_s=300)
    return Outcome(passed=1) if status == 0 else failure("demo", output)


def end_to_end(builds, release, what, marked):
    """Those of the release's selection that are marked so. A busy machine may take its time."""
    selection = ["-k", release.selection] if release.selection else []
    folder = builds.get("build")
    return pytest_tests(builds, folder, what, {}, "-m", marked, *selection, limit_s=7200)


def e2e(builds, release):
    """Real servers and clients on loopback."""
    return end_to_end(builds, release, "end to end", "not long")


def e2e_long(builds, release):
    """Those that watch for minutes on purpose."""
    return end_to_end(builds, release, "long, end to end", "long")


def lint(builds, release):
    """What the tools of this release can check."""
    if release.no_lint:
        return Outcome(skipped=[f"lint: {release.no_lint}"])
    found, outcome = [], Outcome()
    for name, argv in checks.commands(builds.root, builds.get("build")):
        if shutil.which(str(argv[0])):
            found.append((name, argv))
        else:
            outcome.skipped.append(f"lint: {name}: {argv[0]} is not there")
    outcome.add(lint_outcome(builds, found))
    return outcome


STEPS = {
    "gcc": ("built by gcc, no warning", gcc),
    "clang": ("built by clang, no warning", clang),
    "unit": ("unit tests", unit),
    "demo": ("the demo", demo),
    "e2e": ("end-to-end tests", e2e),
    "e2e-long": ("end-to-end tests that take minutes each", e2e_long),
    "lint": ("lint", lint),
}
