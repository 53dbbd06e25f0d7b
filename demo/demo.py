# SPDX-License-Identifier: Apache-2.0
"""
nginx and a Python server, neither of them changed: as they come and with stek, in two parts that
each end with a table.
Visitors come back to each again and again while stek's keys rotate every few seconds; in the first
part nginx is
reloaded once, in the second everything is restarted, stekd too.
"""
import argparse
import contextlib
import shutil
import signal
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import report  # noqa: E402
from measure import Arm, reload_nginx, restart_all  # noqa: E402
from harness import build, module, pki, process, stekd  # noqa: E402
from harness.servers import (  # noqa: E402
    PythonAfterFork,
    python_for_a_private_ring,
    reads_late,
)

PROGRAMS = {"nginx": "nginx", "openssl": "openssl", "/usr/bin/python3": "python3"}


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--connections", type=int, default=200, help="to each server in each TLS version"
    )
    parser.add_argument(
        "--visitors", type=int, default=40, help="that make them, in turns that a lot decides"
    )
    parser.add_argument("--rotate", type=int, default=2, help="seconds that a key of stek's seals")
    parser.add_argument(
        "--interval-ms", type=int, default=55, help="between two connections to a server"
    )
    return parser.parse_args()


def what_is_missing():
    """One line that says what to do, or nothing."""
    packages = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if packages:
        return (
            "not installed: " + " ".join(packages) + " (apt-get install " + " ".join(packages) + ")"
        )
    if build.missing(build.DEMO):
        return f"not built: {build.missing(build.DEMO)[0]} (run make)"
    return None


def interrupt_once(*_):
    """The first Ctrl-C stops the demo; no later one disturbs it while it stops its servers."""
    for number in process.STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def run_arm(title, certificates, openssl_conf, args, half_way, folder, at_the_end=lambda: None):
    """One arm at a time, so that it has the machine to itself."""
    with contextlib.ExitStack() as stack:
        place = folder / title.replace(" ", "-")
        arm = Arm(stack, place, certificates, openssl_conf, args, args.python)
        rows = arm.run(report.Progress(title, 4 * args.connections), half_way)
        at_the_end()
        return rows


def part_of_processes(args, certificates, folder):
    """The processes of a server share keys, and keep them over a reload. Returns what went
    wrong."""
    print(report.introduction(args, "nginx is reloaded half way."))
    conf = module.compose(folder / "stek.cnf", rotate=f"{args.rotate}s", accept="60s")
    args = argparse.Namespace(**{**vars(args), "python": python_for_a_private_ring()})
    results = {
        title: run_arm(title, certificates, openssl_conf, args, reload_nginx, folder)
        for title, openssl_conf in (("as they come", None), ("with stek", conf))
    }
    print(report.table(results))
    print(report.legend(args, reads_late()))
    print(report.meaning(results))
    return report.too_few(results)


def part_of_restarts(args, certificates, folder):
    """stekd keeps the keys: they outlive a restart of the servers, and of stekd itself."""
    changed = {"connections": args.connections // 2, "python": PythonAfterFork}
    args = argparse.Namespace(**{**vars(args), **changed})
    print(
        "\n"
        + report.introduction(
            args, "Half way all servers are stopped and started again, and so is stekd."
        )
    )
    with stekd.Stekd(
        folder / "stekd", web={"rotate": f"{args.rotate}s", "accept": "60s"}
    ) as daemon:
        conf = module.compose(folder / "host.cnf", ring=daemon.ring("web"))

        def restart_stekd_too(servers):
            daemon.restart()
            restart_all(servers)

        shown = []
        results = {
            "as they come": run_arm("as they come", certificates, None, args, restart_all, folder),
            "with stekd": run_arm(
                "with stekd",
                certificates,
                conf,
                args,
                restart_stekd_too,
                folder,
                lambda: shown.append(daemon.stek("status", "web").stdout.rstrip()),
            ),
        }
        print(report.table(results))
        print(report.meaning(results))
        print("\n`stek status web`, before the servers were stopped:\n\n" + shown[0])
        return report.too_few(results)


def run_parts(args, work):
    """Returns what went wrong, a line for each server."""
    (work / "pki").mkdir()
    certificates = pki.make(work / "pki")
    wrong = []
    for number, part in enumerate((part_of_processes, part_of_restarts)):
        folder = work / str(number)
        folder.mkdir(mode=0o755)
        wrong += part(args, certificates, folder)
    return wrong


def main():
    args = parse()
    for number in process.STOP_SIGNALS:
        signal.signal(number, interrupt_once)
    problem = what_is_missing()
    if problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    try:
        with tempfile.TemporaryDirectory(prefix="stek-demo-") as work:
            try:
                wrong = run_parts(args, Path(work))
            finally:
                process.stop_all()
    except KeyboardInterrupt:
        print("\ndemo: interrupted; everything that it started is stopped", file=sys.stderr)
        return 130
    except Exception as error:  # whatever went wrong, one line says it
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    for line in wrong:
        print(f"demo: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
