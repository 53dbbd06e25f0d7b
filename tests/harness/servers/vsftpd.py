# SPDX-License-Identifier: Apache-2.0
"""vsftpd, which goes over to TLS when a client asks for it."""
from .base import Server

CONFIGURATION = """
listen=YES
background=NO
listen_address=127.0.0.1
listen_port={port}
anonymous_enable=YES
anon_root={folder}
secure_chroot_dir={folder}
local_enable=NO
ssl_enable=YES
allow_anon_ssl=YES
ssl_tlsv1=YES
rsa_cert_file={identity.cert}
rsa_private_key_file={identity.key}
ssl_ciphers=HIGH
seccomp_sandbox=NO
"""


def configuration(folder, port, identity):
    return CONFIGURATION.format(folder=folder, port=port, identity=identity)


class Vsftpd(Server):
    name = "vsftpd"

    def prepare(self):
        self.write("vsftpd.conf", configuration(self.folder, self.port, self.pki.server))

    def command(self):
        return ["vsftpd", self.folder / "vsftpd.conf"]
