# SPDX-License-Identifier: Apache-2.0
"""nghttpx, a proxy. Nobody is behind it here: it only shakes hands."""
from ..base import Server
from ...process import free_port

CONFIGURATION = """
frontend=127.0.0.1,{port}
backend=127.0.0.1,{nowhere}
private-key-file={identity.key}
certificate-file={identity.cert}
tls-min-proto-version=TLSv1.2
tls-ticket-key-cipher=aes-256-cbc
include={keys}
workers=1
errorlog-file={folder}/error.log
pid-file={folder}/nghttpx.pid
"""


class Nghttpx(Server):
    name = "nghttpx"
    version_option = "--version"

    def __init__(self, *args, ticket_keys, **kwargs):
        super().__init__(*args, **kwargs)
        self.ticket_keys = ticket_keys  # a list of files, as its configuration has it

    def prepare(self):
        self.write(
            "nghttpx.conf",
            CONFIGURATION.format(
                folder=self.folder,
                port=self.port,
                nowhere=free_port(),
                identity=self.pki.server,
                keys=self.ticket_keys,
            ),
        )

    def command(self):
        return [self.name, f"--conf={self.folder}/nghttpx.conf"]

    def is_ready(self):
        return (self.folder / "nghttpx.pid").exists()

    def visit(self, tls, **options):
        return super().visit(tls, http=False, **options)
