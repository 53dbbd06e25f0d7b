#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Code stands as the formatters put it: clang-format with .clang-format, and black. Each version
puts some lines in another place, so only those of Debian 12 judge."""

import dataclasses
import re
import subprocess

from report import files, finish, options
from sizes import FOLDERS, is_python, is_source


@dataclasses.dataclass(frozen=True)
class Formatter:
    """`version` is the first number of the one that judges; `arguments` make it check only."""

    name: str
    version: str
    arguments: tuple

    def refusal(self):
        """Why it cannot judge here, or None."""
        try:
            said = subprocess.run([self.name, "--version"], capture_output=True, text=True).stdout
        except FileNotFoundError:
            return f"{self.name} is not there"
        found = re.search(r"\d+", said)
        if found and found[0] == self.version:
            return None
        return f"{said.splitlines()[0] if said else self.name}: version {self.version} judges"

    def passes(self, root, paths):
        """Whether it would change nothing in these files."""
        command = [str(word) for word in (self.name, *self.arguments, *paths)]
        return subprocess.run(command, cwd=root, capture_output=True, check=False).returncode == 0

    def problems(self, root, paths):
        """The files that it would change: all are looked at at once, and one by one when one
        differs."""
        if not paths or self.passes(root, paths):
            return []
        return [
            f"{path.relative_to(root)}: not as {self.name} puts it"
            for path in paths
            if not self.passes(root, [path])
        ]


CLANG_FORMAT = Formatter("clang-format", "14", ("--dry-run", "-Werror", "--style=file"))
BLACK = Formatter(
    "black", "23", ("--quiet", "--skip-string-normalization", "--line-length=100", "--check")
)


def main():
    root = options(__doc__).root
    sources = [path for path in files(root, FOLDERS, [""]) if is_source(path)]
    c_files = [path for path in sources if path.suffix in (".c", ".h")]
    python = [path for path in sources if is_python(path, path.read_text())]
    found, left_out = [], []
    for formatter, paths in ((CLANG_FORMAT, c_files), (BLACK, python)):
        refusal = formatter.refusal()
        if refusal:
            left_out.append(refusal)
        else:
            found += formatter.problems(root, paths)
    finish(found, left_out)


if __name__ == "__main__":
    main()
