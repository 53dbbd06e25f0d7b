# SPDX-License-Identifier: Apache-2.0
"""Our own server that is wrong about session tickets in one way at a time
(tests/tools/faults.h)."""
from .. import build
from .base import Server


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
