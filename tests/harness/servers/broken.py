# SPDX-License-Identifier: Apache-2.0
"""Servers that are wrong about session tickets (tests/tools/faults.h) or about all else."""
import sys
from pathlib import Path

from .. import build
from .base import Server

HOSTILE = Path(__file__).resolve().parents[2] / "hostile"


class Watched(Server):
    """A server that can tell whether somebody is there."""

    def has_a_client(self):
        """Whether a client has a connection to it; raises when it has ended."""
        self.process.check_alive()
        port = f"{self.port:04X}"
        with open("/proc/net/tcp", encoding="ascii") as table:
            return any(
                line.split()[2].endswith(":" + port) and line.split()[3] == "01" for line in table
            )


class Broken(Watched):
    """Our own server that is wrong about session tickets in one way at a time."""

    name = "broken"

    def __init__(
        self,
        *args,
        fault="none",
        second_host=False,
        timeout=None,
        seed=None,
        identity=None,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.fault = fault
        self.second_host = second_host
        self.timeout = timeout  # of sessions, in seconds
        self.seed = seed  # servers with the same one have the same ticket keys
        self.identity = identity or self.pki.server

    def command(self):
        args = [
            build.BROKEN_SERVER,
            "--port",
            self.port,
            "--cert",
            self.identity.both,
            "--fault",
            self.fault,
            "--ca",
            self.pki.ca,
        ]
        if self.second_host:
            args += ["--second", self.pki.other.both]
        if self.timeout is not None:
            args += ["--timeout", self.timeout]
        if self.seed is not None:
            args += ["--seed", self.seed]
        return args


class Hostile(Watched):
    """A peer that wastes the time of who connects; tests/hostile/tls_peer.py has the modes."""

    name = "hostile"

    def __init__(self, *args, mode, **kwargs):
        super().__init__(*args, **kwargs)
        self.mode = mode

    def command(self):
        return [sys.executable, HOSTILE / "tls_peer.py", self.mode, self.port, self.pki.server.both]


class Odd(Hostile):
    """A peer that breaks off, never ends or talks nonsense: tests/hostile/tls_odd.py."""

    name = "odd"

    def command(self):
        odd = HOSTILE / "tls_odd.py"
        return [sys.executable, odd, self.pki.server.both, f"{self.port}={self.mode}"]
