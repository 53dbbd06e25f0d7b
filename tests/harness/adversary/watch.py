# SPDX-License-Identifier: Apache-2.0
"""Looks at every host of a fleet without a pause, and notes what must never happen: a number or a
floor that goes back, a key that is lost before its time, a revoked key that is there again."""
import threading
import time


class Watch:
    """
    with Watch(fleet.hosts) as watch: ...

    At the end nothing was seen that must not be. `revoked` has the fingerprints of keys that nobody
    may have, and gets those that it revokes.
    """

    def __init__(self, hosts, ring="web", revoked=None):
        self.hosts = list(hosts)
        self.ring = ring
        self.seen = {host.name: {"active": 0, "floor": 0, "sealed": {}} for host in self.hosts}
        self.revoked = set() if revoked is None else revoked
        self.problems = []
        self.looks = 0
        self.ending = threading.Event()
        self.lock = threading.Lock()  # while it is told of a revocation, nobody is looked at
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.ending.set()
        self.thread.join()
        if kind is None:
            assert self.looks > 0 and not self.problems, self.problems[:5]

    def run(self):
        while not self.ending.is_set():
            for host in self.hosts:
                with self.lock:
                    try:
                        self.look(host)
                    except (OSError, ValueError) as fault:
                        self.problem(host, f"does not answer: {fault}")
                self.ending.wait(0.01)
            self.looks += 1

    def fingerprints(self, host):
        return {key["fingerprint"] for key in host.status(self.ring)["keys"]}

    def problem(self, host, text):
        self.problems.append(f"{host.name}: {text}")

    def look(self, host):
        status, seen = host.status(self.ring), self.seen[host.name]
        keys, now = status["keys"], time.time()
        floor = host.fleet_ring(self.ring)["floor"]
        active = [key["seq"] for key in keys if key["state"] == "active"]
        if not active:
            if seen["active"]:  # a host that starts may have none yet
                self.problem(host, "no key seals")
        elif active[-1] < seen["active"]:
            self.problem(host, f"key {active[-1]} seals after key {seen['active']}")
        if floor < seen["floor"]:
            self.problem(host, f"the floor is {floor} after {seen['floor']}")
        there = {key["fingerprint"] for key in keys}
        if there & self.revoked:
            self.problem(host, f"has a revoked key: {there & self.revoked}")
        for mark, (seq, until) in list(seen["sealed"].items()):
            if mark in there or now >= until - 1:
                continue
            del seen["sealed"][mark]
            if seq >= floor:
                self.problem(host, f"lost key {seq}, which opens until {until}, now {now:.0f}")
        seen["sealed"].update(
            (key["fingerprint"], (key["seq"], key["accept_until"]))
            for key in keys
            if key["state"] == "active"
        )
        seen["active"], seen["floor"] = max([seen["active"], *active]), max(floor, seen["floor"])

    def revoke(self):
        """Through the first host; returns the seconds until no host has a key of before."""
        before = set().union(*map(self.fingerprints, self.hosts))
        begun = time.monotonic()
        answer = self.hosts[0].request(command="revoke", ring=self.ring, all=True)
        assert answer["ok"], answer
        while any(before & self.fingerprints(host) for host in self.hosts):
            if time.monotonic() - begun > 60:
                raise AssertionError("a revocation has not ended after a minute")
            time.sleep(0.01)
        took = time.monotonic() - begun
        with self.lock:
            self.revoked |= before
        return took
