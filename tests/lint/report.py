# SPDX-License-Identifier: Apache-2.0
"""What the lint scripts share: their options, walking a tree, and how they end."""

import argparse
import pathlib
import sys


def options(about):
    """--root and --build, as paths."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(
        "--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2]
    )
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    return parser.parse_args()


def files(root, folders, endings):
    """The files under some folders of the tree with one of the endings, sorted."""
    found = [path for folder in folders for path in (root / folder).rglob("*")]
    return sorted(path for path in found if path.is_file() and path.name.endswith(tuple(endings)))


def finish(problems):
    """Prints the problems, one a line; any makes the script fail."""
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
