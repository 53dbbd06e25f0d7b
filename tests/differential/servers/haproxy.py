# SPDX-License-Identifier: Apache-2.0
"""HAProxy: one process with threads, which answers by itself."""
from .base import Server

CONFIGURATION = """
global
    nbthread 2
defaults
    mode http
    timeout connect 5s
    timeout client 15s
    timeout server 5s
{frontends}
"""
FRONTEND = """
frontend {name}
    bind 127.0.0.1:{port} ssl {certificates} ssl-min-ver TLSv1.2
    http-request return status 200 content-type text/plain lf-string "%f %[ssl_fc_sni] %[ssl_c_used] %[ssl_c_verify] %[ssl_c_s_dn]\\n"
"""
WORDS = "%f %[ssl_fc_sni] %[ssl_c_used] %[ssl_c_verify] %[ssl_c_s_dn]"
MODES = {"optional": "optional", "demand": "required"}


class Haproxy(Server):
    name = "haproxy"
    groups = ("names", "peers", "hosts", "open-hosts")
    steps = ("replaced", "restart")  # a reload is another process

    @classmethod
    def chosen(cls, places):
        """HAProxy cannot limit the depth."""
        return tuple(place for place in places if place.depth == 9)

    def verification(self, place):
        if place.verify == "none":
            return ""
        words = [f"verify {MODES[place.verify]} ca-file {self.authorities(place.announced)}"]
        if place.announce:
            words.append(f"ca-verify-file {self.authorities(place.trust)}")
        if place.crl:
            words.append(f"crl-file {self.certificates.crl}")
        return " ".join(words)

    def certificates_of(self, port, places):
        if len(places) == 1:
            return f"crt {self.identity(places[0]).both} {self.verification(places[0])}"
        lines = [
            f"{self.identity(place).both} [{self.verification(place)}] {place.host}\n"
            for place in places
        ]
        return "crt-list " + str(self.write(f"list-{port}", "".join(lines)))

    def prepare(self):
        frontends = "".join(
            FRONTEND.format(
                name=places[0].name,
                port=port,
                certificates=self.certificates_of(port, places),
                words=WORDS,
            )
            for port, places in self.by_port()
        )
        self.write("haproxy.cfg", CONFIGURATION.format(frontends=frontends))

    def command(self):
        return ["haproxy", "-db", "-f", self.folder / "haproxy.cfg"]

    def reload(self, places):
        self.restart(places)
