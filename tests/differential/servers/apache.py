# SPDX-License-Identifier: Apache-2.0
"""Apache with pre-forked children; a graceful restart makes new SSL_CTXs in the same parent."""
from ground import apache

from .base import Server

SESSIONS = """
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so
MaxRequestWorkers {workers}
SSLSessionCache shmcb:{folder}/sessions(512000)
"""
HOST = """
<VirtualHost *:{port}>
    ServerName {name}
    SSLEngine on
    SSLCertificateFile {identity.cert}
    SSLCertificateKeyFile {identity.key}
    {verification}
    Header always set X-Peer "{place} %{{SSL_CLIENT_VERIFY}}s %{{SSL_CLIENT_S_DN}}s"
</VirtualHost>
"""
MODES = {"optional": "optional", "demand": "require"}


class Apache(Server):
    name = "apache"

    def verification(self, place):
        if place.verify == "none":
            return ""
        lines = [
            f"SSLVerifyClient {MODES[place.verify]}",
            f"SSLCACertificateFile {self.authorities(place.trust)}",
            f"SSLVerifyDepth {place.depth}",
        ]
        if place.announce:
            lines.append(f"SSLCADNRequestFile {self.authorities(place.announce)}")
        if place.crl:
            lines += [
                f"SSLCARevocationFile {self.certificates.crl}",
                "SSLCARevocationCheck chain",
            ]
        return "\n    ".join(lines)

    def hosts(self):
        for port, places in self.by_port():
            yield f"Listen 127.0.0.1:{port}\n"
            for place in places:
                yield HOST.format(
                    port=port,
                    name=place.host or "localhost",
                    identity=self.identity(place),
                    verification=self.verification(place),
                    place=place.name,
                )

    def prepare(self):
        sessions = SESSIONS.format(folder=self.folder, workers=self.workers)
        basics = apache.basics(self.folder, self.workers)
        self.write("apache.conf", basics + sessions + "".join(self.hosts()))

    def command(self):
        return ["apache2", "-D", "FOREGROUND", "-f", self.folder / "apache.conf"]

    def is_ready(self):
        return len(self.process.children()) >= self.workers

    def reload_program(self):
        apache.renew(self.process, self.workers)
