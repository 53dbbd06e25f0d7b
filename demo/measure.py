# SPDX-License-Identifier: Apache-2.0
"""One arm of the demo: servers, the visitors of each, and what their visits cost the servers."""
import os
from dataclasses import dataclass, field
from pathlib import Path

from harness.client import VERSIONS, Background, Visits
from harness.process import wait_for
from harness.servers import Nginx

BURST = 25  # connections one right after the other, so that it is not the waking up that costs


def reload_nginx(servers):
    for server in servers:
        if isinstance(server, Nginx):
            server.reload()


def restart_all(servers):
    for server in servers:
        server.restart()


def cpu_ns(pids):
    """CPU time of the processes so far, in nanoseconds: from the scheduler, else from the coarser
    clock ticks."""
    return sum(
        _scheduled_ns(pid) if os.path.exists(f"/proc/{pid}/schedstat") else _ticks_ns(pid)
        for pid in pids
    )


def _scheduled_ns(pid):
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)


def _ticks_ns(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """What one server did in one TLS version."""

    server: str
    tls: str
    visits: Visits = field(default_factory=Visits)
    cpu_ns: int = 0

    def cpu_ms_per_handshake(self):
        return self.cpu_ns / 1e6 / len(self.visits)

    def resumed_percent(self):
        """Of the visitors that came back with a ticket."""
        returning = self.visits.returning()
        return 100 * len(self.visits.resumed()) / len(returning) if returning else 0


class Arm:
    """A server of its own for each row of the table, all at the same time and lightly loaded.
    `python` is the Python one's class."""

    def __init__(self, stack, folder, certificates, openssl_conf, args, python):
        kinds = {"nginx": Nginx, "Python": python}
        self.stack = stack
        self.args = args
        self.rows = [Measured(name, tls) for name in kinds for tls in VERSIONS]
        self.servers = [
            stack.enter_context(
                kinds[row.server](folder / f"{row.server}-{row.tls}", certificates, openssl_conf)
            )
            for row in self.rows
        ]

    def run(self, progress, half_way):
        """half_way(servers) is what happens to them between two visits of everybody."""
        self._visit(progress, self.args.connections // 2)
        half_way(self.servers)
        self._visit(progress, self.args.connections - self.args.connections // 2, come_back=True)
        progress.end()
        return self.rows

    def _visit(self, progress, count, come_back=False):
        before = [cpu_ns(server.process.pids()) for server in self.servers]
        clients = [self._client(i, count, come_back) for i in range(len(self.rows))]
        self._watch(clients, progress)
        for server, row, client, start_ns in zip(self.servers, self.rows, clients, before):
            row.visits += client.results()
            row.cpu_ns += cpu_ns(server.process.pids()) - start_ns

    def _client(self, i, count, come_back):
        """The servers' bursts do not meet."""
        interval_ms = self.args.interval_ms
        sessions = self.servers[i].folder / "sessions.pem"
        client = Background(
            self.servers[i].port,
            self.rows[i].tls,
            count=count,
            clients=self.args.visitors,
            interval_ms=interval_ms,
            burst=BURST,
            delay_ms=i * BURST * interval_ms // len(self.rows),
            sess_out=sessions,
            sess_in=sessions if come_back else None,
        )
        self.stack.callback(client.stop)
        return client

    def _watch(self, clients, progress):
        earlier = [row.visits for row in self.rows]

        def all_done():
            seen = earlier + [client.so_far() for client in clients]
            progress.show(sum(map(len, seen)), sum(len(visits.lost()) for visits in seen))
            return all(client.popen.poll() is not None for client in clients)

        wait_for(all_done, "the visitors", timeout_s=120, pause_s=0.1)
