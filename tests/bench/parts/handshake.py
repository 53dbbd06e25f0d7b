# SPDX-License-Identifier: Apache-2.0
"""Whole handshakes in memory, client and server."""
from figures.demand import at_least
from figures.table import number, spread, table

from .run import by_round, program

KEYS = ("own", "reference", "stek")


def measure(run, figures):
    slices, slice_us = (1, 1000) if run.quick else (10, 10000)
    for item in by_round(run, "handshake", program("handshake", run.rounds, slices, slice_us)):
        name = ("handshake", item["tls"], item["kind"], item["keys"])
        figures.add(*name, "cpu us", value=item["cpu_ns"] / item["ops"] / 1000)
        figures.add(*name, "server cpu us", value=item["server_ns"] / item["ops"] / 1000)


def _row(figures, tls, kind, keys):
    cells = []
    for unit in ("cpu us", "server cpu us"):
        series = figures.get("handshake", tls, kind, keys, unit)
        own = figures.get("handshake", tls, kind, "own", unit)
        cells += [number(series.median), spread(series), number(series.over(own).median)]
    return [tls, kind, keys, *cells]


def tables(figures):
    points = list(dict.fromkeys(name[1:4] for name in figures.names() if name[0] == "handshake"))
    rows = [_row(figures, *point) for point in points]
    return table(
        "handshake: CPU time in us, both sides and the server's alone; multiples of OpenSSL's own keys",
        ["TLS", "kind", "keys", "both", "", "x own", "server", "", "x own"],
        rows,
        "In TLS 1.3 the reference gives no new ticket with a resumption: here its client offers the old one "
        "again.",
    )


def demands(figures):
    return [
        at_least(
            f"resumed handshakes of stek in TLS {tls}, of those with OpenSSL's own keys",
            figures.ratio(
                ("handshake", tls, "resumed", "own", "cpu us"),
                ("handshake", tls, "resumed", "stek", "cpu us"),
            ),
            1.00,
            within_spread=True,
        )
        for tls in ("1.2", "1.3")
    ]
