# SPDX-License-Identifier: Apache-2.0
"""A program that makes an SSL_CTX for every connection."""
from figures.demand import at_most
from figures.table import number, spread, table

from .run import by_round, program

TIMES = ("make", "ticket", "server")


def measure(run, figures):
    connections = 20 if run.quick else 300
    for item in by_round(
        run, "SSL_CTX per connection", program("percontext", run.rounds, connections)
    ):
        for time in TIMES:
            figures.add(
                "percontext",
                item["tls"],
                item["keys"],
                time + " us",
                value=item[f"{time}_ns"] / 1000,
            )


def _first_ticket(figures, tls, keys):
    """Making the SSL_CTX and its first ticket."""
    return figures.get("percontext", tls, keys, "make us").plus(
        figures.get("percontext", tls, keys, "ticket us")
    )


def _connection(figures, tls, keys):
    return figures.get("percontext", tls, keys, "make us").plus(
        figures.get("percontext", tls, keys, "server us")
    )


def _row(figures, tls, keys):
    cells = []
    for of in (
        lambda keys: figures.get("percontext", tls, keys, "make us"),
        lambda keys: figures.get("percontext", tls, keys, "ticket us"),
        lambda keys: _first_ticket(figures, tls, keys),
        lambda keys: _connection(figures, tls, keys),
    ):
        cells.append(f"{number(of(keys).median)} {spread(of(keys))}")
    return [tls, keys, *cells]


def tables(figures):
    rows = [_row(figures, tls, keys) for tls in ("1.2", "1.3") for keys in ("own", "stek")]
    return table(
        "percontext: an SSL_CTX for every connection: the server's CPU time in us",
        ["TLS", "keys", "make", "first ticket", "make + ticket", "connection"],
        rows,
        "make: SSL_CTX_new(), certificate, SSL_CTX_free(). first ticket: the step of the handshake that makes "
        "and sends it. connection: make and the server's side of a full handshake.",
    )


def _added(whole, figures, tls):
    ratio = whole(figures, tls, "stek").over(whole(figures, tls, "own"))
    return type(ratio)(100 * (value - 1) for value in ratio.values)


def demands(figures):
    return [
        at_most(
            f"an SSL_CTX for every connection, TLS {tls}: added to {words}",
            _added(whole, figures, tls),
            10,
            " %",
            1,
        )
        for tls in ("1.2", "1.3")
        for words, whole in (
            ("making it and its first ticket", _first_ticket),
            ("the whole connection", _connection),
        )
    ]
