# SPDX-License-Identifier: Apache-2.0
"""What the benchmark must show, and whether it did."""
import textwrap
from dataclasses import dataclass

from .table import WIDTH


@dataclass(frozen=True)
class Demand:
    """Something to be shown: in words, the limit, what was measured, and whether that is enough."""

    text: str
    limit: str
    measured: str
    holds: bool

    def json(self):
        return {
            "demand": self.text,
            "limit": self.limit,
            "measured": self.measured,
            "holds": self.holds,
        }


def at_most(text, series, limit, unit="", digits=2, within_spread=False):
    """The median is the measure; within the spread, it is the better quartile."""
    best = series.quartiles[0] if within_spread else series.median
    return _demand(text, series, f"<= {limit}{unit}", best <= limit, unit, digits)


def at_least(text, series, limit, unit="", digits=2, within_spread=False):
    """The same the other way round."""
    best = series.quartiles[1] if within_spread else series.median
    return _demand(text, series, f">= {limit}{unit}", best >= limit, unit, digits)


def _demand(text, series, limit, holds, unit, digits):
    first, third = series.quartiles
    measured = f"{series.median:.{digits}f}{unit} ({first:.{digits}f} to {third:.{digits}f})"
    return Demand(text, limit, measured, holds)


def lines(demands):
    """The list, as text."""
    out = ["Must show", ""]
    for demand in demands:
        head = textwrap.wrap(
            f"{'yes' if demand.holds else 'NO ':4}{demand.text}", WIDTH, subsequent_indent="    "
        )
        out += [*head, f"      {demand.limit:12} measured {demand.measured}"]
    return [*out, ""]
