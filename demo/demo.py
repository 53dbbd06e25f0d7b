# SPDX-License-Identifier: Apache-2.0
"""
nginx and a Python server, neither of them changed: first as they come, then with stek. Visitors come back to each
again and again while nginx is reloaded once and stek's keys rotate every few seconds. Ends with a table.
"""
import argparse
import contextlib
import shutil
import signal
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/e2e"))
import report  # noqa: E402
from measure import Arm  # noqa: E402
from harness import build, module, pki, process  # noqa: E402

PROGRAMS = {"nginx": "nginx", "openssl": "openssl", "/usr/bin/python3": "python3"}


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=200, help="to each server in each TLS version")
    parser.add_argument("--visitors", type=int, default=40, help="that make them, in turns that a lot decides")
    parser.add_argument("--rotate", type=int, default=2, help="seconds that a key of stek's seals")
    parser.add_argument("--interval-ms", type=int, default=55, help="between two connections to a server")
    return parser.parse_args()


def what_is_missing():
    """One line that says what to do, or nothing."""
    packages = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if packages:
        return "not installed: " + " ".join(packages) + " (apt-get install " + " ".join(packages) + ")"
    if build.missing():
        return f"not built: {build.missing()[0]} (run make)"
    return None


def interrupt_once(*_):
    """The first Ctrl-C stops the demo; no later one disturbs it while it stops its servers."""
    for number in process.STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def run_arms(args, work):
    """Both arms after each other, so that they have the machine to themselves."""
    (work / "pki").mkdir()
    certificates = pki.make(work / "pki")
    conf = module.compose(work / "stek.cnf", rotate=f"{args.rotate}s", accept="60s")
    results = {}
    for title, openssl_conf in (("as they come", None), ("with stek", conf)):
        with contextlib.ExitStack() as stack:
            arm = Arm(stack, work / title.replace(" ", "-"), certificates, openssl_conf, args)
            results[title] = arm.run(report.Progress(title, 4 * args.connections))
    return results


def main():
    args = parse()
    for number in process.STOP_SIGNALS:
        signal.signal(number, interrupt_once)
    problem = what_is_missing()
    if problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    print(report.introduction(args))
    try:
        with tempfile.TemporaryDirectory(prefix="stek-demo-") as work:
            try:
                results = run_arms(args, Path(work))
            finally:
                process.stop_all()
    except KeyboardInterrupt:
        print("\ndemo: interrupted; everything that it started is stopped", file=sys.stderr)
        return 130
    except Exception as error:  # whatever went wrong, one line says it
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    print(report.table(results))
    print(report.legend(args))
    print(report.meaning(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
