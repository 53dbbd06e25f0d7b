# SPDX-License-Identifier: Apache-2.0
"""The servers of examples/embed, which have the library in them."""
from ... import build
from ..base import Server


class Example(Server):
    """With `ring`, a ring file of stekd's. `where` is the folder of the program, `wrapper` comes
    before it."""

    def __init__(self, *args, ring=None, where=build.EXAMPLES, wrapper=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.wrapper = wrapper
        self.ring = ring
        self.where = where

    def command(self):
        identity = self.pki.server
        ring = [self.ring] if self.ring else []
        return [
            *self.wrapper,
            self.where / self.name,
            self.port,
            identity.cert,
            identity.key,
            *ring,
        ]


class Forks(Example):
    name = "forks"

    def is_ready(self):
        """The parent listens before there is a child."""
        return len(self.process.children()) == 4


class Threads(Example):
    name = "threads"


class Events(Example):
    name = "events"
