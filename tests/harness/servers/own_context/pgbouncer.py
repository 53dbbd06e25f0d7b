# SPDX-License-Identifier: Apache-2.0
"""PgBouncer, which goes over to TLS when a client asks for it."""
import os
import struct

from ..base import Server

CONFIGURATION = """
[databases]
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
client_tls_sslmode = require
client_tls_cert_file = {identity.cert}
client_tls_key_file = {key}
client_tls_protocols = secure
"""
TLS_WANTED = 80877103  # in the place of a protocol's version


class Pgbouncer(Server):
    name = "pgbouncer"

    def prepare(self):
        # It does not run as root, and has to read the key.
        key = self.write("server.key", self.pki.server.key.read_text())
        self.write(
            "pgbouncer.ini",
            CONFIGURATION.format(port=self.port, identity=self.pki.server, key=key),
        )

    def command(self):
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        return ["pgbouncer", *user, self.folder / "pgbouncer.ini"]

    @staticmethod
    def begin(sock):
        sock.sendall(struct.pack("!II", 8, TLS_WANTED))
        answer = sock.recv(1)
        if answer != b"S":
            raise ConnectionError(f"PgBouncer answers {answer}")
