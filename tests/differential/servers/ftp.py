# SPDX-License-Identifier: Apache-2.0
"""FTP over TLS: the data connection has to resume the session of the control connection."""
import re
import socket
from pathlib import Path

from ground import unpacked
from tls import Connection, Refused

from .base import Server

EPSV = re.compile(r"\(\|\|\|(\d+)\|\)")


def _reply(read_line):
    """The last line of a reply."""
    line = read_line()
    code = line[:3]
    while not (line.startswith(code) and line[3:4] == " "):
        line = read_line()
    return line


class Ftp(Server):
    """A visit is a transfer; what is told of it is whether it worked and resumed.

    Clients name the host on both connections, on none, or on the first only (places `late`).
    """

    groups = ("ftp",)
    steps = ("restart",)

    def begin(self, sock, place):
        lines = sock.makefile("r", newline="\r\n")
        _reply(lambda: lines.readline().rstrip())
        sock.sendall(b"AUTH TLS\r\n")
        line = _reply(lambda: lines.readline().rstrip())
        if not line.startswith("234"):
            raise Refused(line)

    def _order(self, connection, text):
        connection.send(text + "\r\n")
        return _reply(connection.read_line)

    def ask(self, connection, place):
        for order in ("USER anonymous", "PASS x@example", "PBSZ 0", "PROT P"):
            line = self._order(connection, order)
            if line[0] not in "23":
                raise Refused(line)
        found = EPSV.search(self._order(connection, "EPSV"))
        if not found:
            raise Refused("no EPSV")
        session, _ = connection.session()
        return self._transfer(connection, int(found.group(1)), place, session)

    def _transfer(self, connection, port, place, session):
        """The file over a data connection, and what both say of it."""
        sock = socket.create_connection(("127.0.0.1", port), 15)
        connection.send("RETR file\r\n")
        opened = _reply(connection.read_line)
        host = None if place.name == "late" else place.host
        data = Connection(sock, connection.version, session=session, host=host)
        text, resumed = "", False
        try:
            if opened.startswith("1"):
                data.handshake()
                resumed = data.resumed()
                text = data.read_all().strip()
        except Refused as problem:
            text = str(problem)
        finally:
            data.close()
        closed = _reply(connection.read_line) if opened.startswith("1") else opened
        return f"{closed[:3]} {text} resumed={resumed}"


class Vsftpd(Ftp):
    """vsftpd, whose default it is to demand the session of the control connection."""

    name = "vsftpd"
    configuration = """
listen=YES
background=NO
listen_address=127.0.0.1
listen_port={port}
anonymous_enable=YES
anon_root={folder}/files
secure_chroot_dir={folder}/empty
local_enable=NO
ssl_enable=YES
allow_anon_ssl=YES
ssl_tlsv1=YES
require_ssl_reuse=YES
rsa_cert_file={identity.cert}
rsa_private_key_file={identity.key}
ssl_ciphers=HIGH
seccomp_sandbox=NO
"""

    def prepare(self):
        for name in ("files", "empty"):
            (self.folder / name).mkdir(exist_ok=True)
        self.write("files/file", "some data\n")
        self.write("vsftpd.conf", self._configuration())

    def _configuration(self):
        return self.configuration.format(
            port=next(iter(self.ports.values())),
            folder=self.folder,
            identity=self.identity(self.places[0]),
            root=self.root(),
        )

    @staticmethod
    def root():
        """Where the program's files are."""
        return Path("/")

    def command(self):
        return ["vsftpd", self.folder / "vsftpd.conf"]


class Proftpd(Vsftpd):
    """ProFTPD, which keeps what it knows of the control connection in its ticket's appdata."""

    name = "proftpd"
    configuration = """
ServerName test
ServerType standalone
Port {port}
DefaultAddress 127.0.0.1
UseIPv6 off
User nobody
Group nogroup
PidFile {folder}/proftpd.pid
ScoreboardFile {folder}/scoreboard
DelayEngine off
WtmpLog off
TransferLog none
SystemLog {folder}/system.log
RequireValidShell off
UseFtpUsers off
ModulePath {root}/usr/lib/proftpd
LoadModule mod_tls.c
TLSEngine on
TLSLog {folder}/tls.log
TLSProtocol TLSv1.2 TLSv1.3
TLSRequired on
TLSECCertificateFile {identity.cert}
TLSECCertificateKeyFile {identity.key}
<Anonymous {folder}/files>
    User nobody
    Group nogroup
    UserAlias anonymous nobody
    RequireValidShell off
</Anonymous>
"""

    def command(self):
        program = self.root() / "usr/sbin/proftpd"
        return [program, "-n", "-c", self.folder / "vsftpd.conf"]

    def environment(self):
        libraries = ":".join(map(str, self.root().glob("usr/lib/*-linux-gnu")))
        return {**super().environment(), "LD_LIBRARY_PATH": libraries}

    @staticmethod
    def root():
        """Debian lets only one FTP server be installed."""
        return unpacked("proftpd-core", "proftpd-mod-crypto")
