# SPDX-License-Identifier: Apache-2.0
"""unbound, which takes DNS over TLS. No query is asked here: it only shakes hands."""
from ...process import free_port
from ..base import Server

CONFIGURATION = """
server:
  interface: 127.0.0.1@{port}
  tls-port: {port}
  tls-service-key: "{identity.key}"
  tls-service-pem: "{identity.cert}"
  include: "{keys}"
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/unbound.pid"
  use-syslog: no
  num-threads: 2
  auto-trust-anchor-file: ""
remote-control:
  control-enable: yes
  control-interface: {folder}/control.sock
  control-use-cert: no
"""


class Unbound(Server):
    name = "unbound"
    version_option = "-V"

    def __init__(self, *args, ticket_keys, **kwargs):
        super().__init__(*args, **kwargs)
        self.ticket_keys = ticket_keys  # a list of files, as its configuration has it

    def prepare(self):
        self.write(
            "unbound.conf",
            CONFIGURATION.format(
                folder=self.folder, port=self.port, identity=self.pki.server, keys=self.ticket_keys
            ),
        )

    def command(self):
        return [self.name, "-d", "-c", self.folder / "unbound.conf"]

    def visit(self, tls, **options):
        return super().visit(tls, http=False, **options)
