# SPDX-License-Identifier: Apache-2.0
"""What the module adds to the start of a program: one that uses TLS, and one that never makes an
SSL_CTX."""
import os
import statistics
import subprocess
import time

from figures.demand import at_most
from figures.table import number, spread, table
from harness import module
from harness.process import plain_environment

from .run import PROGRAMS, program

KINDS = {"tls": "an SSL_CTX", "crypto": "no SSL_CTX"}
LOADS = ("nothing", "empty module", "stek")
MEMORY = ("Rss", "Pss", "Private_Dirty", "Locked")


def _environments(run):
    """A program reads the system's configuration, or that and a module."""
    stek = module.compose(run.folder / "presence-stek.cnf")
    empty = run.folder / "presence-empty.cnf"
    text = stek.read_text().replace(str(module.build.MODULE), str(PROGRAMS / "bench-empty.so"))
    assert "bench-empty.so" in text
    empty.write_text(text)
    return {
        "nothing": plain_environment(),
        "empty module": plain_environment(OPENSSL_CONF=empty),
        "stek": plain_environment(OPENSSL_CONF=stek),
    }


def _start(args, env):
    """Wall and CPU time of one run, in ms."""
    begin = time.perf_counter()
    pid = os.posix_spawn(args[0], args, env)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - begin
    if status != 0:
        raise RuntimeError(f"{args[0]} ended with status {status}")
    return wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def _memory(args, env):
    """KiB by name."""
    text = subprocess.run(
        [*args, "memory"], env=env, check=True, capture_output=True, text=True
    ).stdout
    fields = dict(line.split(":", 1) for line in text.splitlines()[1:])
    return {name: int(fields[name].split()[0]) for name in MEMORY}


def measure(run, figures):
    environments = _environments(run)
    points = [
        (kind, load, program(f"start-{kind}"), environments[load])
        for kind in KINDS
        for load in LOADS
    ]
    for number_of_round in range(run.rounds):
        run.progress(f"presence: round {number_of_round + 1} of {run.rounds}")
        times = {}
        for _ in range(2 if run.quick else 30):
            for kind, load, args, env in points:
                times.setdefault((kind, load), []).append(_start(args, env))
        for kind, load, args, env in points:
            wall, cpu = zip(*times[kind, load])
            figures.add("presence", kind, load, "wall ms", value=statistics.median(wall))
            figures.add("presence", kind, load, "cpu ms", value=statistics.median(cpu))
            for name, kib in _memory(args, env).items():
                figures.add("presence", kind, load, f"{name} KiB", value=kib)


def _row(figures, kind, load):
    wall, cpu = (figures.get("presence", kind, load, f"{unit} ms") for unit in ("wall", "cpu"))
    memory = [f"{figures.get('presence', kind, load, name + ' KiB').median:.0f}" for name in MEMORY]
    return [
        KINDS[kind],
        load,
        number(wall.median),
        spread(wall),
        number(cpu.median),
        spread(cpu),
        *memory,
    ]


def tables(figures):
    return table(
        "presence: from start to end of the least program, in ms, and its memory in KiB",
        ["makes", "loads", "wall", "", "CPU", "", "RSS", "PSS", "private", "locked"],
        [_row(figures, kind, load) for kind in KINDS for load in LOADS],
        "private: private and written to. The empty module needs the same libraries as stek and does nothing.",
    )


def demands(figures):
    def added(kind, unit, to="nothing"):
        return figures.get("presence", kind, "stek", unit).less(
            figures.get("presence", kind, to, unit)
        )

    out = []
    for kind, words in KINDS.items():
        out += [
            at_most(
                f"a program that makes {words}: added to its start, wall time",
                added(kind, "wall ms"),
                1,
                " ms",
            ),
            at_most(
                f"a program that makes {words}: added memory, RSS",
                added(kind, "Rss KiB"),
                512,
                " KiB",
                0,
            ),
        ]
    return out + [
        at_most(
            "a program that makes no SSL_CTX: time beyond that of loading a module",
            added("crypto", "cpu ms", "empty module"),
            0.2,
            " ms",
        ),
        at_most(
            "a program that makes no SSL_CTX: memory beyond that of loading a module",
            added("crypto", "Private_Dirty KiB", "empty module"),
            64,
            " KiB",
            0,
        ),
    ]
