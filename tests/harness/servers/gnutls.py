# SPDX-License-Identifier: Apache-2.0
"""A server on GnuTLS that says itself which key its tickets have: gnutls-serv always draws one."""
from pathlib import Path

from .base import Server

PROGRAM = Path(__file__).parent / "programs/gnutls.py"


class Gnutls(Server):
    name = "gnutls"

    def __init__(self, *args, ticket_key, **kwargs):
        super().__init__(*args, **kwargs)
        self.ticket_key = ticket_key  # a file of 64 bytes

    def command(self):
        return [
            "/usr/bin/python3",
            PROGRAM,
            self.port,
            self.pki.server.cert,
            self.pki.server.key,
            self.ticket_key,
        ]
