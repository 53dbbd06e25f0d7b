# SPDX-License-Identifier: Apache-2.0
"""A program that makes an SSL_CTX for every connection, without and with peers that it verifies."""
from figures.demand import at_most
from figures.table import number, spread, table

from .run import by_round, program

TIMES = ("make", "ticket", "server")
PROGRAMS = ("plain", "verifies")
WORDS = {
    "plain": "an SSL_CTX for every connection",
    "verifies": "an SSL_CTX for every connection, peers verified",
}


def measure(run, figures):
    connections = 20 if run.quick else 300
    for of in PROGRAMS:
        for item in by_round(run, WORDS[of], program("percontext", of, run.rounds, connections)):
            name = ("percontext", of, item["tls"], item["keys"])
            for time in TIMES:
                figures.add(*name, time + " us", value=item[f"{time}_ns"] / 1000)


def _first_ticket(figures, *name):
    """Making the SSL_CTX and its first ticket."""
    return figures.get("percontext", *name, "make us").plus(
        figures.get("percontext", *name, "ticket us")
    )


def _connection(figures, *name):
    return figures.get("percontext", *name, "make us").plus(
        figures.get("percontext", *name, "server us")
    )


def _row(figures, *name):
    cells = (
        figures.get("percontext", *name, "make us"),
        figures.get("percontext", *name, "ticket us"),
        _first_ticket(figures, *name),
        _connection(figures, *name),
    )
    return [*name, *(f"{number(of.median)} {spread(of)}" for of in cells)]


def tables(figures):
    rows = [
        _row(figures, of, tls, keys)
        for of in PROGRAMS
        for tls in ("1.2", "1.3")
        for keys in ("own", "stek")
    ]
    return table(
        "percontext: an SSL_CTX for every connection: the server's CPU time in us",
        ["program", "TLS", "keys", "make", "first ticket", "make + ticket", "connection"],
        rows,
        "make: SSL_CTX_new(), certificate, SSL_CTX_free(). first ticket: the step of the handshake that makes "
        "and sends it. connection: make and the server's side of a full handshake. verifies: the program "
        "verifies peers, so that each SSL_CTX has ticket keys of its own.",
    )


def _added(whole, figures, *name):
    ratio = whole(figures, *name, "stek").over(whole(figures, *name, "own"))
    return type(ratio)(100 * (value - 1) for value in ratio.values)


def demands(figures):
    return [
        at_most(
            f"{WORDS[of]}, TLS {tls}: added to {words}",
            _added(whole, figures, of, tls),
            10,
            " %",
            1,
        )
        for of in PROGRAMS
        for tls in ("1.2", "1.3")
        for words, whole in (
            ("making it and its first ticket", _first_ticket),
            ("the whole connection", _connection),
        )
    ]
