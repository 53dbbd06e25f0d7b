# SPDX-License-Identifier: Apache-2.0
"""The table of differences, in lines of at most 80 columns."""
from collections import defaultdict

from verdict import KINDS

WIDTH = 80
INDENT = " " * 6


def _cut(text):
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def table(differences, limit):
    """A heading for each server, arm and kind, then some of the journeys, and how many there
    are."""
    rows = defaultdict(list)
    for found in differences:
        rows[found.journey.server, found.arm, found.kind].append(found)
    lines = []
    for (server, arm, kind), entries in sorted(rows.items()):
        lines.append(_cut(f"{server:<10} {arm:<8} {kind:<9} {len(entries):>4}  {KINDS[kind]}"))
        for found in entries[:limit]:
            if found.journey.step:
                lines.append(_cut(f"{INDENT}{found.journey.group}: {found.journey}"))
            if found.detail:
                lines.append(_cut(f"{INDENT}  {found.detail}"))
        if len(entries) > limit:
            lines.append(f"{INDENT}and {len(entries) - limit} more")
    return "\n".join(lines)
