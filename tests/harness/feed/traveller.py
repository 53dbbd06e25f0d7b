# SPDX-License-Identifier: Apache-2.0
"""A client that a balancer sends from server to server."""
import itertools
import time
from dataclasses import dataclass, field

from ..client import VERSIONS


@dataclass
class Seen:
    """What a client that goes from server to server saw, in one version of TLS."""

    keys: list = field(default_factory=list)  # of the tickets, in order
    offered: int = 0
    lost: int = 0
    failed: int = 0


class Traveller:
    """Goes from one server to the next and offers at each the ticket of the one before."""

    def __init__(self, servers, folder, promised_s=3600, versions=VERSIONS):
        self.promised_s = promised_s  # an older ticket may be lost: HAProxy holds three keys
        self.servers = itertools.cycle(servers)
        self.folder = folder
        self.session = {}
        self.since = {}  # when it had its ticket
        self.steps = 0
        self.seen = {tls: Seen() for tls in versions}

    def step(self):
        server = next(self.servers)
        self.steps += 1
        for tls, seen in self.seen.items():
            new = self.folder / f"{tls}.{self.steps}.session"
            began = time.monotonic()
            old = began > self.since.get(tls, 0) + self.promised_s
            visit = server.visit(tls, sess_in=self.session.get(tls), sess_out=new)[0]
            seen.failed += not visit.ok
            seen.offered += visit.offered
            seen.lost += visit.offered and not visit.resumed and not old
            if visit.key and visit.key not in seen.keys:
                seen.keys.append(visit.key)
            if visit.tickets:  # HAProxy gives none in TLS 1.3 while the same key seals
                self.session[tls] = new
                self.since[tls] = began

    def travel(self, rotations):
        """Until it has seen so many changes of keys."""
        while any(len(seen.keys) <= rotations for seen in self.seen.values()):
            self.step()
