# SPDX-License-Identifier: Apache-2.0
"""Runs ticket-client and keeps what it saw. A Visitor is for servers that do not speak HTTP."""
import contextlib
import json
import os
import socket
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Optional

from . import build
from .process import plain_environment, spawn, stop

VERSIONS = ("1.2", "1.3")


@dataclass(frozen=True)
class Connection:
    """One connection, as ticket-client tells it."""

    n: int
    at_ms: int
    clock_ms: int
    took_ms: int
    ok: bool
    tls: Optional[str]
    offered: bool
    resumed: bool
    tickets: int
    key: Optional[str]
    hint_s: int
    alert: Optional[str]
    answer: Optional[str]
    error: Optional[str]


class Visits(list):
    """The connections of one run of the client, in order."""

    @classmethod
    def parse(cls, lines):
        return cls(Connection(**json.loads(line)) for line in lines)

    def failed(self):
        return [c for c in self if not c.ok]

    def returning(self):
        """Those that offered a ticket."""
        return [c for c in self if c.offered]

    def resumed(self):
        return [c for c in self if c.resumed]

    def lost(self):
        """Those that offered a ticket and had to shake hands in full."""
        return [c for c in self if c.offered and not c.resumed]

    def keys(self):
        """The distinct key names, in the order of their first ticket."""
        return list(dict.fromkeys(c.key for c in self if c.key))

    def answers(self):
        return {c.answer for c in self if c.answer}


def command(port, tls, **options):
    """The command line: option names with underscores, True for a bare flag, None for none at
    all."""
    args = [str(build.CLIENT), "--port", str(port), "--tls", tls]
    for name, value in options.items():
        if value is None or value is False:
            continue
        args.append("--" + name.replace("_", "-"))
        if value is not True:
            args.append(str(value))
    return args


def visit(port, tls, http=True, **options):
    """Connects as asked and returns Visits."""
    done = subprocess.run(
        command(port, tls, http=http, **options),
        check=True,
        capture_output=True,
        text=True,
        env=plain_environment(),
    )
    return Visits.parse(done.stdout.splitlines())


class Background:
    """A client that runs while others do; it writes into a file, so that nobody who is slow to read
    stops it."""

    def __init__(self, port, tls, http=True, **options):
        self.output = tempfile.TemporaryFile(mode="w+")
        self.popen = spawn(
            command(port, tls, http=http, **options), stdout=self.output, env=plain_environment()
        )

    def so_far(self):
        """The visits that are over."""
        text = os.pread(self.output.fileno(), 1 << 30, 0).decode()
        return Visits.parse(text.splitlines()[: text.count("\n")])

    def results(self):
        """Waits for the end."""
        if self.popen.wait():
            raise RuntimeError(f"{self.popen.args} ended with {self.popen.returncode}")
        return self.so_far()

    def stop(self):
        stop(self.popen)
        self.output.close()


TIMEOUT_S = 30
PAUSE_S = 0.05


class Visitor:
    """
    A client that only shakes hands, also where TLS begins later. It keeps the session of its last
    visit and offers it at the next.
    """

    def __init__(self, tls, host=None):
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[tls]
        self.context.minimum_version = self.context.maximum_version = version
        self.host = host  # the server name that it says
        self.session = None

    def visit(self, server):
        """Whether it resumed. A server's begin(sock) asks for TLS, where that is needed."""
        with socket.create_connection(("127.0.0.1", server.port), TIMEOUT_S) as sock:
            if hasattr(server, "begin"):
                server.begin(sock)
            with self.context.wrap_socket(
                sock, server_hostname=self.host, session=self.session
            ) as connection:
                self._read_tickets(connection)
                self.session = connection.session
                return connection.session_reused

    @staticmethod
    def _read_tickets(connection):
        """In TLS 1.3 they come after the handshake, with nothing else behind them."""
        connection.settimeout(PAUSE_S)
        for _ in range(int(TIMEOUT_S / PAUSE_S)):
            if connection.session.has_ticket:
                return
            with contextlib.suppress(socket.timeout):
                if not connection.recv(1024):
                    return
