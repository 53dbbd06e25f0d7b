# SPDX-License-Identifier: Apache-2.0
"""Opening and sealing through the callbacks, with libssl's allocation around them."""
from figures.demand import at_least, at_most
from figures.table import number, spread, table

from .run import by_round, program

BASE = "base"
FLOOR = "floor"
REFERENCE = "reference hmac"
STEK = ("stek hmac", "stek evp")
OPS = ("open", "seal")


def measure(run, figures):
    extent = ["--slices", "1", "--slice-us", "1000", "--contexts", "100"] if run.quick else []
    for item in by_round(run, "callback", program("callback", "--rounds", run.rounds, *extent)):
        name = ("callback", item["config"], item["way"], item["op"])
        figures.add(*name, "cpu ns", value=item["cpu_ns"] / item["ops"])
        # The threads' wall times are added up: so many calls in the time that each of them took.
        figures.add(*name, "calls/s", value=item["ops"] * 1e9 * item["threads"] / item["wall_ns"])

    # What a ticket costs even if the callback takes no time and the keys are in place.
    for kind in ("hmac", "evp"):
        for op in OPS:
            least = [
                figures.get("callback", BASE, way, op, "cpu ns")
                for way in (FLOOR, f"allocation {kind}")
            ]
            figures.derive(
                "callback", BASE, f"least {kind}", op, "cpu ns", of=least[0].plus(least[1])
            )


def _points(figures):
    """Config and way of each row, config by config."""
    points = dict.fromkeys(name[1:3] for name in figures.names() if name[0] == "callback")
    configs = list(dict.fromkeys(config for config, _ in points))
    return sorted(points, key=lambda point: configs.index(point[0]))


def _cells(figures, config, way):
    cells = []
    for op in OPS:
        series = figures.get("callback", config, way, op, "cpu ns")
        reference = figures.get("callback", BASE, REFERENCE, op, "cpu ns")
        cells += [number(series.median), spread(series), number(series.over(reference).median)]
    return cells


def _throughput(figures, way, op):
    """Calls a second of 2 threads over those of 1."""
    return figures.ratio(
        ("callback", "2 threads", way, op, "calls/s"), ("callback", BASE, way, op, "calls/s")
    )


def _processes(figures, way, op):
    """Calls a second of 2 processes over those of 1: what the machine has to give to two who share
    nothing."""
    return figures.ratio(
        ("callback", "2 processes", way, op, "calls/s"), ("callback", BASE, way, op, "calls/s")
    )


def _shared(figures, way, op):
    """Calls a second of 2 threads over those of 2 processes: what is lost by what threads share."""
    return figures.ratio(
        ("callback", "2 threads", way, op, "calls/s"),
        ("callback", "2 processes", way, op, "calls/s"),
    )


def tables(figures):
    points = _points(figures)
    rows = [[config, way, *_cells(figures, config, way)] for config, way in points]
    out = table(
        "callback: CPU time of one call in ns, and as a multiple of the base's reference hmac",
        ["config", "way", "open", "", "x ref", "seal", "", "x ref"],
        rows,
        "floor: the cipher and the MAC alone. allocation: making and freeing libssl's contexts alone. least: "
        "both, so what is left when a callback costs nothing.",
    )
    rows = [
        [
            way,
            *(
                number(of(figures, way, op).median)
                for of in (_throughput, _processes, _shared)
                for op in OPS
            ),
        ]
        for config, way in points
        if config == "2 threads"
    ]
    return out + table(
        "callback: calls a second, to open and to seal, of 2 threads over those of 1; of 2 processes over "
        "those of 1; and of 2 threads over 2 processes",
        ["way", "2 threads", "seal", "2 processes", "seal", "threads/processes", "seal"],
        rows,
        "Processes share nothing that is written: what they lack of 2 is the machine's, and what "
        "threads lack of them is lost by sharing.",
    )


def demands(figures):
    def time_of(config, way, op):
        return "callback", config, way, op, "cpu ns"

    out = []
    for way in STEK:
        for op in OPS:
            base = time_of(BASE, way, op)
            out += [
                at_most(
                    f"{way}: {op}, of the reference",
                    figures.ratio(base, time_of(BASE, REFERENCE, op)),
                    0.5,
                ),
                at_most(
                    f"{way}: {op}, of the floor", figures.ratio(base, time_of(BASE, FLOOR, op)), 2.2
                ),
            ]
            for config in ("63 records", "many contexts, hot", "rotating"):
                out.append(
                    at_most(
                        f"{way}: {op}, {config}, of the base",
                        figures.ratio(time_of(config, way, op), base),
                        1.05,
                    )
                )
            out += [
                at_least(
                    f"{way}: {op}, 2 threads, calls a second of 1",
                    _throughput(figures, way, op),
                    1.9,
                ),
                at_least(
                    f"{way}: {op}, 2 threads, calls a second of 2 processes",
                    _shared(figures, way, op),
                    0.95,
                ),
            ]
    return out
