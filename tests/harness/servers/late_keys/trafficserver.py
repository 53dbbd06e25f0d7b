# SPDX-License-Identifier: Apache-2.0
"""Traffic Server, which sets its ticket callback again for each connection."""
import os
import shutil
from pathlib import Path

from ..base import Server

FOLDERS = "sysconfdir runtimedir localstatedir logdir cachedir datadir libexecdir".split()
# It answers by itself that it knows no such host; nothing is forwarded or kept.
RECORDS = """
CONFIG proxy.config.bin_path STRING {programs}
CONFIG proxy.config.http.server_ports STRING {port}:ssl:ip-in=127.0.0.1
CONFIG proxy.config.admin.user_id STRING {user}
CONFIG proxy.config.url_remap.remap_required INT 1
CONFIG proxy.config.exec_thread.autoconfig INT 0
CONFIG proxy.config.exec_thread.limit INT 2
CONFIG proxy.config.http.cache.http INT 0
CONFIG proxy.config.log.logging_enabled INT 0
CONFIG proxy.config.ssl.server.cert.path STRING /
CONFIG proxy.config.ssl.server.private_key.path STRING /
CONFIG proxy.config.ssl.session_cache INT 0
CONFIG proxy.config.ssl.server.session_ticket.enable INT 1
"""


class TrafficServer(Server):
    name = "trafficserver"
    program = "traffic_server"

    def __init__(self, *args, ticket_key=None, managed=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.ticket_key = ticket_key  # a file of 48-byte keys
        self.managed = managed  # under its manager, which traffic_ctl talks to

    def prepare(self):
        places = {name: self.folder / name for name in FOLDERS}
        for place in places.values():
            place.mkdir(exist_ok=True)
        places["bindir"] = Path(shutil.which(self.program)).parent
        self.write("runroot.yaml", "".join(f"{key}: {place}\n" for key, place in places.items()))
        user = "#-1" if os.geteuid() == 0 else ""
        self.write(
            "sysconfdir/records.config",
            RECORDS.format(port=self.port, user=user, programs=places["bindir"]) + self.keys(),
        )
        self.write("sysconfdir/storage.config", "")
        identity = self.pki.server
        self.write(
            "sysconfdir/ssl_multicert.config",
            f"dest_ip=* ssl_cert_name={identity.cert} ssl_key_name={identity.key}\n",
        )

    def keys(self):
        name = "proxy.config.ssl.server.ticket_key.filename"
        return f"CONFIG {name} STRING {self.ticket_key}\n" if self.ticket_key else ""

    def command(self):
        program = "traffic_manager" if self.managed else self.program
        return [program, f"--run-root={self.folder}/runroot.yaml"]

    def loading_command(self):
        """What has it read its files again, a moment later; words with blanks between."""
        return f"{shutil.which('traffic_ctl')} --run-root={self.folder}/runroot.yaml config reload"
