# SPDX-License-Identifier: Apache-2.0
"""Apache with pre-forked children; a graceful restart makes new SSL_CTXs in the same parent."""
import os
import signal

from ..process import wait_for
from .base import Server

CONFIGURATION = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
Mutex default:{folder}
Listen 127.0.0.1:{port}
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
{user}
StartServers {workers}
MinSpareServers {workers}
MaxSpareServers {workers}
MaxRequestWorkers {limit}
KeepAlive Off
ErrorLog {folder}/error.log
LogFormat "%P" process
CustomLog {folder}/process.log process
DocumentRoot {folder}/documents
DirectoryIndex index.html
SSLSessionCache none
{ticket_key}
<VirtualHost *:{port}>
    SSLEngine on
    SSLProtocol -all +TLSv1.2 +TLSv1.3
    SSLCertificateFile {identity.cert}
    SSLCertificateKeyFile {identity.key}
</VirtualHost>
"""


class Apache(Server):
    name = "apache"

    def __init__(self, *args, workers=4, ticket_key=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.workers = workers
        self.ticket_key = ticket_key  # a 48-byte key file

    def prepare(self):
        (self.folder / "documents").mkdir()
        self.write("documents/index.html", "an answer of Apache\n")
        self.write(
            "apache.conf",
            CONFIGURATION.format(
                folder=self.folder,
                port=self.port,
                workers=self.workers,
                limit=4 * self.workers,
                identity=self.pki.server,
                user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
                ticket_key=f"SSLSessionTicketKeyFile {self.ticket_key}" if self.ticket_key else "",
            ),
        )

    def command(self):
        return ["apache2", "-D", "FOREGROUND", "-f", self.folder / "apache.conf"]

    def is_ready(self):
        return len(self.process.children()) >= self.workers

    def reload(self):
        before = set(self.process.children())
        self.process.signal(signal.SIGUSR1)

        def renewed():
            now = set(self.process.children())
            return len(now) >= self.workers and not now & before

        wait_for(renewed, "Apache's new children")

    def answered_by(self, visits):
        """Which process answered each visit so far: Apache writes it into its log."""
        wait_for(lambda: len(self._answers()) >= len(visits), "Apache's log")
        return set(self._answers())

    def _answers(self):
        return (self.folder / "process.log").read_text().split()
