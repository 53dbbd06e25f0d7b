# SPDX-License-Identifier: Apache-2.0
"""What the demo prints; no line is longer than 80 columns."""
import sys
import textwrap
import time

PLAIN_EVERY_S = 3
# With stek all of them resume; less than this is no accident of a busy machine.
RESUMED_MIN_PERCENT = 90


class Progress:
    """A line that is written over on a terminal; elsewhere a new line now and then."""

    def __init__(self, title, total):
        self.title = title
        self.total = total
        self.start = self.last = time.monotonic()
        self.line = ""

    def show(self, done, lost):
        now = time.monotonic()
        self.line = (
            f"{self.title:>12}: {done:4} of {self.total} connections, {lost:3} resumptions lost, "
            f"{now - self.start:4.1f} s"
        )
        if sys.stdout.isatty():
            print(f"\r{self.line}", end="", flush=True)
        elif now - self.last >= PLAIN_EVERY_S:
            self.last = now
            print(self.line, flush=True)

    def end(self):
        print(f"\r{self.line}" if sys.stdout.isatty() else self.line, flush=True)


def wrap(text):
    return textwrap.fill(" ".join(text.split()), 78)


def introduction(args, half_way):
    return (
        wrap(
            f"""nginx with 4 workers and a pre-forking Python server, neither changed, on loopback:
        {args.connections} connections to each in TLS 1.2 and in TLS 1.3 by {args.visitors}
        visitors, who come back with the ticket that they got last. {half_way}"""
        )
        + "\n"
    )


def table(results):
    left = 25
    lines = [
        " " * left + "".join(f"| {title:^24}" for title in results),
        f"{'server':8}{'TLS':5}{'handshakes':>10}  "
        + f"| {'resumed':>7}{'CPU ms':>9}{'keys':>7} " * len(results),
        "-" * left + ("+" + "-" * 25) * len(results),
    ]
    for rows in zip(*results.values()):
        lines.append(
            f"{rows[0].server:8}{rows[0].tls:5}{_handshakes(rows):>10}  "
            + "".join(map(_cells, rows))
        )
    return "\n" + "\n".join(line.rstrip() for line in lines) + "\n"


def _handshakes(rows):
    """In each arm, without those that failed."""
    return "/".join(sorted({str(len(row.visits) - len(row.visits.failed())) for row in rows}))


def _cells(row):
    return f"| {row.resumed_percent():5.0f} %{row.cpu_ms_per_handshake():9.2f}{len(row.visits.keys()):7} "


READS_LATE = """This Python reads the OpenSSL configuration with its first SSLContext. In this part,
its server makes one before the fork, too, in both columns. Else each of its processes would
have keys of its own."""


def legend(args, reads_late):
    return (
        "\n".join(
            map(
                wrap,
                (
                    "resumed: of the connections that came with a ticket. keys: distinct key names in the tickets.",
                    "CPU ms: CPU time of all the server's processes for one connection, full or resumed, with its HTTP answer.",
                    "nginx: as it comes, each start and each reload makes one key, and it stays until the next.",
                    "Python: as it comes, each of its 4 processes makes an SSLContext after the fork, with one key for life.",
                    f"stek: each key seals for {args.rotate} s; all processes share the keys, and so do they after the reload.",
                    "Certificates: ECDSA P-256.",
                    *([READS_LATE] if reads_late else []),
                ),
            )
        )
        + "\n"
    )


def _lost(rows):
    return sum(len(row.visits.lost()) for row in rows), sum(
        len(row.visits.returning()) for row in rows
    )


def _cpu_ms(rows):
    return sum(row.cpu_ns for row in rows) / 1e6 / sum(len(row.visits) for row in rows)


def too_few(results):
    """One line for each server with stek that its returning visitors resumed with too seldom."""
    return [
        f"{title}: only {row.resumed_percent():.0f} % resumed with {row.server} in TLS {row.tls}"
        for title, rows in results.items()
        if title.startswith("with ")
        for row in rows
        if row.resumed_percent() < RESUMED_MIN_PERCENT
    ]


def meaning(results):
    """One sentence, all of its figures measured."""
    stock, stek = results.values()
    stock_lost, stock_returning = _lost(stock)
    stek_lost, stek_returning = _lost(stek)
    stock_ms, stek_ms = _cpu_ms(stock), _cpu_ms(stek)
    change = 100 * (stek_ms - stock_ms) / stock_ms
    counts = sorted({len(row.visits.keys()) for row in stek})
    keys = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else counts[0]
    failed = sum(len(row.visits.failed()) for rows in results.values() for row in rows)
    return wrap(
        f"""What it means: as they come, these servers sent {stock_lost} of {stock_returning}
        returning visitors through a full handshake; with stek {stek_lost} of {stek_returning},
        although {keys} keys followed each other in each server's tickets, and a
        connection cost the servers {stek_ms:.2f} ms of CPU
        instead of {stock_ms:.2f} ({change:+.0f} %); {failed or 'no'} handshake{'s' * (failed > 1)} failed."""
    )
