#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prose has at most 80 columns; tables and blocks of code may be wider."""

from report import files, finish, options

COLUMNS = 80
FENCE = "```"
# How lines of a table begin, in Markdown and in scdoc.
TABLE = {".md": ("|",), ".scd": ("[[", "|", "]", ":", "  ")}


def prose(text, suffix):
    """(number, line) of each line that is neither code nor of a table."""
    code = False
    blank = True
    indented = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().startswith(FENCE):
            code = not code
            continue
        indented = suffix == ".md" and line.startswith("    ") and (blank or indented)
        blank = not line.strip()
        if not code and not indented and not line.startswith(TABLE[suffix]):
            yield number, line


def main():
    root = options(__doc__).root
    pages = [
        *sorted(root.glob("*.md")),
        *sorted(root.glob("examples/*.md")),
        *files(root, ["docs"], [".md"]),
        *files(root, ["man"], [".scd"]),
    ]
    finish(
        [
            f"{path.relative_to(root)}:{number}: {len(line.expandtabs(8))} columns, at most {COLUMNS}"
            for path in pages
            for number, line in prose(path.read_text(), path.suffix)
            if len(line.expandtabs(8)) > COLUMNS and " " in line.strip()
        ]
    )


if __name__ == "__main__":
    main()
