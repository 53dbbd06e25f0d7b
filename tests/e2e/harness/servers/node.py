# SPDX-License-Identifier: Apache-2.0
"""A Node.js HTTPS server; HUP gives it a new SSL_CTX."""
import json
import signal
import subprocess
from pathlib import Path

from ..process import plain_environment, wait_for
from .base import Server

PROGRAM = Path(__file__).parent / "programs/https.js"


def uses_shared_openssl():
    """Debian's Node does; Node from other sources may carry an OpenSSL of its own inside."""
    done = subprocess.run(["node", "-p", "JSON.stringify(process.config.variables.node_shared_openssl)"], check=True,
                          capture_output=True, text=True, env=plain_environment())
    return json.loads(done.stdout)


class Node(Server):
    name = "node"

    def command(self):
        return ["node", PROGRAM, self.port, self.pki.server.cert, self.pki.server.key]

    def reload(self):
        before = self.process.stdout().count("renewed")
        self.process.signal(signal.SIGHUP)
        wait_for(lambda: self.process.stdout().count("renewed") > before, "Node's new SSL_CTX")
