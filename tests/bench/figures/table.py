# SPDX-License-Identifier: Apache-2.0
"""Tables of at most 80 columns."""
import re
import textwrap

WIDTH = 80
NUMBER = re.compile(r"|-?[0-9.]+( ±[0-9]+%)?|±[0-9]+%")


def table(title, heads, rows, note=""):
    """Lines of a table: words to the left, numbers to the right. Rows are lists of strings."""
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    left = [all(not _is_number(row[i]) for row in rows) for i in range(len(heads))]

    def line(cells):
        padded = [
            cell.ljust(width) if to_left else cell.rjust(width)
            for cell, width, to_left in zip(cells, widths, left)
        ]
        return "  ".join(padded).rstrip()

    rule = ["-" * width for width in widths]
    lines = [
        *textwrap.wrap(title, WIDTH),
        "",
        line(heads),
        line(rule),
        *map(line, rows),
        "",
        *textwrap.wrap(note, WIDTH),
        *([""] if note else []),
    ]
    too_long = [text for text in lines if len(text) > WIDTH]
    assert not too_long, too_long
    return lines


def _is_number(cell):
    """Empty cells count as numbers, so that they do not move a column."""
    return NUMBER.fullmatch(cell) is not None


def number(value):
    """Three digits that count."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread(series):
    return f"±{series.spread_percent:.0f}%"
