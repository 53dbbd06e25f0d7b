# SPDX-License-Identifier: Apache-2.0
"""Eight server processes behind a round-robin balancer, and all of them restarted in turn while
clients come."""
import contextlib
import json
import signal
import subprocess
import time

from figures.demand import at_least, at_most
from figures.series import Series
from figures.table import number, table
from harness import module
from harness.process import Process, free_port, plain_environment, spawn, stop, wait_for

from .run import program
from .server import HEADS, add, cpu_ns, row, visit

WORKERS = 8
KEYS = ("own", "stek")
# Of each thread; so many that it is the lot, not the turn, that decides to which process a client
# comes back.
CLIENTS = 25
QUICK_CLIENTS = 3


class Fleet:
    """bench-fleet-server, with or without the module."""

    def __init__(self, run, openssl_conf):
        self.port = free_port()
        folder = run.folder / f"fleet-{self.port}"
        folder.mkdir()
        identity = run.pki.server
        args = program("fleet-server", self.port, WORKERS, identity.cert, identity.key)
        self.process = Process(args, folder, plain_environment(OPENSSL_CONF=openssl_conf))

    def __enter__(self):
        self.process.wait_until_listening(self.port)
        wait_for(lambda: len(self.process.children()) == WORKERS, "the workers")
        return self

    def __exit__(self, *_):
        self.process.stop()

    def restarts(self):
        return self.process.stdout().count("restarted")

    def restart(self):
        """Asks for the restart of every worker in turn."""
        self.process.signal(signal.SIGHUP)


def _options(run):
    return ["--tls", "1.3", "--threads", 4, "--clients", QUICK_CLIENTS if run.quick else CLIENTS]


def _visit_through_restart(run, fleet, seconds):
    """The same clients come before, while and after the workers are restarted; their result."""
    before = fleet.restarts()
    popen = spawn(
        program("client", "--port", fleet.port, "--seconds", seconds, *_options(run)),
        stdout=subprocess.PIPE,
        env=plain_environment(),
    )
    try:
        time.sleep(seconds * 0.4)
        fleet.restart()
        result = json.loads(popen.communicate()[0])
    finally:
        stop(popen)
    wait_for(lambda: fleet.restarts() > before, "the restarted workers")
    if result["failed"]:
        raise RuntimeError(f"{result['failed']} connections failed: {result['error']}")
    return result


def measure(run, figures):
    seconds = 0.2 if run.quick else 1.0
    conf = {"own": None, "stek": module.compose(run.folder / "fleet.cnf")}
    with contextlib.ExitStack() as stack:
        fleets = {keys: stack.enter_context(Fleet(run, conf[keys])) for keys in KEYS}
        for number_of_round in range(run.rounds):
            run.progress(f"fleet: round {number_of_round + 1} of {run.rounds}")
            for keys, fleet in fleets.items():
                workers = fleet.process.children()
                before = cpu_ns(workers)
                result = visit(fleet.port, seconds, *_options(run))
                add(figures, ("fleet", "steady", keys), result, cpu_ns(workers) - before)
            for keys, fleet in fleets.items():
                result = _visit_through_restart(run, fleet, 2 * seconds)
                figures.add(
                    "fleet",
                    "restart",
                    keys,
                    "resumed %",
                    value=100 * result["resumed"] / result["offered"],
                )
                figures.add(
                    "fleet", "restart", keys, "lost", value=result["offered"] - result["resumed"]
                )


def tables(figures):
    rows = [
        [keys, *row(figures, ("fleet", "steady", keys), ("fleet", "steady", "own"))]
        for keys in KEYS
    ]
    restarts = [
        [
            keys,
            f"{figures.get('fleet', 'restart', keys, 'resumed %').median:.1f}",
            number(figures.get("fleet", "restart", keys, "lost").median),
        ]
        for keys in KEYS
    ]
    return table(
        f"fleet: {WORKERS} processes behind a round-robin balancer, TLS 1.3", ["keys", *HEADS], rows
    ) + table(
        "fleet: while each process in turn is restarted",
        ["keys", "% resumed", "lost"],
        restarts,
        "lost: offered a ticket and had to shake hands in full.",
    )


def demands(figures):
    def resumed(when, keys):
        return figures.get("fleet", when, keys, "resumed %")

    lost = figures.get("fleet", "restart", "stek", "lost")
    return [
        at_least(
            f"{WORKERS} processes: resumed with stek", resumed("steady", "stek"), 100, " %", 1
        ),
        at_most(
            f"{WORKERS} processes: resumed with OpenSSL's own keys (1 in {WORKERS} is 12.5)",
            resumed("steady", "own"),
            15,
            " %",
            1,
        ),
        at_most(
            "restart of every process: sessions lost with stek, worst round",
            Series([max(lost.values)]),
            0,
            "",
            0,
        ),
    ]
