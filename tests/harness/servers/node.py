# SPDX-License-Identifier: Apache-2.0
"""
A Node.js HTTPS server; HUP gives it a new SSL_CTX. Debian's Node uses the system's libssl; Node
from other sources has
one linked in, and shares it with a module as long as it exports the symbols.
"""
import signal
from pathlib import Path

from ..process import wait_for
from .base import Server

PROGRAM = Path(__file__).parent / "programs/https.js"


class Node(Server):
    name = "node"

    def __init__(self, *args, ticket_keys=None, workers=0, **kwargs):
        super().__init__(*args, **kwargs)
        self.ticket_keys = ticket_keys  # a file of 48 bytes
        self.workers = workers  # of a cluster; 0: no cluster

    def environment(self):
        return {**super().environment(), "WORKERS": str(self.workers)}

    def is_ready(self):
        """The port is open when the first worker listens: that one would serve all visits."""
        return self.process.stdout().count("listening") >= max(1, self.workers)

    def command(self):
        return [
            "node",
            PROGRAM,
            self.port,
            self.pki.server.cert,
            self.pki.server.key,
            *([self.ticket_keys] if self.ticket_keys else []),
        ]

    def reload(self):
        before = self.process.stdout().count("renewed")
        self.process.signal(signal.SIGHUP)
        wait_for(lambda: self.process.stdout().count("renewed") > before, "Node's new SSL_CTX")
