#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Many stekds on one machine and one etcd: how fast an order reaches all of them, and what they
cost etcd.

An order is a revocation of all keys: a lease, a transaction with new records and a higher floor,
and the event that every host
gets. Measured is the time from the request on one host's control socket until the new floor stands
in each host's ring file.
With --proxies N hosts speak to N of etcd's own proxies; etcd's users are off then, since a proxy
cannot be one.
"""
import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import build  # noqa: E402
from harness.etcd import Etcd, GrpcProxy  # noqa: E402
from harness.fleet import Fleet  # noqa: E402
from harness.process import plain_environment, spawn, stop, wait_for  # noqa: E402

COUNTERS = (
    "grpc_server_started_total",
    "grpc_server_msg_received_total",
    "etcd_network_client_grpc_received_bytes_total",
    "etcd_network_client_grpc_sent_bytes_total",
)
WATCHES = "etcd_debugging_mvcc_watcher_total"


def counters(etcd):
    """The sums of etcd's own counters over all members."""
    sums = dict.fromkeys((*COUNTERS, WATCHES), 0.0)
    for member in etcd.members:
        text = subprocess.run(
            [
                "curl",
                "-s",
                "--cacert",
                etcd.pki.ca,
                "--cert",
                etcd.root.cert,
                "--key",
                etcd.root.key,
                member.url() + "/metrics",
            ],
            check=True,
            capture_output=True,
            text=True,
            env=plain_environment(),
        ).stdout
        for line in text.splitlines():
            name = line.split("{")[0].split(" ")[0]
            if name in sums:
                sums[name] += float(line.rsplit(" ", 1)[1])
    return sums


class Floors:
    """When each ring file got which floor."""

    def __init__(self, fleet, folder):
        self.path = folder / "floors"
        with open(self.path, "w", encoding="utf-8") as output:
            self.popen = spawn(
                [build.BUILD / "tests/tools/ring-floors", *(h.ring("web") for h in fleet.hosts)],
                input_pipe=True,
                stdout=output,
                env=plain_environment(),
                text=True,
            )

    def since(self, start_us, hosts):
        """Microseconds until each host had a new floor, once all have."""

        def all_seen():
            seen = {}
            for line in self.path.read_text().splitlines():
                number, _, at = line.split()
                if int(at) >= start_us:
                    seen.setdefault(int(number), int(at) - start_us)
            return seen if len(seen) == hosts else None

        return sorted(
            wait_for(all_seen, "every host to have the floor", timeout_s=60, pause_s=0.05).values()
        )

    def end(self):
        self.popen.stdin.close()
        stop(self.popen)


def progress(text):
    print(text, file=sys.stderr, flush=True)


def propagation(fleet, floors, orders):
    """Microseconds, one for each host and order."""
    times, last = [], []
    for number in range(orders):
        start = time.time_ns() // 1000
        answer = fleet.hosts[number % len(fleet.hosts)].request(
            command="revoke", ring="web", all=True
        )
        assert answer["ok"], answer
        seen = floors.since(start, len(fleet.hosts))
        times += seen
        last.append(seen[-1])
        progress(f"order {number + 1} of {orders}: the last host after {seen[-1] / 1000:.1f} ms")
        time.sleep(2)
    return times, last


def load(etcd, hosts, seconds, rotate_s):
    """Per host and rotation: calls, messages (a stream is one call), and bytes in and out, in a
    fleet that only rotates."""
    before, begun = counters(etcd), time.monotonic()
    time.sleep(seconds)
    after, took = counters(etcd), time.monotonic() - begun
    share = hosts * took / rotate_s
    return [(after[name] - before[name]) / share for name in COUNTERS]


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def run(options, folder):
    ring = {"rotate": f"{options.rotate}s", "accept": "60s", "ahead": 2}
    with contextlib.ExitStack() as stack:
        etcd = stack.enter_context(
            Etcd(folder / "etcd", members=3, tls=True, auth=not options.proxies)
        )
        proxies = [
            stack.enter_context(GrpcProxy(folder / f"proxy{number}", etcd))
            for number in range(options.proxies)
        ]
        fleet = stack.enter_context(Fleet(folder / "fleet", etcd, ring=ring))
        for number in range(options.hosts):
            fleet.host(
                endpoints=proxies[number % len(proxies)].url()
                if proxies
                else " ".join(etcd.endpoints())
            )
            if number % 20 == 19:
                progress(f"{number + 1} hosts of {options.hosts} are up")
        for host in fleet.hosts:
            host.wait_in_step(timeout_s=120)
        progress(f"measuring etcd's load for {options.seconds} s")
        requests, messages, received, sent = load(
            etcd, options.hosts, options.seconds, options.rotate
        )
        watches = counters(etcd)[WATCHES]
        floors = Floors(fleet, folder)
        time.sleep(1)
        try:
            times, last = propagation(fleet, floors, options.orders)
        finally:
            floors.end()
    through = f", {options.proxies} proxies between" if options.proxies else ""
    print(
        f"{options.hosts} hosts, 3 members of etcd{through}, one machine with {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    print(
        f"order to a host's ring file: median {statistics.median(times) / 1000:.1f} ms, "
        f"99th percentile {percentile(times, 0.99) / 1000:.1f} ms, most {max(times) / 1000:.1f} ms "
        f"({options.orders} orders, {len(times)} values)"
    )
    print(f"order to the last host: median {statistics.median(last) / 1000:.1f} ms")
    print(
        f"etcd's load per host and rotation (rotate = {options.rotate} s): {requests:.2f} requests, {messages:.2f} messages, "
        f"{received:.0f} bytes received, {sent:.0f} bytes sent; {watches:.0f} watches in all"
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--proxies", type=int, default=0)
    parser.add_argument("--orders", type=int, default=20)
    parser.add_argument("--rotate", type=int, default=20, help="seconds")
    parser.add_argument("--seconds", type=int, default=60, help="how long the load is measured")
    with tempfile.TemporaryDirectory(prefix="stek-bench-") as folder:
        run(parser.parse_args(), Path(folder))


if __name__ == "__main__":
    main()
