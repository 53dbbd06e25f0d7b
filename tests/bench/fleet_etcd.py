#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Many stekds on one machine and one etcd: how fast an order reaches all of them, and what they
cost etcd.

An order is a revocation of all keys: a lease, a transaction with new records and a higher floor,
and the event that every host gets. Measured is the time from the request on one host's control
socket until the new floor stands in each host's ring file. Of what it costs: calls, messages and
bytes at the members, processor time and memory of stekds and members.

With --proxies N hosts speak to N of etcd's own proxies; etcd's users are off then, since a proxy
cannot be one. With a thousand hosts, give --rotate 60: a machine with few cores has enough to do.
"""
import argparse
import contextlib
import os
import resource
import signal
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
from harness.process import Gone, plain_environment, spawn, stop, wait_for  # noqa: E402
from harness.stekd import MEMORY  # noqa: E402

STEP = 25  # hosts that start at a time
HOST_MIB = 12  # what a host needs of memory, with room to spare
HOST_FILES = 40  # and how many files of its run directory

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
                [
                    build.BUILD / "tests/tools/ring-floors",
                    *(h.ring("web") for h in fleet.hosts),
                ],
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


# ---- what processes cost ----


def seconds_of(pids):
    """Processor time that these processes have used, all together."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_of(pid):
    """KiB: resident, its share of what is shared, and private."""
    kib = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split()[:2]
        kib[name.rstrip(":")] = int(value)
    return kib["Rss"], kib["Pss"], kib["Private_Clean"] + kib["Private_Dirty"]


def memory_line(who, pids):
    resident, share, private = zip(*map(memory_of, pids))
    return (
        f"memory of {who}: resident {statistics.median(resident):.0f} KiB (median), "
        f"private {statistics.median(private):.0f} KiB; all together {sum(share) / 1024:.0f} MiB"
    )


# ---- many hosts ----


def available_mib():
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    raise RuntimeError("/proc/meminfo has no MemAvailable")


def prepare_machine(hosts):
    """Takes what limits allow, and says at once what would not be enough."""
    for limit in (
        resource.RLIMIT_NOFILE,
        resource.RLIMIT_NPROC,
        resource.RLIMIT_MEMLOCK,
    ):
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (hard, hard))
    disk = os.statvfs(MEMORY)
    room = {
        f"{HOST_MIB} MiB of memory": available_mib() // HOST_MIB,
        f"{HOST_FILES} files in {MEMORY}": disk.f_favail // HOST_FILES,
        "4 open files": resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4,
    }
    for what, enough_for in room.items():
        if enough_for < hosts:
            sys.exit(f"{hosts} hosts need {what} each: there is enough for {enough_for}")


def end_all(fleet):
    """All at once: it takes long to look for what is left of one while there are so many."""
    running = [host for host in fleet.hosts if host.process and host.popen.poll() is None]
    for host in running:
        host.process.signal(signal.SIGTERM)
    wait_for(
        lambda: all([host.popen.poll() is not None for host in running]),
        "the hosts to end",
        timeout_s=120,
        pause_s=0.2,
    )


def start_step(fleet, endpoints):
    """So many hosts at the same time."""
    for each in endpoints:
        host = fleet.prepare(endpoints=each)
        fleet.stack.callback(host.close)
        host.start(wait=False)
    for host in fleet.hosts[-len(endpoints) :]:
        wait_for(host.serves, f"{host.name} to serve", timeout_s=60, pause_s=0.05)


def start_hosts(fleet, count, endpoint_of):
    begun = time.monotonic()
    for first in range(0, count, STEP):
        numbers = range(first, min(first + STEP, count))
        try:
            start_step(fleet, [endpoint_of(number) for number in numbers])
        except (Gone, OSError) as fault:
            sys.exit(f"stopped behind {first} hosts of {count}: {fault}")
        progress(
            f"{numbers[-1] + 1} hosts of {count} serve after {time.monotonic() - begun:.0f} s; "
            f"load {os.getloadavg()[0]:.1f}, {available_mib()} MiB of memory left"
        )
    for number, host in enumerate(fleet.hosts, 1):
        host.wait_in_step(timeout_s=120)
        if number % 100 == 0:
            progress(f"{number} hosts are in step after {time.monotonic() - begun:.0f} s")
    return time.monotonic() - begun


# ---- all of it ----


def endpoints_for(etcd, proxies):
    """Which endpoints the host of a number gets."""
    if not proxies:
        return lambda _: " ".join(etcd.endpoints())
    return lambda number: proxies[number % len(proxies)].url()


class Costs:
    """Processor time of stekds and members from here on, and their memory."""

    def __init__(self, etcd, fleet):
        self.of = {
            "a stekd": [host.pid for host in fleet.hosts],
            "a member": [member.process.pid for member in etcd.members],
        }
        self.before = {who: seconds_of(pids) for who, pids in self.of.items()}
        self.begun = time.monotonic()

    def lines(self, rotate_s):
        took = time.monotonic() - self.begun
        for who, pids in self.of.items():
            used = seconds_of(pids) - self.before[who]
            yield (
                f"processor time of {who}: "
                f"{used / len(pids) * rotate_s / took * 1000:.1f} ms per rotation, "
                f"all together {used / took * 100:.0f} % of one core"
            )
            yield memory_line(who, pids)


def run(options, folder):
    prepare_machine(options.hosts)
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
        up_s = start_hosts(fleet, options.hosts, endpoints_for(etcd, proxies))
        fleet.stack.callback(end_all, fleet)
        through = f", {options.proxies} proxies between" if options.proxies else ""
        print(
            f"{options.hosts} hosts, 3 members of etcd{through}, one machine with "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
            f"all in step {up_s:.0f} s after the first one started",
            flush=True,
        )
        progress(f"measuring etcd's load for {options.seconds} s")
        costs = Costs(etcd, fleet)
        requests, messages, received, sent = load(
            etcd, options.hosts, options.seconds, options.rotate
        )
        print(
            f"etcd's load per host and rotation (rotate = {options.rotate} s): "
            f"{requests:.2f} requests, {messages:.2f} messages, {received:.0f} bytes received, "
            f"{sent:.0f} bytes sent; {counters(etcd)[WATCHES]:.0f} watches in all"
        )
        print("\n".join(costs.lines(options.rotate)), flush=True)
        floors = Floors(fleet, folder)
        time.sleep(1)
        try:
            times, last = propagation(fleet, floors, options.orders)
        finally:
            floors.end()
        print(
            f"order to a host's ring file: median {statistics.median(times) / 1000:.1f} ms, "
            f"99th percentile {percentile(times, 0.99) / 1000:.1f} ms, "
            f"most {max(times) / 1000:.1f} ms "
            f"({options.orders} orders, {len(times)} values)"
        )
        print(f"order to the last host: median {statistics.median(last) / 1000:.1f} ms")


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
