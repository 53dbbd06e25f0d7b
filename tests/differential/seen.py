# SPDX-License-Identifier: Apache-2.0
"""What is compared: where a ticket was taken, and what came of it there. Plain values only."""
from dataclasses import dataclass, field, replace

ARMS = ("plain", "private", "host")  # without stek; its private ring; a ring file kept by stekd


@dataclass(frozen=True)
class Journey:
    """A client that got a session at one place and offers it at another (or the same) one."""

    server: str
    group: str  # which configurations live in the same program
    step: str  # first, cross, reload, replaced, restart, round: what happened in between
    mechanism: str  # such as "1.3 ticket"
    client: str
    source: str
    target: str
    offer: str = ""  # the client shows its certificate again ("with"), or does not ("without")
    may_share: bool = field(
        default=False, compare=False
    )  # nobody is verified in the program, and both places have the same names

    def full_handshake(self):
        """The journey of the same client to the target, with nothing to offer, where that was
        configured then as it is now."""
        if self.step not in ("cross", "restart"):
            return self
        shown = self.client if self.offer == "with" else "nobody"
        return replace(self, step="first", client=shown, source=self.target, offer="")

    def __str__(self):
        what = f"{self.step}, {self.mechanism}, {self.client}: {self.source}"
        back = f" {self.offer} its certificate" if self.client != "nobody" and self.offer else ""
        return what + (f" -> {self.target}{back}" if self.step != "first" else "")


@dataclass(frozen=True)
class Seen:
    """What the client saw at the end of a journey."""

    refused: str = ""  # the alert, or whatever else ended the connection
    resumed: bool = False
    answer: str = ""  # what the server says of its peer
    hint_s: int = 0  # how long the server says that its new ticket lives


@dataclass(frozen=True)
class Difference:
    """In which way a server with stek is not what it is without."""

    arm: str
    kind: str
    journey: Journey
    detail: str = ""
