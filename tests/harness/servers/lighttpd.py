# SPDX-License-Identifier: Apache-2.0
"""lighttpd, with worker processes."""
from pathlib import Path

from .base import Server

CONFIGURATION = """
server.modules = ( "mod_{tls}", "mod_ssi" )
server.document-root = "{folder}/documents"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{folder}/error.log"
server.max-worker = {workers}
server.max-keep-alive-requests = 0
index-file.names = ( "index.shtml" )
ssi.extension = ( ".shtml" )
mimetype.assign = ( "" => "text/plain" )
ssl.engine = "enable"
ssl.pemfile = "{identity.cert}"
ssl.privkey = "{identity.key}"
ssl.openssl.ssl-conf-cmd = ( "MinProtocol" => "TLSv1.2" )
{stek_file}
"""
MODULES = Path("/usr/lib/lighttpd")


class Lighttpd(Server):
    name = "lighttpd"

    def __init__(self, *args, workers=4, stek_file=None, tls="openssl", **kwargs):
        super().__init__(*args, **kwargs)
        self.tls = tls  # the library: openssl, gnutls, mbedtls, wolfssl
        self.workers = workers
        self.stek_file = stek_file  # a 92-byte key file

    @staticmethod
    def speaks_with(tls):
        """Whether it can be had with this TLS library."""
        return (MODULES / f"mod_{tls}.so").exists()

    def prepare(self):
        (self.folder / "documents").mkdir()
        self.write("documents/index.shtml", '<!--#exec cmd="echo $PPID"-->\n')
        self.write(
            "lighttpd.conf",
            CONFIGURATION.format(
                folder=self.folder,
                port=self.port,
                workers=self.workers,
                tls=self.tls,
                identity=self.pki.server,
                stek_file=f'ssl.stek-file = "{self.stek_file}"' if self.stek_file else "",
            ),
        )

    def command(self):
        return ["lighttpd", "-D", "-f", self.folder / "lighttpd.conf"]

    def is_ready(self):
        return len(self.process.children()) >= self.workers
