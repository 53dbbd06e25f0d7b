#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every source file names its licence in its first three lines."""

from report import files, finish, options
from sizes import FOLDERS, is_source

TAG = "SPDX-License-Identifier: Apache-2.0"


def main():
    root = options(__doc__).root
    finish(
        [
            f"{path.relative_to(root)}: no {TAG!r} at the top"
            for path in files(root, FOLDERS, [""])
            if is_source(path)
            and not any(TAG in line for line in path.read_text().splitlines()[:3])
        ]
    )


if __name__ == "__main__":
    main()
