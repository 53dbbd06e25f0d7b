# SPDX-License-Identifier: Apache-2.0
"""ProFTPD with mod_tls. Debian lets only one FTP server be installed, so its packages are unpacked."""
from ..unpacked import unpacked
from .base import Server

CONFIGURATION = """
ModulePath {root}/usr/lib/proftpd
{modules}
ServerName test
ServerType standalone
Port {port}
DefaultAddress 127.0.0.1
UseIPv6 off
User nobody
Group nogroup
PidFile {folder}/proftpd.pid
ScoreboardFile {folder}/scoreboard
<IfModule mod_delay.c>
    DelayEngine off
</IfModule>
WtmpLog off
TransferLog none
SystemLog {folder}/error.log
RequireValidShell off
UseFtpUsers off
TLSEngine on
TLSLog {folder}/tls.log
TLSProtocol TLSv1.2 TLSv1.3
TLSRequired on
TLSECCertificateFile {identity.cert}
TLSECCertificateKeyFile {identity.key}
{options}
<Anonymous {folder}>
    User nobody
    Group nogroup
    UserAlias anonymous nobody
    RequireValidShell off
</Anonymous>
"""


# Debian 13 has made modules of what was in the program before.
MODULES = ("ls", "xfer", "delay", "tls")


class Proftpd(Server):
    name = "proftpd"

    def __init__(self, *args, options="", **kwargs):
        super().__init__(*args, **kwargs)
        self.options = options  # more lines of its configuration
        self.root = unpacked("proftpd-core", "proftpd-mod-crypto")

    def modules(self):
        """Lines that load those that are files."""
        there = [
            name for name in MODULES if (self.root / f"usr/lib/proftpd/mod_{name}.so").exists()
        ]
        return "\n".join(f"LoadModule mod_{name}.c" for name in there)

    def prepare(self):
        self.write(
            "proftpd.conf",
            CONFIGURATION.format(
                port=self.port,
                folder=self.folder,
                root=self.root,
                modules=self.modules(),
                identity=self.pki.server,
                options=self.options,
            ),
        )

    def command(self):
        return [self.root / "usr/sbin/proftpd", "-n", "-c", self.folder / "proftpd.conf"]

    def environment(self):
        libraries = ":".join(map(str, self.root.glob("usr/lib/*-linux-gnu")))
        return {**super().environment(), "LD_LIBRARY_PATH": libraries}
