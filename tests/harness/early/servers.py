# SPDX-License-Identifier: Apache-2.0
"""Servers that accept early data and say what they have executed."""
from .. import build
from ..servers.base import Server
from ..servers.haproxy import Haproxy
from ..servers.nginx import Nginx

NGINX = """
    log_format executed "$request_uri";
    ssl_early_data on;
    client_header_timeout 1s;
    send_timeout 1s;
    lingering_close off;
"""


class EarlyNginx(Nginx):
    name = "nginx-early"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, directives=NGINX, **kwargs)
        self.log = self.folder / "executed"

    def hosts(self):
        log = f"access_log {self.log} executed;\n        default_type"
        return super().hosts().replace("default_type", log)

    def executed(self, path):
        """How often it has answered a request for this path."""
        return self.log.read_text().split().count(path)


class EarlyHaproxy(Haproxy):
    name = "haproxy-early"

    def prepare(self):
        super().prepare()
        text = (self.folder / "haproxy.cfg").read_text()
        text = text.replace("timeout client 5s", "timeout client 1s")
        text = text.replace("    nbthread", "    log stdout format raw local0\n    nbthread")
        text = text.replace("ssl-min-ver", "allow-0rtt ssl-min-ver")
        self.write("haproxy.cfg", text + '    log global\n    log-format "%HU"\n')

    def executed(self, path):
        """The log is written when a connection ends."""
        return self.process.stdout().split().count(path)


class EarlyWorkers(Server):
    """A program of the tests with worker processes that take turns (tests/tools/early-server.c)."""

    name = "workers-early"

    def __init__(self, *args, guard, workers=3, **kwargs):
        super().__init__(*args, **kwargs)
        self.guard, self.workers = guard, workers

    def command(self):
        args = [build.EARLY_SERVER, "--port", self.port, "--cert", self.pki.server.both]
        return [*args, "--guard", self.guard, "--workers", self.workers]

    def is_ready(self):
        return len(self.process.children()) == self.workers

    def reload(self):
        raise NotImplementedError("it knows no reload")

    def executed(self, path):
        return self.process.stdout().split().count(path)
