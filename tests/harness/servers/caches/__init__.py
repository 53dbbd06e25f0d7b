# SPDX-License-Identifier: Apache-2.0
"""Servers that keep their clients' sessions, each in a cache of its own kind, and give tickets as
well unless they are told not to."""
from ..apache import Apache
from ..haproxy import Haproxy
from ..nginx import Nginx
from ..s_server import SServer
from .dovecot import IdsDovecot


class IdsNginx(Nginx):
    """One cache for all workers, which survives a reload."""

    name = "nginx-ids"

    def __init__(self, *args, tickets=True, cache="shared:sessions:1m", **kwargs):
        lines = f"ssl_session_cache {cache};\n    ssl_session_tickets {'on' if tickets else 'off'};"
        super().__init__(*args, directives=lines, **kwargs)


class IdsApache(Apache):
    """A ring buffer in shared memory."""

    name = "apache-ids"

    def __init__(self, *args, tickets=True, **kwargs):
        super().__init__(*args, **kwargs)
        self.tickets = tickets

    def prepare(self):
        super().prepare()
        text = (self.folder / "apache.conf").read_text()
        cache = (
            "LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so\n"
            f"SSLSessionCache shmcb:{self.folder}/sessions(4000000)\n"
            f"SSLSessionTickets {'on' if self.tickets else 'off'}"
        )
        self.write("apache.conf", text.replace("SSLSessionCache none", cache))


class IdsHaproxy(Haproxy):
    """A cache in the memory that its threads share. A reload begins with an empty one."""

    name = "haproxy-ids"

    def __init__(self, *args, tickets=True, **kwargs):
        super().__init__(*args, master=True, **kwargs)
        self.tickets = tickets

    def prepare(self):
        super().prepare()
        text = (self.folder / "haproxy.cfg").read_text()
        if not self.tickets:
            text = text.replace("ssl-min-ver", "no-tls-tickets ssl-min-ver")
        self.write("haproxy.cfg", text)


class IdsServer(SServer):
    """libssl's own cache, which ends with the process."""

    name = "s_server-ids"

    def __init__(self, *args, tickets=True, **kwargs):
        super().__init__(*args, options=() if tickets else ("-no_ticket",), **kwargs)

    def reload(self):
        """It knows none but to be started anew."""
        self.restart()
