# SPDX-License-Identifier: Apache-2.0
"""FTP over TLS: the data connection has to resume the session of the control connection."""
import re
import socket

from ground import proftpd, vsftpd
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
                self.resumed_by_id += data.resumed_by_id()
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

    def prepare(self):
        self.write("file", "some data\n")
        port = next(iter(self.ports.values()))
        text = vsftpd.configuration(self.folder, port, self.identity(self.places[0]))
        self.write("vsftpd.conf", text)

    def command(self):
        return ["vsftpd", self.folder / "vsftpd.conf"]


class Proftpd(Ftp):
    """ProFTPD, which keeps what it knows of the control connection in its ticket's appdata."""

    name = "proftpd"

    def prepare(self):
        self.write("file", "some data\n")
        port = next(iter(self.ports.values()))
        text = proftpd.configuration(self.folder, port, self.identity(self.places[0]))
        self.write("proftpd.conf", text)

    def command(self):
        return proftpd.command(self.folder)

    def environment(self):
        return {**super().environment(), **proftpd.libraries()}
