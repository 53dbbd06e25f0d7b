# SPDX-License-Identifier: Apache-2.0
"""stunnel before a plain HTTP server: one process with threads; HUP makes new SSL_CTXs."""
import http.server
import signal
import socketserver
import threading

from ..process import wait_for
from .base import Server

CONFIGURATION = """
foreground = yes
pid = {folder}/stunnel.pid
output = {folder}/stunnel.log
debug = info
syslog = no
[https]
accept = 127.0.0.1:{port}
connect = 127.0.0.1:{backend}
cert = {identity.cert}
key = {identity.key}
sslVersionMin = TLSv1.2
{options}
{second}
"""

SECOND = """
[second]
sni = https:b.example
connect = 127.0.0.1:{backend}
cert = {pki.other.cert}
key = {pki.other.key}
CAfile = {pki.ca}
verifyChain = yes
requireCert = yes
"""


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"the server behind stunnel\n")

    def log_message(self, *_):
        pass


class Stunnel(Server):
    name = "stunnel"

    def __init__(self, *args, options="", second_verifies=False, backend=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.options = options  # more of them, for the service
        self.second_verifies = (
            second_verifies  # serves b.example too, where it demands client certificates
        )
        self.handler = backend or _Answer

    def start(self):
        self.backend = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self.handler)
        self.thread = threading.Thread(
            target=self.backend.serve_forever, kwargs={"poll_interval": 0.05}
        )
        self.thread.start()
        return super().start()

    def stop(self):
        status = super().stop()
        self.backend.shutdown()
        self.backend.server_close()
        self.thread.join()
        return status

    def prepare(self):
        self.write(
            "stunnel.conf",
            CONFIGURATION.format(
                folder=self.folder,
                port=self.port,
                backend=self.backend.server_address[1],
                identity=self.pki.server,
                options=self.options,
                second=SECOND.format(backend=self.backend.server_address[1], pki=self.pki)
                if self.second_verifies
                else "",
            ),
        )

    def command(self):
        return ["stunnel4", self.folder / "stunnel.conf"]

    def pid_file(self):
        return self.folder / "stunnel.pid"

    def times_bound(self):
        return (self.folder / "stunnel.log").read_text().count(" bound to ")

    def reload(self):
        """It closes its port after it has read its configuration, and opens it again."""
        before = self.times_bound()
        self.process.signal(signal.SIGHUP)
        wait_for(lambda: self.times_bound() > before, "stunnel to listen again")
