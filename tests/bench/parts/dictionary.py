# SPDX-License-Identifier: Apache-2.0
"""Tickets that are tried against the audit's dictionary of weak keys, and that none of them
opens."""
from figures.demand import at_most
from figures.table import number, spread, table

from .run import by_round, program

VERSIONS = ("1.2", "1.3")
TICKETS = 200


def measure(run, figures):
    for item in by_round(
        run, "dictionary", program("dictionary", run.rounds, 5 if run.quick else 20)
    ):
        tls = item["tls"]
        figures.add("dictionary", tls, "ready s", value=item["ready_ns"] / 1e9)
        figures.add("dictionary", tls, "ticket ms", value=item["ticket_ns"] / 1e6)
        figures.add(
            "dictionary", tls, "all s", value=(item["ready_ns"] + TICKETS * item["ticket_ns"]) / 1e9
        )


def tables(figures):
    rows = []
    for tls in VERSIONS:
        found = [figures.get("dictionary", tls, what) for what in ("ready s", "ticket ms")]
        rows.append([tls, *(f"{number(of.median)} {spread(of)}" for of in found)])
    return table(
        "dictionary: CPU time to try its keys on a ticket that none opens",
        ["TLS", "made ready, s", "a ticket, ms"],
        rows,
        "Tickets of OpenSSL's layout and usual length, no two under one key: the slowest case.",
    )


def demands(figures):
    return [
        at_most(
            f"audit: {TICKETS} tickets of TLS {tls} against the dictionary, CPU time",
            figures.get("dictionary", tls, "all s"),
            10,
            " s",
        )
        for tls in VERSIONS
    ]
