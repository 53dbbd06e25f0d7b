# SPDX-License-Identifier: Apache-2.0
"""HAProxy: one worker with threads, which answers by itself; under a master, a reload is another
worker, of a program that was started anew."""
import socket

from ..process import wait_for
from .base import Server

CONFIGURATION = """
global
    nbthread 2
    {limited_quic}
    {stats_socket}
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend https
    bind 127.0.0.1:{port} ssl {certificates} ssl-min-ver TLSv1.2 {ticket_keys}
    {quic}
    http-request return status 200 content-type text/plain lf-string "%pid\\n"
"""


class Haproxy(Server):
    name = "haproxy"
    says_quic = ("-vv", "USE_QUIC=1")

    def __init__(
        self,
        *args,
        ticket_keys=None,
        second_verifies=False,
        identity=None,
        quic=False,
        master=False,
        stats_socket=None,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.ticket_keys = ticket_keys  # a file of base64 lines of 80-byte keys
        self.second_verifies = (
            second_verifies  # serves b.example too, where it demands client certificates
        )
        self.identity = identity or self.pki.server
        self.quic = quic  # serves HTTP/3, too, on the same port
        self.master = master  # can be reloaded
        self.stats_socket = stats_socket  # where it takes orders

    def certificates(self):
        if not self.second_verifies:
            return f"crt {self.identity.both}"
        return "crt-list " + str(
            self.write(
                "crt-list",
                f"{self.identity.both} a.example\n{self.pki.other.both} "
                f"[verify required ca-file {self.pki.ca}] b.example\n",
            )
        )

    def quic_bind(self):
        return f"bind quic4@127.0.0.1:{self.port} ssl {self.certificates()} alpn h3"

    def prepare(self):
        self.write(
            "haproxy.cfg",
            CONFIGURATION.format(
                port=self.port,
                certificates=self.certificates(),
                # With an OpenSSL that is not made for QUIC, HAProxy wants this word.
                limited_quic="limited-quic" if self.quic else "",
                stats_socket=(
                    f"stats socket {self.stats_socket} mode 600 level admin"
                    if self.stats_socket
                    else ""
                ),
                quic=self.quic_bind() if self.quic else "",
                ticket_keys=f"tls-ticket-keys {self.ticket_keys}" if self.ticket_keys else "",
            ),
        )

    def command(self):
        mode = ["-W", "-S", self.folder / "master"] if self.master else ["-db"]
        return ["haproxy", *mode, "-f", self.folder / "haproxy.cfg"]

    def is_ready(self):
        return not self.master or len(self.process.children()) == 1

    def reload(self):
        """The master executes itself, and the former worker ends. A signal would be lost where the
        master is not ready for it yet."""
        before = set(self.process.children())
        with socket.socket(socket.AF_UNIX) as command_line:
            command_line.connect(str(self.folder / "master"))
            command_line.sendall(b"reload\n")
            while command_line.recv(4096):
                pass

        def renewed():
            now = set(self.process.children())
            return len(now) == 1 and not now & before

        wait_for(renewed, "HAProxy's new worker")
