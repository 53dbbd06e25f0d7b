# SPDX-License-Identifier: Apache-2.0
"""dnsdist, which takes DNS over TLS. No query is asked here: it only shakes hands."""
import shutil

from ...process import free_port
from ..base import Server

CONFIGURATION = """
addTLSLocal("127.0.0.1:{port}", "{identity.cert}", "{identity.key}",
  {{provider="openssl", minTLSVersion="tls1.2", ticketsKeysRotationDelay=0,
   ticketKeyFile="{keys}"}})
setLocal("127.0.0.1:{dns}")
controlSocket("127.0.0.1:{console}")
setKey("MXNeLFWHUe4363BBKrY06cAsH8NWNb+Se2eXU5+Bb74=")
setSecurityPollSuffix("")
"""


class Dnsdist(Server):
    name = "dnsdist"

    def __init__(self, *args, ticket_keys, **kwargs):
        super().__init__(*args, **kwargs)
        self.ticket_keys = ticket_keys  # a file of keys, of which the last one seals

    def prepare(self):
        self.write(
            "dnsdist.conf",
            CONFIGURATION.format(
                port=self.port,
                dns=free_port(),
                console=free_port(),
                identity=self.pki.server,
                keys=self.ticket_keys,
            ),
        )

    def command(self):
        return [self.name, "--supervised", "--disable-syslog", "-C", self.folder / "dnsdist.conf"]

    def is_ready(self):
        return "Accepting control connections" in self.process.stdout()

    def loading_command(self):
        """What has it read the file of keys again; words with blanks between."""
        order = f'getTLSFrontend(0):loadTicketsKeys("{self.ticket_keys}")'
        return f"{shutil.which(self.name)} -C {self.folder}/dnsdist.conf -e {order}"

    def visit(self, tls, **options):
        return super().visit(tls, http=False, **options)
