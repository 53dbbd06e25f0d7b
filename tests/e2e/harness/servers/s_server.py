# SPDX-License-Identifier: Apache-2.0
"""`openssl s_server`: one process, one SSL_CTX; it answers with a status page."""
from .base import Server


class SServer(Server):
    name = "s_server"

    def __init__(self, *args, options=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.options = options

    def command(self):
        return ["openssl", "s_server", "-accept", f"127.0.0.1:{self.port}", "-cert", self.pki.server.cert,
                "-key", self.pki.server.key, "-www", "-quiet", *self.options]
