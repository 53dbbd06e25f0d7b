# SPDX-License-Identifier: Apache-2.0
"""gnutls-serv: GnuTLS's own server, with its own ticket format."""
from .base import Server


class GnutlsServ(Server):
    name = "gnutls-serv"

    def __init__(self, *args, options=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.options = options

    def command(self):
        return [
            "gnutls-serv",
            "--http",
            "--port",
            self.port,
            "--x509certfile",
            self.pki.server.cert,
            "--x509keyfile",
            self.pki.server.key,
            "--disable-client-cert",
            *self.options,
        ]
