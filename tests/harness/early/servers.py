# SPDX-License-Identifier: Apache-2.0
"""Servers that accept early data and say what they have executed."""
import os
import shlex
import shutil
import signal
from pathlib import Path

from .. import build
from ..process import plain_environment, wait_for
from ..servers.base import Server
from ..servers.haproxy import Haproxy
from ..servers.late_keys import TrafficServer
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
        super().__init__(*args, directives=NGINX, main="env OPENSSL_CONF;", **kwargs)
        self.log = self.folder / "executed"

    def hosts(self):
        log = f"access_log {self.log} executed;\n        default_type"
        return super().hosts().replace("default_type", log)

    def executed(self, path):
        """How often it has answered a request for this path."""
        return self.log.read_text().split().count(path)


class UpgradableNginx(EarlyNginx):
    """nginx begins a binary upgrade only once its parent has ended; so another process leads."""

    name = "nginx-upgradable"

    def command(self):
        program = shutil.which("nginx", path=plain_environment()["PATH"])
        nginx = shlex.join([program, *map(str, super().command()[1:])])
        pid_file = shlex.quote(str(self.folder / "nginx.pid"))
        wait = f"until [ -s {pid_file} ]; do sleep 0.05; done"
        return ["sh", "-c", f"({nginx} & {wait}); exec sleep infinity"]

    def _master(self):
        """None: there is no file just now."""
        try:
            return int((self.folder / "nginx.pid").read_text())
        except (OSError, ValueError):
            return None

    def _has_workers(self, master):
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return len(children) == self.workers

    def is_ready(self):
        leader_master_workers = 2 + self.workers
        return (
            len(self.process.pids()) == leader_master_workers
            and self._master() is not None
            and self._has_workers(self._master())
        )

    def upgrade(self):
        """Starts the new program, which serves beside the old one; returns the old master."""
        old = self._master()
        os.kill(old, signal.SIGUSR2)

        def new_one_serves():
            new = self._master()
            return new not in (None, old) and self._has_workers(new)

        wait_for(new_one_serves, "nginx's new master")
        return old

    def stop(self):
        if self.process and self._master() in self.process.pids():
            os.kill(self._master(), signal.SIGTERM)
        return super().stop()

    def end(self, old):
        os.kill(old, signal.SIGQUIT)
        wait_for(self.is_ready, "nginx's old master to end")


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


class EarlyTrafficServer(TrafficServer):
    """It sets everything about early data on each SSL."""

    name = "trafficserver-early"

    def prepare(self):
        super().prepare()
        records = self.folder / "sysconfdir/records.config"
        early = "CONFIG proxy.config.ssl.server.max_early_data INT 16384\n"
        records.write_text(records.read_text() + early)


class EarlyWorkers(Server):
    """A program of the tests with worker processes that take turns (tests/tools/early-server.c)."""

    name = "workers-early"

    def __init__(self, *args, guard, workers=3, late=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.guard, self.workers = guard, workers
        self.late = late  # each worker loads OpenSSL by itself

    def command(self):
        args = [build.EARLY_SERVER, "--port", self.port, "--cert", self.pki.server.both]
        late = ["--late"] if self.late else []
        return [*args, "--guard", self.guard, "--workers", self.workers, *late]

    def is_ready(self):
        return len(self.process.children()) == self.workers

    def reload(self):
        raise NotImplementedError("it knows no reload")

    def executed(self, path):
        return self.process.stdout().split().count(path)
