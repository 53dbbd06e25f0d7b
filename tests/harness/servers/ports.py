# SPDX-License-Identifier: Apache-2.0
"""A Python program with several ports, each with an SSLContext of its own."""
import json
from pathlib import Path

from ..process import free_port
from .base import Server

PROGRAM = Path(__file__).parent / "programs/ports.py"


class Ports(Server):
    name = "ports"

    def __init__(self, *args, ports, **kwargs):
        """ports: a list of {"pem", "ca", "crl"}; what is left out is the usual certificate, and
        nobody verified."""
        super().__init__(*args, **kwargs)
        usual = {"pem": self.pki.server.both, "ca": None, "crl": None}
        self.ports = [{**usual, **of, "port": free_port()} for of in ports]
        self.port = self.ports[0]["port"]  # the last to be opened

    def command(self):
        return ["/usr/bin/python3", PROGRAM, json.dumps(self.ports, default=str)]

    def at(self, number):
        """The port of this number, for a visit: client.visit(server.at(1), …)."""
        return self.ports[number]["port"]
