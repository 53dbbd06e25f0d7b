#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Measures stek against OpenSSL's own ticket keys, the manual page's callback, and the bare cipher and
MAC: everything in
one run, and in turn, so that ratios mean something on any machine. Ends with what must be shown,
and whether it was.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from figures import demand, document  # noqa: E402
from figures.series import Figures  # noqa: E402
from harness import pki, process  # noqa: E402
import parts  # noqa: E402
from parts import instructions  # noqa: E402
from parts.run import Run  # noqa: E402

ALL = {**parts.ALL, "instructions": instructions}


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(
        "--quick", action="store_true", help="two short rounds: does it work at all?"
    )
    parser.add_argument("--only", nargs="+", choices=ALL, help="these parts (all but instructions)")
    parser.add_argument("--json", type=Path, help="write every figure into this file as well")
    parser.add_argument(
        "--document", type=Path, help="put the output into this file, after its mark"
    )
    parser.add_argument(
        "--strict", action="store_true", help="fail if something is not shown that must be"
    )
    return parser.parse_args()


def machine():
    """What the figures depend on."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "unknown",
    )
    openssl = subprocess.run(
        ["openssl", "version"],
        check=True,
        capture_output=True,
        text=True,
        env=process.plain_environment(),
    ).stdout.split()
    return {
        "openssl": " ".join(openssl[:2]),
        "processor": model,
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


def measure(args, chosen):
    """Runs the parts; returns the figures."""
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="stek-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "pki").mkdir()
        run = Run(
            2 if args.quick else args.rounds,
            args.quick,
            folder,
            pki.make(folder / "pki"),
            time.monotonic(),
        )
        try:
            for part in chosen:
                part.measure(run, figures)
        finally:
            process.stop_all()
    return figures


def told(about, figures, demands, chosen):
    """All of it as lines of text."""
    missed = sum(not one.holds for one in demands)
    return [
        f"{about['openssl']}, {about['cores']} cores, load {about['load']:.1f} at the start.",
        "Medians of all rounds; ± is half of the way between the quartiles.",
        "",
        *(line for part in chosen for line in part.tables(figures)),
        *demand.lines(demands),
        f"{len(demands) - missed} of {len(demands)} are shown.",
    ]


def as_json(about, figures, demands):
    return (
        json.dumps(
            {
                "machine": about,
                "figures": figures.json(),
                "demands": [one.json() for one in demands],
            },
            indent=1,
        )
        + "\n"
    )


def main():
    args = parse()
    for number in process.STOP_SIGNALS:
        signal.signal(number, signal.default_int_handler)
    chosen = [ALL[name] for name in args.only or parts.ALL]
    about = machine()
    figures = measure(args, chosen)
    demands = [one for part in chosen for one in part.demands(figures)]
    lines = told(about, figures, demands, chosen)
    if args.json:
        args.json.write_text(as_json(about, figures, demands))
    if args.document:
        document.fill(args.document, about, lines)
    print("\n".join(lines))
    return 1 if args.strict and not all(one.holds for one in demands) else 0


if __name__ == "__main__":
    sys.exit(main())
