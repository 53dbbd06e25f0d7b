# SPDX-License-Identifier: Apache-2.0
"""Reads what callgrind writes."""
import re

NAME = re.compile(r"(c?fn)=\((\d+)\)(?: (.*))?")
COST = re.compile(r"[0-9+\-*]\S* (\d+)$")
HASHERS = ("SHA256_Update", "SHA256_Final", "SHA256_Transform")


class Profile:
    """The instructions of each function's own, and of each call from one to another with all that
    it led to."""

    def __init__(self, text):
        self.own = {}
        self.calls = {}
        self._names = {}
        caller = callee = None
        for line in text.splitlines():
            name, cost = NAME.match(line), COST.match(line)
            if name and name.group(1) == "fn":
                caller = self._name(name)
            elif name:
                callee = self._name(name)
            elif cost and callee:
                self._add(self.calls, (caller, callee), cost)
                callee = None
            elif cost and caller:
                self._add(self.own, caller, cost)

    def _name(self, match):
        """A name stands beside its number where it comes first."""
        _, number, name = match.groups()
        if name:
            self._names[number] = name
        return self._names[number]

    @staticmethod
    def _add(to, key, cost):
        to[key] = to.get(key, 0) + int(cost.group(1))

    def total(self):
        return sum(self.own.values())

    def sha256(self):
        """
        What hashes blocks. Its name is not in stripped libraries, and may be two: it is what each
        of libcrypto's
        SHA256_...() spends most of its time in.
        """
        most = {}
        for (caller, callee), cost in self.calls.items():
            if caller in HASHERS and cost > most.get(caller, ("", 0))[1]:
                most[caller] = callee, cost
        names = {callee for callee, _ in most.values()} | {
            "SHA256_Transform"
        }  # which only jumps there
        return sum(self.own.get(name, 0) for name in names)
