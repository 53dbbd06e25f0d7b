# SPDX-License-Identifier: Apache-2.0
"""Apache with pre-forked children; a graceful restart makes new SSL_CTXs in the same parent."""
import os
import signal

from ..process import wait_for
from .base import Server

BASICS = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
Mutex default:{folder}
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
{user}
StartServers {workers}
MinSpareServers {workers}
MaxSpareServers {workers}
KeepAlive Off
ErrorLog {folder}/error.log
DocumentRoot {folder}/documents
DirectoryIndex index.html
SSLProtocol -all +TLSv1.2 +TLSv1.3
"""
HOST = """
Listen 127.0.0.1:{port}
MaxRequestWorkers {limit}
LogFormat "%P" process
CustomLog {folder}/process.log process
SSLSessionCache none
{directives}
<VirtualHost *:{port}>
    SSLEngine on
    SSLCertificateFile {identity.cert}
    SSLCertificateKeyFile {identity.key}
</VirtualHost>
"""


def basics(folder, workers):
    """The part of the configuration in which nothing is said of hosts, and the document that it
    names."""
    (folder / "documents").mkdir(exist_ok=True)
    (folder / "documents/index.html").write_text("an answer of Apache\n")
    return BASICS.format(
        folder=folder,
        workers=workers,
        user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
    )


def renew(process, workers):
    """A graceful restart; returns when all children are new."""
    before = set(process.children())
    process.signal(signal.SIGUSR1)

    def renewed():
        now = set(process.children())
        return len(now) >= workers and not now & before

    wait_for(renewed, "Apache's new children")


class Apache(Server):
    name = "apache"
    program = "apache2"

    def __init__(self, *args, workers=4, ticket_key=None, directives="", **kwargs):
        super().__init__(*args, **kwargs)
        self.workers = workers
        self.ticket_key = ticket_key  # a 48-byte key file
        self.directives = directives

    def prepare(self):
        key = f"SSLSessionTicketKeyFile {self.ticket_key}" if self.ticket_key else ""
        host = HOST.format(
            folder=self.folder,
            port=self.port,
            limit=4 * self.workers,
            identity=self.pki.server,
            directives=f"{key}\n{self.directives}",
        )
        self.write("apache.conf", basics(self.folder, self.workers) + host)

    def command(self):
        return ["apache2", "-D", "FOREGROUND", "-f", self.folder / "apache.conf"]

    def is_ready(self):
        return len(self.process.children()) >= self.workers

    def reload(self):
        renew(self.process, self.workers)

    def answered_by(self, visits):
        """Which process answered each visit so far: Apache writes it into its log."""
        wait_for(lambda: len(self._answers()) >= len(visits), "Apache's log")
        return set(self._answers())

    def _answers(self):
        return (self.folder / "process.log").read_text().split()
