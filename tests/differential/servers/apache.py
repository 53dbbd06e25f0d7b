# SPDX-License-Identifier: Apache-2.0
"""Apache with pre-forked children; a graceful restart makes new SSL_CTXs in the same parent."""
import os
import signal

from ground import wait_for

from .base import Server

CONFIGURATION = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
Mutex default:{folder}
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
{user}
StartServers {workers}
MinSpareServers {workers}
MaxSpareServers {workers}
MaxRequestWorkers {workers}
KeepAlive Off
ErrorLog {folder}/error.log
DocumentRoot {folder}/documents
DirectoryIndex index.html
SSLProtocol -all +TLSv1.2 +TLSv1.3
SSLSessionCache shmcb:{folder}/sessions(512000)
{hosts}
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
        (self.folder / "documents").mkdir(exist_ok=True)
        self.write("documents/index.html", "an answer of Apache\n")
        self.write(
            "apache.conf",
            CONFIGURATION.format(
                folder=self.folder,
                workers=self.workers,
                hosts="".join(self.hosts()),
                user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
            ),
        )

    def command(self):
        return ["apache2", "-D", "FOREGROUND", "-f", self.folder / "apache.conf"]

    def is_ready(self):
        return len(self.process.children()) >= self.workers

    def reload_program(self):
        before = set(self.process.children())
        self.process.signal(signal.SIGUSR1)

        def renewed():
            now = set(self.process.children())
            return len(now) >= self.workers and not now & before

        wait_for(renewed, "Apache's new children")
