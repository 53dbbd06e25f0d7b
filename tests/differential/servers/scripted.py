# SPDX-License-Identifier: Apache-2.0
"""Servers that are small programs of ours in a language's own TLS: they read their places as
JSON."""
import json
from pathlib import Path

from .base import Server

PROGRAMS = Path(__file__).parent / "programs"


class Scripted(Server):
    """A program that is started with the file of its places and the number of its workers."""

    program = ()
    groups = ("names", "peers", "open-hosts", "workers")
    steps = ("replaced", "restart")  # by starting anew

    def _described(self, port, place):
        identity = self.identity(place)
        verifies = place.verify != "none"
        return {
            "name": place.name,
            "port": port,
            "cert": str(identity.cert),
            "key": str(identity.key),
            "both": str(identity.both),
            "verify": place.verify,
            "trust": str(self.authorities(place.trust)) if verifies else None,
            "announce": str(self.authorities(place.announced)) if verifies else None,
            "crl": str(self.certificates.crl) if place.crl else None,
            "depth": place.depth,
            "host": place.host,
        }

    def prepare(self):
        described = [
            self._described(port, place) for port, places in self.by_port() for place in places
        ]
        self.write("places.json", json.dumps(described))

    def command(self):
        return [
            *self.program[:-1],
            PROGRAMS / self.program[-1],
            self.folder / "places.json",
            self.workers,
        ]

    def is_ready(self):
        return self.workers == 1 or len(self.process.children()) >= self.workers

    def reload(self, places):
        self.restart(places)


class Python(Scripted):
    name = "python"
    program = ("/usr/bin/python3", "python.py")
    groups = ("names", "peers", "hosts", "open-hosts", "workers")

    @classmethod
    def chosen(cls, places):
        """Python's ssl cannot limit the depth."""
        return tuple(place for place in places if place.depth == 9)


class Perl(Scripted):
    name = "perl"
    program = ("perl", "perl.pl")
    groups = ("names", "peers", "workers")
    chosen = Python.chosen


class Ruby(Scripted):
    name = "ruby"
    program = ("ruby", "webrick.rb")
    groups = ("names", "peers")


class Php(Scripted):
    """PHP makes a new SSL_CTX for every connection, so it never resumes by itself."""

    name = "php"
    plain_resumes = False
    program = ("php", "stream.php")
    groups = ("names", "peers", "workers")

    @classmethod
    def chosen(cls, places):
        """PHP's streams know no optional certificates and no revocation lists."""
        return tuple(place for place in places if place.verify != "optional" and not place.crl)


class Node(Scripted):
    name = "node"
    program = ("node", "https.js")
    chosen = Python.chosen
