# SPDX-License-Identifier: Apache-2.0
"""ProFTPD with mod_tls. Debian lets only one FTP server be installed, so its packages are
unpacked."""
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


def root():
    """Where the program's files are."""
    return unpacked("proftpd-core", "proftpd-mod-crypto")


def modules():
    """Lines that load those that are files."""
    there = [name for name in MODULES if (root() / f"usr/lib/proftpd/mod_{name}.so").exists()]
    return "\n".join(f"LoadModule mod_{name}.c" for name in there)


def configuration(folder, port, identity, options=""):
    return CONFIGURATION.format(
        folder=folder,
        port=port,
        identity=identity,
        options=options,
        root=root(),
        modules=modules(),
    )


def command(folder):
    return [root() / "usr/sbin/proftpd", "-n", "-c", folder / "proftpd.conf"]


def libraries():
    """More of its environment."""
    return {"LD_LIBRARY_PATH": ":".join(map(str, root().glob("usr/lib/*-linux-gnu")))}


class Proftpd(Server):
    name = "proftpd"

    def __init__(self, *args, options="", **kwargs):
        super().__init__(*args, **kwargs)
        self.options = options  # more lines of its configuration

    def prepare(self):
        text = configuration(self.folder, self.port, self.pki.server, self.options)
        self.write("proftpd.conf", text)

    def command(self):
        return command(self.folder)

    def environment(self):
        return {**super().environment(), **libraries()}
