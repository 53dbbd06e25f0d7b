# SPDX-License-Identifier: Apache-2.0
"""A pre-forking server written with PHP's streams: a new SSL_CTX for every connection."""
from pathlib import Path

from .base import Server

PROGRAM = Path(__file__).parent / "programs/stream.php"


class Php(Server):
    """With a client certificate it verifies its peers, and like all PHP sets no session-id
    context."""

    name = "php"

    def __init__(self, *args, workers=3, **kwargs):
        super().__init__(*args, **kwargs)
        self.workers = workers

    def command(self):
        return [
            "php",
            PROGRAM,
            self.port,
            self.pki.server.both,
            self.workers,
            *([self.pki.ca] if self.client_certificate else []),
        ]

    def is_ready(self):
        return len(self.process.children()) == self.workers
