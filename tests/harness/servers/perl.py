# SPDX-License-Identifier: Apache-2.0
"""A server written with Perl's IO::Socket::SSL; each process has a session-id context of its
own."""
from pathlib import Path

from .base import Server

PROGRAM = Path(__file__).parent / "programs/https.pl"


class Perl(Server):
    name = "perl"

    def command(self):
        return ["/usr/bin/perl", PROGRAM, self.port, self.pki.server.both]
