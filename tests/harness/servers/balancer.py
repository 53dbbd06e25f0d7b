# SPDX-License-Identifier: Apache-2.0
"""HAProxy as a balancer that knows nothing of TLS: each connection goes to the next host."""
from .base import Server

CONFIGURATION = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 5s
    timeout server 5s
listen hosts
    bind 127.0.0.1:{port}
    balance roundrobin
{hosts}
"""


class Balancer(Server):
    name = "balancer"

    def __init__(self, *args, ports, **kwargs):
        super().__init__(*args, **kwargs)
        self.ports = ports

    def prepare(self):
        hosts = "\n".join(f"    server host{port} 127.0.0.1:{port}" for port in self.ports)
        self.write("balancer.cfg", CONFIGURATION.format(port=self.port, hosts=hosts))

    def command(self):
        return ["haproxy", "-db", "-f", self.folder / "balancer.cfg"]
