# SPDX-License-Identifier: Apache-2.0
"""Runs etcd-probe: a connection to etcd as stekd keeps one, and what it hears."""
import json

from . import build
from .process import plain_environment, spawn, stop, wait_for


class Probe:
    """with Probe(folder, endpoints, identity, ca) as probe: probe.wait("online")"""

    def __init__(self, folder, endpoints, identity=None, ca=None, prefix="/stek/v1/", pace_ms=500):
        args = [build.ETCD_PROBE, "--prefix", prefix, "--pace", pace_ms]
        if ca:
            args += ["--ca", ca]
        if identity:
            args += ["--cert", identity.cert, "--key", identity.key]
        self.args = [*args, *endpoints]
        self.output = open(folder / "probe.out", "w+", encoding="utf-8")
        self.popen = None
        self.taken = 0

    def __enter__(self):
        self.popen = spawn(
            self.args, stdout=self.output, env=plain_environment(), input_pipe=True, text=True
        )
        return self

    def __exit__(self, *_):
        stop(self.popen)
        self.popen.stdin.close()
        self.output.close()

    def events(self):
        with open(self.output.name, "rb") as output:
            whole = output.read().rpartition(b"\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def wait(self, event, timeout_s=20, **fields):
        """The next event of this kind with these fields, passing over what comes before it."""

        def found():
            events = self.events()
            for number in range(self.taken, len(events)):
                said = events[number]
                if said["event"] == event and all(said[k] == v for k, v in fields.items()):
                    self.taken = number + 1
                    return said
            return None

        return wait_for(
            found, f"{event} {fields} after {self.events()[self.taken - 1:]}", timeout_s
        )

    def say(self, *words):
        self.popen.stdin.write(" ".join(map(str, words)) + "\n")
        self.popen.stdin.flush()

    def ask(self, *words, timeout_s=20):
        """Makes a call and returns how it ended."""
        self.taken = len(self.events())
        self.say(*words)
        return self.wait("done", timeout_s)

    def holds(self):
        """The keys and values that it knows, from what it heard."""
        known = {}
        for said in self.events():
            if said["event"] == "read":
                known = {}
            elif said["event"] == "item" and said["gone"]:
                known.pop(said["key"], None)
            elif said["event"] == "item":
                known[said["key"]] = said["value"]
        return known
