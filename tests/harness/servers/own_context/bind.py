# SPDX-License-Identifier: Apache-2.0
"""BIND's named, with DNS over TLS."""
from ...process import free_port
from ..base import Server

CONFIGURATION = """
options {{
    directory "{folder}";
    pid-file "{folder}/named.pid";
    listen-on port {plain_port} {{ 127.0.0.1; }};
    listen-on port {port} tls local {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    recursion no;
    dnssec-validation no;
}};
tls local {{
    cert-file "{identity.cert}";
    key-file "{identity.key}";
}};
controls {{ }};
"""


class Bind(Server):
    name = "bind9"
    program = "named"

    def prepare(self):
        self.write(
            "named.conf",
            CONFIGURATION.format(
                folder=self.folder,
                port=self.port,
                plain_port=free_port(),
                identity=self.pki.server,
            ),
        )

    def command(self):
        return [self.program, "-g", "-n", "1", "-c", self.folder / "named.conf"]
