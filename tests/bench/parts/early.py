# SPDX-License-Identifier: Apache-2.0
"""Early data at most once: the register, and what those pay that accept no early data."""
from figures.demand import at_most
from figures.table import number, spread, table

from .run import by_round, program

WINDOW = 1 << 24
OPS = {"issue": "a serial is given", "spend": "it is spent", "again": "refused the second time"}
SERVERS = {"none": "accepts no early data", "accepting": "accepts it, and none comes"}
WAYS = {"once": "once", "as_is": "as-is"}


def measure(run, figures):
    extent = (200, WINDOW // 64) if run.quick else (2000, WINDOW)
    for item in by_round(run, "early", program("early", run.rounds, *extent)):
        for name in OPS if item["part"] == "register" else WAYS:
            figures.add("early", item["part"], name, "ns", value=item[f"{name}_ns"])
        figures.add("early", item["part"], "resident KiB", value=item["resident_kib"])


def _row(figures, text, *name):
    series = figures.get("early", *name, "ns")
    return [text, number(series.median), spread(series)]


def tables(figures):
    out = table(
        "early data: the register, CPU time in ns",
        ["", "ns", ""],
        [_row(figures, text, "register", op) for op, text in OPS.items()],
        f"With a whole window spent it holds "
        f"{number(figures.get('early', 'register', 'resident KiB').median)} KiB; where no early "
        f"data is accepted, {number(figures.get('early', 'none', 'resident KiB').median)} KiB.",
    )
    rows = [
        _row(figures, f"{text}, early_data = {setting}", server, way)
        for server, text in SERVERS.items()
        for way, setting in WAYS.items()
    ]
    return out + table(
        "early data: the server's CPU time for a resumed TLS 1.3 handshake in ns",
        ["the server", "ns", ""],
        rows,
    )


def demands(figures):
    ways = [("early", "none", way, "ns") for way in WAYS]
    return [
        at_most(
            "early data: memory of the register where none is accepted",
            figures.get("early", "none", "resident KiB"),
            0,
            " KiB",
        ),
        at_most(
            "early data: memory of the register with a whole window",
            figures.get("early", "register", "resident KiB"),
            4100,
            " KiB",
        ),
        at_most(
            "early data: a handshake where none is accepted, once over as-is",
            figures.ratio(*ways),
            1.02,
            within_spread=True,
        ),
    ]
