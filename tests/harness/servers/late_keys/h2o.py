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

    def __init__(self, *args, mode="all", **kwargs):
        super().__init__(*args, **kwargs)
        self.mode = mode  # of ssl-session-resumption: off, all, cache, ticket

    def prepare(self):
        (self.folder / "documents").mkdir(exist_ok=True)
        self.write("documents/index.html", "an answer of h2o\n")
        self.write(
            "h2o.conf",
            CONFIGURATION.format(
                folder=self.folder,
                port=self.port,
                mode=self.mode,
                identity=self.pki.server,
                user="user: root" if os.geteuid() == 0 else "",
            ),
        )

    def command(self):
        return ["h2o", "-m", "worker", "-c", self.folder / "h2o.conf"]
