#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy with .clang-tidy over our sources, as they are compiled, on all cores."""

import concurrent.futures
import json
import os
import re
import subprocess

from report import finish, options

FOLDERS = ("src", "examples", "tests/bench", "tests/fuzz", "tests/sim", "tests/tools", "tests/unit")
# Programs have one thread and may call exit() or getopt(); the libraries may not. Tests compare
# whole structures to
# see that nothing was touched, and stand in for functions of the C library.
ONE_THREAD = "-concurrency-mt-unsafe"
RELAXED = {
    "examples": ONE_THREAD,
    "src/cli": ONE_THREAD,
    "src/daemon": ONE_THREAD,
    "src/feed": ONE_THREAD,
    "src/journal": ONE_THREAD,
    "tests": f"{ONE_THREAD},-bugprone-suspicious-memory-comparison,-cert-exp42-c,-cert-flp37-c,"
    "-readability-inconsistent-declaration-parameter-name",
}
# gcc's warnings are errors in the build already, and gcc looks into OpenSSL's macros with a milder
# eye.
COMPILER = ("--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-cast-qual")


def below(path, folders):
    """Whether a path, relative to the root, lies in one of the folders."""
    return any(path.startswith(folder + os.sep) for folder in folders)


def sources(root, build):
    """The compiled C files below the folders, relative to the root."""
    entries = json.loads((build / "compile_commands.json").read_text())
    paths = {
        os.path.relpath(
            os.path.realpath(os.path.join(entry["directory"], entry["file"])),
            os.path.realpath(root),
        )
        for entry in entries
    }
    return sorted(path for path in paths if below(path, FOLDERS) and path.endswith(".c"))


def tidy(root, build, path):
    """What clang-tidy has against one file, or None."""
    checks = [f"--checks={less}" for folder, less in RELAXED.items() if below(path, [folder])]
    result = subprocess.run(
        ["clang-tidy", "--quiet", "-p", str(build.resolve()), *COMPILER, *checks, path],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode == 0:
        return None
    # The way to a finding of the analyser can be pages long; `clang-tidy -p build FILE` shows it.
    return (
        "\n".join(
            line for line in result.stdout.splitlines() if re.search(r": (error|warning): ", line)
        )
        or result.stdout
    )


def main():
    chosen = options(__doc__)
    found = sources(chosen.root, chosen.build)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [
            text
            for text in pool.map(lambda path: tidy(chosen.root, chosen.build, path), found)
            if text
        ]
    finish(problems if found else ["no source in compile_commands.json"])


if __name__ == "__main__":
    main()
