# SPDX-License-Identifier: Apache-2.0
"""HAProxy as a balancer that knows nothing of TLS: each connection goes to the next host."""
from ..process import free_port
from .base import Server

CONFIGURATION = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 5s
    timeout server 5s
"""
LISTEN = """
listen {name}
    bind 127.0.0.1:{port}
    balance roundrobin
{hosts}
"""


class Balancer(Server):
    name = "balancer"

    def __init__(self, *args, ports=None, groups=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.groups = groups or {"hosts": ports}  # the ports of each group's hosts
        names = list(self.groups)
        self.entries = {names[0]: self.port, **{name: free_port() for name in names[1:]}}

    def prepare(self):
        text = CONFIGURATION
        for name, ports in self.groups.items():
            hosts = "\n".join(f"    server host{port} 127.0.0.1:{port}" for port in ports)
            text += LISTEN.format(name=name, port=self.entries[name], hosts=hosts)
        self.write("balancer.cfg", text)

    def command(self):
        return ["haproxy", "-db", "-f", self.folder / "balancer.cfg"]
