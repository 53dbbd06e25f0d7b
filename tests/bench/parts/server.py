# SPDX-License-Identifier: Apache-2.0
"""
nginx with two workers, its tickets sealed with OpenSSL's own keys, its own key file's, or stek's:
of a private ring, and of
a ring that stekd keeps.
"""
import contextlib
from pathlib import Path

from figures.demand import at_least, at_most
from figures.table import number, spread, table
from harness import keyfile, module
from harness.servers.nginx import Nginx
from harness.stekd import Stekd

from .run import objects, program

STEK = ("stek", "stek host")
KEYS = ("own", "key file", *STEK)
VERSIONS = ("1.2", "1.3")


def cpu_ns(pids):
    """CPU time that processes of one thread have had."""
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids)


def visit(port, seconds, *options):
    """What bench-client tells of its connections; one that failed makes the rest meaningless."""
    (result,) = objects(program("client", "--port", port, "--seconds", seconds, *options))
    if result["failed"]:
        raise RuntimeError(f"{result['failed']} connections failed: {result['error']}")
    return result


def _servers(run, stack):
    """All servers run at once: one that gets no request just waits."""
    stekd = stack.enter_context(Stekd(run.folder / "stekd", web={}))
    options = {
        "own": {},
        "key file": {"ticket_key": keyfile.nginx(run.folder / "nginx.tickets")},
        "stek": {"openssl_conf": module.compose(run.folder / "nginx.cnf")},
        "stek host": {
            "openssl_conf": module.compose(run.folder / "nginx-host.cnf", ring=stekd.ring("web"))
        },
    }
    return {
        keys: stack.enter_context(
            Nginx(run.folder / f"nginx-{keys.replace(' ', '-')}", run.pki, workers=2, **more)
        )
        for keys, more in options.items()
    }


def measure(run, figures):
    seconds = 0.1 if run.quick else 1.0
    with contextlib.ExitStack() as stack:
        servers = _servers(run, stack)
        for number_of_round in range(run.rounds):
            run.progress(f"server: round {number_of_round + 1} of {run.rounds}")
            for tls in VERSIONS:
                for keys, server in servers.items():
                    workers = server.process.children()
                    before = cpu_ns(workers)
                    result = visit(server.port, seconds, "--tls", tls)
                    add(figures, ("server", tls, keys), result, cpu_ns(workers) - before)


def add(figures, name, result, server_ns):
    """Enters a client's result."""
    figures.add(*name, "connections/s", value=result["connections"] * 1e9 / result["wall_ns"])
    figures.add(*name, "resumed %", value=100 * result["resumed"] / max(1, result["offered"]))
    figures.add(*name, "server us", value=server_ns / 1000 / result["connections"])


def row(figures, name, base):
    """Cells: connections a second, resumed, CPU, each with its spread or ratio to the base."""
    rate, cpu = figures.get(*name, "connections/s"), figures.get(*name, "server us")
    return [
        number(rate.median),
        spread(rate),
        number(rate.over(figures.get(*base, "connections/s")).median),
        f"{figures.get(*name, 'resumed %').median:.1f}",
        number(cpu.median),
        spread(cpu),
        number(cpu.over(figures.get(*base, "server us")).median),
    ]


HEADS = ["conn/s", "", "x own", "% resumed", "CPU us", "", "x own"]


def tables(figures):
    rows = [
        [tls, keys, *row(figures, ("server", tls, keys), ("server", tls, "own"))]
        for tls in VERSIONS
        for keys in KEYS
    ]
    return table(
        "server: nginx, 2 workers: connections a second, resumed, the workers' CPU time per connection",
        ["TLS", "keys", *HEADS],
        rows,
        "% resumed: of the connections that offered a ticket. stek host: with a ring that stekd keeps.",
    )


def demands(figures):
    def ratio(keys, tls, unit, to):
        return figures.ratio(("server", tls, keys, unit), ("server", tls, to, unit))

    out = []
    for keys in STEK:
        for tls in VERSIONS:
            out += [
                at_least(
                    f"nginx, TLS {tls}: resumed with {keys}, of those that offered a ticket",
                    figures.get("server", tls, keys, "resumed %"),
                    100,
                    " %",
                    1,
                ),
                at_least(
                    f"nginx, TLS {tls}: connections a second with {keys}, of OpenSSL's own keys",
                    ratio(keys, tls, "connections/s", "own"),
                    1.00,
                    within_spread=True,
                ),
                at_least(
                    f"nginx, TLS {tls}: connections a second with {keys}, of its own key file",
                    ratio(keys, tls, "connections/s", "key file"),
                    1.00,
                    within_spread=True,
                ),
                at_most(
                    f"nginx, TLS {tls}: CPU time per connection with {keys}, of its own key file",
                    ratio(keys, tls, "server us", "key file"),
                    1.00,
                    within_spread=True,
                ),
            ]
    return out
