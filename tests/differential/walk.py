# SPDX-License-Identifier: Apache-2.0
"""Takes clients through one running program and notes what they see."""
import itertools
from dataclasses import dataclass

import scenes
from seen import Journey, Seen


@dataclass(frozen=True)
class Mechanism:
    """How a session is got, and how it is offered."""

    name: str
    version: str
    got_with_tickets: bool = True
    offered_with_tickets: bool = True

    def is_short(self):
        """Whether the short run has it, for sessions that stay at their place at least."""
        return self.name != "1.2 id+ext"


MECHANISMS = (
    Mechanism("1.3 ticket", "1.3"),
    Mechanism("1.2 ticket", "1.2"),
    Mechanism("1.2 id", "1.2", False, False),
    # The client offers a session id and an empty ticket extension: it would like a ticket.
    Mechanism("1.2 id+ext", "1.2", False, True),
)
ROUNDS = 8


class Walk:
    """All journeys through one server and one group of places; `seen` has what came of them."""

    def __init__(self, server, group, places, clients, seen, *, short):
        self.server, self.group, self.places, self.clients = server, group, places, clients
        self.mechanisms = [m for m in MECHANISMS if m.version in server.versions]
        if short:
            self.mechanisms = [m for m in self.mechanisms if m.is_short()]
        self.short = short
        self.sessions = {}  # (mechanism, client, source): the session got there
        self.seen = seen

    def _names(self):
        return self.clients if scenes.verifies(self.places) else ["nobody"]

    def _visit(self, journey, place, mechanism, identity, session=None):
        tickets = mechanism.offered_with_tickets if session else mechanism.got_with_tickets
        seen, got = self.server.visit(
            place, mechanism.version, tickets=tickets, identity=identity, session=session
        )
        self.seen[journey] = seen
        return got

    def first(self):
        """Every client at every place, with nothing to offer."""
        for mechanism, client, place in itertools.product(
            self.mechanisms, self._names(), self.places
        ):
            journey = self._journey("first", mechanism, client, place, place)
            got = self._visit(journey, place, mechanism, self.clients[client])
            if got:
                self.sessions[mechanism, client, place] = got

    def _journey(self, step, mechanism, client, source, target, offer=""):
        return Journey(
            server=self.server.name,
            group=self.group,
            step=step,
            mechanism=mechanism.name,
            client=client,
            source=source.name,
            target=target.name,
            offer=offer,
            may_share=scenes.may_share(self.places, source, target),
        )

    def _offers(self, client):
        """Whether the client shows its certificate again."""
        both = [("without", None), ("with", self.clients[client])]
        return both[:1] if self.short or client == "nobody" else both

    def cross(self):
        """Every session at every place."""
        for (mechanism, client, source), session in self.sessions.items():
            for target in self.places:
                if self.short and not mechanism.got_with_tickets and target != source:
                    continue
                self._offer("cross", mechanism, client, source, target, session)

    def again(self, step, places):
        """Every session at the place that it came from, which may demand something else by now."""
        now = {place.name: place for place in places}
        for (mechanism, client, source), session in self.sessions.items():
            self._offer(step, mechanism, client, source, now[source.name], session)

    def _offer(self, step, mechanism, client, source, target, session):
        for offer, identity in self._offers(client):
            journey = self._journey(step, mechanism, client, source, target, offer)
            self._visit(journey, target, mechanism, identity, session)

    def rounds(self, step):
        """One client comes again and again; it counts as resumed when it was every time."""
        for mechanism, place in itertools.product(self.mechanisms, self.places):
            session, seen = None, []
            for _ in range(1 + ROUNDS):
                one, got = self.server.visit(
                    place, mechanism.version, tickets=mechanism.got_with_tickets, session=session
                )
                session = got or session
                seen.append(one)
            self.seen[self._journey(step, mechanism, "nobody", place, place)] = Seen(
                refused=next((one.refused for one in seen if one.refused), ""),
                resumed=all(one.resumed for one in seen[1:]),
                answer=seen[-1].answer,
                hint_s=seen[-1].hint_s,
            )


def take(server, group, clients, seen, *, short):
    """Runs a server through all steps that it knows; fills `seen`."""
    walk = Walk(server, group, server.places, clients, seen, short=short)
    if group == "workers":
        walk.rounds("round")
        return
    walk.first()
    walk.cross()
    for step in server.steps:
        if step == "replaced" and not scenes.verifies(walk.places):
            continue
        places = scenes.replaced(walk.places) if step == "replaced" else walk.places
        getattr(server, "restart" if step == "restart" else "reload")(places)
        walk.again(step, places)
