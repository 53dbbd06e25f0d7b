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


# The status of a script that found nothing, but could not look at everything.
LEFT_OUT = 77


def finish(problems, left_out=()):
    """Prints the problems, one a line; any makes the script fail. So it does with what could not be
    looked at here, which is no failure."""
    for line in problems or left_out:
        print(line)
    if problems:
        sys.exit(1)
    sys.exit(LEFT_OUT if left_out else 0)
