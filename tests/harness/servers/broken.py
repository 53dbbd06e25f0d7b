# SPDX-License-Identifier: Apache-2.0
"""Our own server that is wrong about session tickets in one way at a time
(tests/tools/faults.h)."""
import sys
from pathlib import Path

from .. import build
from .base import Server

TLS_PEER = Path(__file__).resolve().parents[2] / "hostile" / "tls_peer.py"


class Broken(Server):
    name = "broken"

    def __init__(
        self,
        *args,
        fault="none",
        second_host=False,
        timeout=None,
        seed=None,
        identity=None,
        **kwargs
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


class Hostile(Server):
    """A peer that wastes the time of who connects; tests/hostile/tls_peer.py has the modes."""

    name = "hostile"

    def __init__(self, *args, mode, **kwargs):
        super().__init__(*args, **kwargs)
        self.mode = mode

    def command(self):
        return [sys.executable, TLS_PEER, self.mode, self.port, self.pki.server.both]
