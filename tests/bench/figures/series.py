# SPDX-License-Identifier: Apache-2.0
"""One value for each round, and ratios of two that were measured in the same rounds."""
import statistics


class Series:
    """The values of all rounds, in their order."""

    def __init__(self, values):
        self.values = list(values)

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def quartiles(self):
        """The first and the third."""
        if len(self.values) < 2:
            return self.values[0], self.values[0]
        first, _, third = statistics.quantiles(self.values, n=4, method="inclusive")
        return first, third

    @property
    def spread_percent(self):
        """Half of the way between the quartiles, of the median."""
        first, third = self.quartiles
        return 50 * (third - first) / self.median if self.median else 0.0

    def over(self, other):
        """Round by round, so that what changes from round to round does not count."""
        return Series(a / b for a, b in zip(self.values, other.values))

    def less(self, other):
        return Series(a - b for a, b in zip(self.values, other.values))

    def plus(self, other):
        return Series(a + b for a, b in zip(self.values, other.values))

    def json(self):
        first, third = self.quartiles
        return {
            "median": self.median,
            "q1": first,
            "q3": third,
            "min": min(self.values),
            "max": max(self.values),
            "rounds": self.values,
        }


class Figures:
    """Series by name: a part of the benchmark, then whatever tells its points apart, then the
    unit."""

    def __init__(self):
        self._values = {}

    def add(self, *name, value):
        """The next round's value."""
        self._values.setdefault(name, []).append(value)

    def get(self, *name):
        return Series(self._values[name])

    def has(self, *name):
        return name in self._values

    def names(self):
        return list(self._values)

    def derive(self, *name, of):
        """A series made of another series; of a sum or a ratio, say."""
        self._values[name] = list(of.values)

    def ratio(self, name, to):
        return self.get(*name).over(self.get(*to))

    def json(self):
        return [{"name": list(name), **self.get(*name).json()} for name in self._values]
