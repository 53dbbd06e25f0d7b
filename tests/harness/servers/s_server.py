# SPDX-License-Identifier: Apache-2.0
"""`openssl s_server`: one process, one SSL_CTX; it answers with a status page."""
from .base import Server


class SServer(Server):
    name = "s_server"

    def __init__(self, *args, options=(), address="127.0.0.1", **kwargs):
        super().__init__(*args, **kwargs)
        self.options = options
        self.address = address

    def command(self):
        return [
            "openssl",
            "s_server",
            "-accept",
            f"{self.address}:{self.port}",
            "-cert",
            self.pki.server.cert,
            "-key",
            self.pki.server.key,
            "-www",
            "-quiet",
            *(["-CAfile", self.pki.ca] if self.client_certificate else []),
            *self.options,
        ]
