# SPDX-License-Identifier: Apache-2.0
"""`stek feed` through rotations: a ticket of one server opens at another that was given the same
keys."""
import itertools
from dataclasses import dataclass, field

import pytest

from harness import module
from harness.client import VERSIONS
from harness.feed import FED, LABEL, PROGRAMS

ROTATIONS = 3


@dataclass
class Seen:
    """What a client that goes from server to server saw, in one version of TLS."""

    keys: list = field(default_factory=list)  # of the tickets, in order
    offered: int = 0
    lost: int = 0
    failed: int = 0


class Traveller:
    """Goes from one server to the next and offers at each the ticket of the one before."""

    def __init__(self, servers, folder):
        self.servers = itertools.cycle(servers)
        self.folder = folder
        self.session = {}
        self.steps = 0
        self.seen = {tls: Seen() for tls in VERSIONS}

    def step(self):
        server = next(self.servers)
        self.steps += 1
        for tls, seen in self.seen.items():
            new = self.folder / f"{tls}.{self.steps}.session"
            visit = server.visit(tls, sess_in=self.session.get(tls), sess_out=new)[0]
            seen.failed += not visit.ok
            seen.offered += visit.offered
            seen.lost += visit.offered and not visit.resumed
            if visit.key and visit.key not in seen.keys:
                seen.keys.append(visit.key)
            if visit.tickets:  # HAProxy gives none in TLS 1.3 while the same key seals
                self.session[tls] = new

    def travel(self, rotations):
        """Until it has seen so many changes of keys."""
        while any(len(seen.keys) <= rotations for seen in self.seen.values()):
            self.step()


def fed_servers(running, feed, program):
    return [FED[program](running, feed, f"{program}{n}") for n in range(2)]


def with_the_module(running, feed, program, folder):
    """One that was fed, and one that loads the ring itself under the same label."""
    settings = {"ring": feed.stekd.ring("web"), "context": LABEL, "override": "yes"}
    conf = module.compose(folder / "loaded.cnf", **settings)
    return [FED[program](running, feed, program), running(PROGRAMS[program], conf)]


each = pytest.mark.parametrize("program", FED)


def assert_nothing_is_lost(servers, folder, rotations=ROTATIONS):
    traveller = Traveller(servers, folder)
    traveller.travel(rotations)
    for tls, seen in traveller.seen.items():
        assert seen.failed == 0, tls
        assert seen.offered > 2 * rotations and seen.lost == 0, (tls, seen)


@each
def test_no_ticket_is_lost_between_two_fed_servers_while_keys_rotate(
    running, folder, feed, program
):
    assert_nothing_is_lost(fed_servers(running, feed, program), folder)


@each
def test_no_ticket_is_lost_between_a_fed_server_and_one_with_the_module(
    running, folder, feed, program
):
    assert_nothing_is_lost(with_the_module(running, feed, program, folder), folder)


def test_a_fed_server_goes_on_with_the_others_when_stekd_is_gone(running, folder, feed):
    servers = with_the_module(running, feed, "nginx", folder)
    feed.stekd.stop()
    assert_nothing_is_lost(servers, folder, rotations=2 + ROTATIONS)  # two keys are there already


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_control_servers_as_they_come_lose_every_ticket_of_the_other(stock, folder, program):
    traveller = Traveller([stock(program), stock(program)], folder)
    for _ in range(6):
        traveller.step()
    for seen in traveller.seen.values():
        assert seen.failed == 0
        assert seen.offered == seen.lost == 5
