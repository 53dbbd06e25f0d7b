# SPDX-License-Identifier: Apache-2.0
"""Servers of other TLS libraries, whose tickets are under a ring's keys: tests/tools/adapters."""
from ... import build
from ..base import Server

LABEL = "shop"


class AdapterServer(Server):
    """Two processes. `ring` is a ring file of stekd's."""

    def __init__(self, *args, ring, label, **kwargs):
        super().__init__(*args, **kwargs)
        self.ring = ring
        self.label = label

    @classmethod
    def path(cls):
        return build.BUILD / "tests/tools/adapters" / cls.name

    @classmethod
    def is_there(cls):
        """Whether this machine has the library."""
        return cls.path().exists()

    def command(self):
        identity = self.pki.server
        return [
            self.path(),
            self.port,
            identity.cert,
            identity.key,
            self.ring,
            self.label,
        ]

    def is_ready(self):
        return len(self.process.children()) == 2


class Boringssl(AdapterServer):
    name = "boringssl-server"


class GnutlsAdapted(AdapterServer):
    name = "gnutls-server"


def resumes(server, tls, session, **options):
    """Whether the server resumes; the handshake is done in any case."""
    seen = server.visit(tls, sess_in=session, **options)[0]
    assert seen.ok and seen.offered and not seen.alert
    return seen.resumed
