# SPDX-License-Identifier: Apache-2.0
"""MariaDB, which goes over to TLS when a client asks for it."""
import os
import struct

from ..base import Server

# Flags of MySQL's protocol: 4.1, TLS, and how a password is sent.
CAPABILITIES = 0x200 | 0x800 | 0x8000
UTF8 = 33


class Mariadb(Server):
    name = "mariadb"
    program = "mariadbd"

    def prepare(self):
        (self.folder / "data").mkdir(exist_ok=True)

    def command(self):
        return [
            self.program,
            "--no-defaults",
            *(["--user=root"] if os.geteuid() == 0 else []),
            f"--datadir={self.folder}/data",
            f"--socket={self.folder}/socket",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--innodb=OFF",
            "--default-storage-engine=MyISAM",
            "--skip-grant-tables",
            f"--ssl-cert={self.pki.server.cert}",
            f"--ssl-key={self.pki.server.key}",
            "--tls-version=TLSv1.2,TLSv1.3",
        ]

    @staticmethod
    def begin(sock):
        """Reads the greeting and asks for TLS."""
        head = sock.recv(4, 0x100)  # MSG_WAITALL
        sock.recv(int.from_bytes(head[:3], "little"), 0x100)
        body = struct.pack("<IIB23x", CAPABILITIES, 1 << 24, UTF8)
        sock.sendall(len(body).to_bytes(3, "little") + b"\x01" + body)
