#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy with .clang-tidy over our sources, as they are compiled, on all cores."""

import concurrent.futures
import json
import os
import subprocess

from report import finish, options

FOLDERS = ("src", "tests/fuzz", "tests/tools")


def sources(root, build):
    """The compiled C files below the folders."""
    entries = json.loads((build / "compile_commands.json").read_text())
    paths = {os.path.realpath(os.path.join(entry["directory"], entry["file"])) for entry in entries}
    wanted = tuple(os.path.join(os.path.realpath(root), folder) + os.sep for folder in FOLDERS)
    return sorted(path for path in paths if path.startswith(wanted) and path.endswith(".c"))


def tidy(build, path):
    """What clang-tidy has against one file, or None."""
    result = subprocess.run(["clang-tidy", "--quiet", "-p", str(build), "--extra-arg=-Wno-unknown-warning-option", path],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return result.stdout if result.returncode != 0 else None


def main():
    chosen = options(__doc__)
    found = sources(chosen.root, chosen.build)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [text for text in pool.map(lambda path: tidy(chosen.build, path), found) if text]
    finish(problems if found else ["no source in compile_commands.json"])


if __name__ == "__main__":
    main()
