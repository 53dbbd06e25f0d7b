#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Code stands as the formatters put it: clang-format with .clang-format, and black."""

import subprocess

from report import files, finish, options
from sizes import FOLDERS, is_python, is_source

BLACK = ["black", "--quiet", "--skip-string-normalization", "--line-length=100", "--check"]
CLANG_FORMAT = ["clang-format", "--dry-run", "-Werror", "--style=file"]


def passes(argv, root, paths):
    """Whether the formatter would change nothing in these files."""
    command = [str(word) for word in (*argv, *paths)]
    return subprocess.run(command, cwd=root, capture_output=True, check=False).returncode == 0


def problems(root, argv, paths):
    """The files that a formatter would change: all are looked at at once, and one by one when one
    differs."""
    if not paths or passes(argv, root, paths):
        return []
    return [
        f"{path.relative_to(root)}: not as {argv[0]} puts it"
        for path in paths
        if not passes(argv, root, [path])
    ]


def main():
    root = options(__doc__).root
    sources = [path for path in files(root, FOLDERS, [""]) if is_source(path)]
    c_files = [path for path in sources if path.suffix in (".c", ".h")]
    python = [path for path in sources if is_python(path, path.read_text())]
    finish(problems(root, CLANG_FORMAT, c_files) + problems(root, BLACK, python))


if __name__ == "__main__":
    main()
