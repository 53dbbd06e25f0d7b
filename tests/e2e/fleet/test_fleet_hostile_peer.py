# SPDX-License-Identifier: Apache-2.0
"""
A hostile HTTP/2 peer in etcd's place (tests/hostile/etcd_peer.py). A host goes on by itself as if
it were cut off, answers in time, takes little memory and processor time, and says what is wrong;
when etcd is back, so is the fleet.
"""
import os
import statistics
import sys
import time
from pathlib import Path

import pytest
from harness import build
from harness.process import Process, free_port, plain_environment, wait_for

ETCD = {}  # without TLS, open to everybody
PEER = Path(__file__).resolve().parents[2] / "hostile" / "etcd_peer.py"

# What a host says of each mode. Several modes at a time, each with a host and a peer of its own.
BROKE, SILENT, ODD = "the connection broke", "no answer in time", "an answer that is not from etcd"
# The first group is for every run; the others take longer, and measure.
FEW = "few"
GROUPS = {
    FEW: {
        "mute": SILENT,
        "short_message": "an answer without a message",
        "liar": "the store is older than what this host has seen of it",
    },
    "connections": {
        "mute": SILENT,
        "garbage": BROKE,
        "endless_garbage": SILENT,
        "goaway": BROKE,
        "goaway_storm": SILENT,
        "pings": BROKE,
        "settings_storm": BROKE,
        "window": SILENT,
        "small_frames": BROKE,
        "long_frame": BROKE,
    },
    "messages": {
        "trickle": SILENT,
        "message_length": "an answer larger than 4 MiB",
        "short_message": "an answer without a message",
        "body": ODD,
        "empty_messages": ODD,
        "compressed": ODD,
        "many_values": ODD,
        "many_events": ODD,
        "no_message": "an answer without a message",
        "reset": BROKE,
    },
    "heads": {
        "no_trailers": "the answer ended half-way",
        "wrong_trailers": "the answer ended half-way",
        "continuation": BROKE,
        "early_heads": BROKE,
        "long_trailers": BROKE,
    },
    "answers": {
        "events": "more events than a fleet has",
        "pages": "reading goes on and does not come to an end",
        "empty_pages": "a page without a key",
        "canceled": "no reading counts",
        "back": "no reading counts",
        "hang_up": BROKE,
        "liar": "the store is older than what this host has seen of it",
    },
}
MEMORY_MB, PROCESSOR, ANSWER_S, LINES, LINE_EVERY_S = 80, 0.6, 1, 60, 10


class Attacked:
    """A host whose etcd has become a hostile peer."""

    def __init__(self, folder, host, mode):
        self.host, self.mode, self.port = host, mode, free_port()
        self.peer = Process([sys.executable, PEER, mode, self.port], folder, plain_environment())
        self.peer.wait_until_listening(self.port)
        self.right = host.fleet["endpoints"]
        self.said = len(host.stderr())
        host.fleet["endpoints"] = f"http://127.0.0.1:{self.port}"
        host.reload()
        Path(f"/proc/{host.pid}/clear_refs").write_text("5")  # the most memory, from now on
        self.began, self.spent = time.monotonic(), self.processor_s()
        self.first, self.waits = host.active(), []

    def processor_s(self):
        text = Path(f"/proc/{self.host.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(text[11]) + int(text[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self):
        text = Path(f"/proc/{self.host.pid}/status").read_text()
        return int(text.split("VmHWM:")[1].split()[0]) / 1024

    def look(self):
        """Asks for the status; the key that seals is the one of this time."""
        asked, asked_at = time.monotonic(), time.time()
        keys = self.host.status("web")["keys"]
        self.waits.append(time.monotonic() - asked)
        active = [key for key in keys if key["state"] == "active"]
        assert len(active) == 1, (self.mode, keys)
        assert active[0]["active_until"] >= int(asked_at), (self.mode, keys)
        return active[0]["seq"]

    def lines(self):
        return [line for line in self.host.stderr()[self.said :].splitlines() if "fleet:" in line]

    def check_lines(self):
        took = time.monotonic() - self.began
        lines = self.lines()
        # A line that says how many were left out comes before one that was not.
        assert len(lines) <= LINES + 2 * took / LINE_EVERY_S + 2, (self.mode, lines)
        assert all(line.isprintable() for line in lines), (self.mode, lines)

    def measure(self):
        took = time.monotonic() - self.began
        share = (self.processor_s() - self.spent) / took
        return (self.memory_mb(), share, statistics.median(self.waits), len(self.lines()))

    def end(self):
        self.peer.stop()
        self.host.fleet["endpoints"] = self.right
        self.host.reload()


@pytest.fixture
def attack(folder):
    """attack(host, mode): from now on; at the end of the test no peer is left."""
    begun = []

    def begin(host, mode):
        begun.append(Attacked(folder, host, mode))
        return begun[-1]

    yield begin
    for attacked in begun:
        attacked.peer.stop()


def judge(group, attacked, figure):
    """What the peers of a group cost their hosts."""
    figures = {one.mode: one.measure() for one in attacked}
    worst = [max(values) for values in zip(*figures.values())]
    figure(
        f"hostile peers, {group}",
        f"at most {worst[0]:.0f} MB, {100 * worst[1]:.0f} % of a processor, {worst[2]:.2f} s for "
        f"the status, {worst[3]} lines",
    )
    if not build.sanitized():
        assert worst[0] < MEMORY_MB and worst[1] < PROCESSOR, figures
    assert worst[2] < ANSWER_S, figures


@pytest.mark.parametrize(
    "group",
    [pytest.param(name, marks=() if name == FEW else pytest.mark.long) for name in GROUPS],
)
def test_a_host_goes_on_by_itself_beside_a_hostile_peer(attack, fleet, figure, group):
    hosts = [fleet.host() for _ in GROUPS[group]]
    for host in hosts:
        host.wait_in_step()
    attacked = [attack(*pair) for pair in zip(hosts, GROUPS[group])]

    def done(one):
        said = GROUPS[group][one.mode]
        return one.look() > one.first + 2 and any(said in line for line in one.lines())

    wait_for(lambda: all([done(one) for one in attacked]), "every host", 40, pause_s=0.1)
    for one in attacked:
        one.check_lines()
    if group != FEW:
        judge(group, attacked, figure)
    for one in attacked:
        one.end()
    for host in hosts:
        host.wait_in_step(timeout_s=60)
    fleet.wait_equal(timeout_s=60)
