# SPDX-License-Identifier: Apache-2.0
"""Faults at random from a seed, in a fleet on one machine; who is connected; and tickets over all
hosts meanwhile."""
import contextlib
import json
import random
import signal
import threading
import time

from . import build
from .process import plain_environment, spawn, stop, wait_for
from .proxy import Relay


ELECTION_S = 3


class Node:
    """A host with a relay to each member, so that it can be cut off from all of them."""

    def __init__(self, fleet, stack):
        members = fleet.etcd.members
        self.relays = [stack.enter_context(Relay([member.port])) for member in members]
        urls = [f"{fleet.etcd.scheme}://127.0.0.1:{relay.port}" for relay in self.relays]
        self.member_of = dict(zip(urls, members))
        self.host = fleet.prepare(endpoints=" ".join(urls))
        stack.enter_context(self.host)
        self.away = False  # something is being done to it

    def each_relay(self, what):
        for relay in self.relays:
            getattr(relay, what)()


class Chaos:
    """with Chaos(fleet, seed, hosts=20) as chaos: chaos.run(120); chaos.heal()"""

    def __init__(self, fleet, seed, hosts):
        self.fleet = fleet
        self.random = random.Random(seed)
        self.stack = contextlib.ExitStack()
        self.nodes = [Node(fleet, self.stack) for _ in range(hosts)]
        self.members = {
            member.name: {"member": member, "away": False} for member in fleet.etcd.members
        }
        self.undo = []  # (when, what to do)
        self.log = []
        self.done = {}
        self.shaken = 0.0  # when a member last failed, or a quorum came back

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    # -- faults: each returns how it is undone --

    def kill_member(self, state):
        state["member"].kill()
        return state["member"].start

    def freeze_member(self, state):
        state["member"].freeze()
        return state["member"].thaw

    def kill_host(self, node):
        node.host.kill()
        return lambda: node.host.launch(wait=False)

    def stop_host(self, node):
        node.host.process.signal(signal.SIGSTOP)
        return lambda: node.host.process.signal(signal.SIGCONT)

    def cut_host(self, node):
        node.each_relay("cut")
        return lambda: node.each_relay("heal")

    def freeze_host(self, node):
        node.each_relay("freeze")
        return lambda: node.each_relay("heal")

    def pick(self):
        """A fault and whom it hits. One member is away at a time, and sometimes two, which takes
        the quorum. Between, the store has a while to itself."""
        members = [m for m in self.members.values() if not m["away"]]
        away = len(self.members) - len(members)
        calm = time.monotonic() - self.shaken > 2 * ELECTION_S
        if self.random.random() < 0.12 and (
            (away == 0 and calm) or (away == 1 and self.random.random() < 0.3)
        ):
            return self.random.choice([self.kill_member, self.freeze_member]), self.random.choice(
                members
            )
        nodes = [node for node in self.nodes if not node.away]
        fault = self.random.choice(
            [self.kill_host, self.stop_host, self.cut_host, self.freeze_host]
        )
        return (fault, self.random.choice(nodes)) if nodes else (None, None)

    def strike(self):
        fault, target = self.pick()
        if fault is None:
            return
        name = target["member"].name if isinstance(target, dict) else target.host.name
        for_s = self.random.uniform(0.5, 9)
        self.mark(target, True)
        undo = fault(target)
        self.log.append(f"{fault.__name__} {name} {for_s:.1f} s")
        self.done[fault.__name__] = self.done.get(fault.__name__, 0) + 1
        self.undo.append((time.monotonic() + for_s, undo, target))

    def mark(self, target, away):
        if isinstance(target, dict):
            target["away"] = away
            self.shaken = time.monotonic()
        else:
            target.away = away

    def repair(self, everything=False):
        now = time.monotonic()
        for entry in list(self.undo):
            when, undo, target = entry
            if everything or now >= when:
                undo()
                self.mark(target, False)
                self.undo.remove(entry)

    def run(self, seconds, enough=lambda: True, every=0.7):
        """For so long, and on until there is enough of what a test counts: four times at most."""
        begin = time.monotonic()
        while (spent := time.monotonic() - begin) < seconds or not (
            enough() or spent > 4 * seconds
        ):
            self.repair()
            self.strike()
            time.sleep(self.random.uniform(0.3, 1.1) * every)

    def heal(self):
        """Undoes all; returns when etcd answers and every stekd runs."""
        self.repair(everything=True)
        wait_for(self.fleet.etcd.is_healthy, "etcd to be healthy", timeout_s=60, pause_s=0.05)
        wait_for(
            lambda: all(node.host.serves() for node in self.nodes),
            "all stekds to serve",
            timeout_s=60,
        )

    # -- who is connected --

    def quorum(self):
        """
        Whether the store can take writes, and could for the last seconds: while it elects a leader
        nobody publishes, and who is cut off just then has no more than continuations, as if it had
        been cut off before.
        """
        if time.monotonic() - self.shaken < ELECTION_S:
            return False
        return sum(not state["away"] for state in self.members.values()) * 2 > len(self.members)

    def reaches(self, node, endpoint):
        member = node.member_of.get(endpoint)
        return not node.away and self.quorum() and member and not self.members[member.name]["away"]

    def is_connected(self, node):
        """Whether a host says so and nothing stands in its way, before and after it was asked."""
        if node.away or not self.quorum():
            return False
        try:
            with node.host.connect(timeout_s=1) as connection:
                connection.sendall(b'{"command": "fleet"}\n')
                answer = json.loads(connection.makefile().readline())
        except (OSError, ValueError):
            return False
        return (
            answer["online"]
            and answer["rings"][0]["synced"]
            and self.reaches(node, answer["endpoint"])
        )


class Traffic:
    """Tickets on all rings, while it is told who is connected."""

    def __init__(self, chaos, folder, window_ms, steady_ms=0):
        self.chaos = chaos
        self.secrets = folder / "secrets"
        self.output = open(folder / "traffic.out", "w+", encoding="utf-8")
        self.popen = spawn(
            [
                build.RING_TRAFFIC,
                "--window",
                window_ms,
                "--steady",
                steady_ms,
                "--secrets",
                self.secrets,
                *(node.host.ring("web") for node in chaos.nodes),
            ],
            input_pipe=True,
            stdout=self.output,
            env=plain_environment(),
            text=True,
        )
        self.ending = False
        self.connected = 0
        self.thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        self.thread.join()
        if not self.popen.stdin.closed:
            self.popen.stdin.close()
        stop(self.popen)
        self.output.close()

    def _watch(self):
        while not self.ending:
            for number, node in enumerate(self.chaos.nodes):
                if self.ending or self.popen.poll() is not None:
                    return
                if self.chaos.is_connected(node):
                    self.connected += 1
                    self.popen.stdin.write(f"{number}\n")
                    self.popen.stdin.flush()
            time.sleep(0.05)

    def finish(self):
        """Ends it; returns the sums and the losses."""
        self.ending = True
        self.thread.join()
        self.popen.stdin.close()
        self.popen.wait()
        self.output.seek(0)
        lines = [json.loads(line) for line in self.output]
        return lines[-1], lines[:-1]
