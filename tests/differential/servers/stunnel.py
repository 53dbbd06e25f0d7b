# SPDX-License-Identifier: Apache-2.0
"""stunnel: one process with threads; HUP makes new SSL_CTXs. `redirect` sends strangers to a
decoy."""
import signal

from ground import wait_for

from .backend import Backend
from .base import Server

CONFIGURATION = """
foreground = yes
pid =
output = {folder}/stunnel.log
debug = info
syslog = no
{services}
"""
SERVICE = """
[{place.name}]
{where}
connect = 127.0.0.1:{real}
cert = {identity.cert}
key = {identity.key}
sslVersionMin = TLSv1.2
{verification}
"""
BOUND = " bound to 127.0.0.1:"


class Stunnel(Server):
    """Its own checks need a trusted chain; the group `redirect` has strangers sent elsewhere."""

    name = "stunnel"
    groups = ("names", "peers", "hosts", "open-hosts", "redirect")

    @classmethod
    def chosen(cls, places):
        """stunnel cannot limit the depth, nor say other names than it trusts."""
        return tuple(place for place in places if place.depth == 9 and not place.announce)

    def __init__(self, *args):
        super().__init__(*args)
        self.real, self.decoy = Backend("real"), Backend("decoy")

    def verification(self, place):
        if place.verify == "none":
            return ""
        lines = [f"CAfile = {self.authorities(place.trust)}", "verifyChain = yes"]
        if place.verify == "demand":
            lines.append("requireCert = yes")
        if place.verify == "redirect":
            lines.append(f"redirect = 127.0.0.1:{self.decoy.port}")
        if place.crl:
            lines.append(f"CRLfile = {self.certificates.crl}")
        return "\n".join(lines)

    def prepare(self):
        services = []
        for port, places in self.by_port():
            for place in places:
                first = place is places[0]
                services.append(
                    SERVICE.format(
                        place=place,
                        where=(
                            f"accept = 127.0.0.1:{port}"
                            if first
                            else f"sni = {places[0].name}:{place.host}"
                        ),
                        real=self.real.port,
                        identity=self.identity(place),
                        verification=self.verification(place),
                    )
                )
        self.write(
            "stunnel.conf",
            CONFIGURATION.format(folder=self.folder, services="".join(services)),
        )

    def command(self):
        return ["stunnel", self.folder / "stunnel.conf"]

    def _log(self):
        return (self.folder / "stunnel.log").read_text(errors="replace")

    def reload_program(self):
        """Every port is closed, and opened anew at the end."""
        after = self._log().count(BOUND) + len(self.ports)
        self.process.signal(signal.SIGHUP)
        wait_for(lambda: self._log().count(BOUND) >= after, "stunnel's new configuration")

    def close(self):
        self.real.close()
        self.decoy.close()
