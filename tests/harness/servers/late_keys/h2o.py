# SPDX-License-Identifier: Apache-2.0
"""h2o, which makes an SSL while it reads its configuration, and sets its ticket callback then."""
import os

from ..base import Server

CONFIGURATION = """
num-threads: 2
pid-file: {folder}/h2o.pid
error-log: {folder}/error.log
{user}
ssl-session-resumption:
  mode: {mode}
{ticket_store}
listen:
  host: 127.0.0.1
  port: {port}
  ssl:
    certificate-file: {identity.cert}
    key-file: {identity.key}
    minimum-version: TLSv1.2
hosts:
  default:
    paths:
      /:
        file.dir: {folder}/documents
"""


class H2o(Server):
    name = "h2o"

    def __init__(self, *args, mode="all", ticket_file=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.ticket_file = ticket_file  # keys in YAML
        self.mode = mode  # of ssl-session-resumption: off, all, cache, ticket

    def prepare(self):
        (self.folder / "documents").mkdir(exist_ok=True)
        self.write("documents/index.html", "an answer of h2o\n")
        self.write(
            "h2o.conf",
            CONFIGURATION.format(
                folder=self.folder,
                port=self.port,
                mode="ticket" if self.ticket_file else self.mode,
                ticket_store=(
                    f"  ticket-store: file\n  ticket-file: {self.ticket_file}"
                    if self.ticket_file
                    else ""
                ),
                identity=self.pki.server,
                user="user: root" if os.geteuid() == 0 else "",
            ),
        )

    def is_ready(self):
        """A thread of its own reads the file. Until then, keys of h2o's own seal."""
        return not self.ticket_file or "ticket secrets have been (re)loaded" in self.said()

    def command(self):
        return ["h2o", "-m", "worker", "-c", self.folder / "h2o.conf"]
