# SPDX-License-Identifier: Apache-2.0
"""nginx: a master that makes the SSL_CTXs and forks workers; a reload makes new ones in the same
master."""
import functools
import os
import signal
import subprocess

from ..process import wait_for
from .base import Server

CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes {workers};
{user}
{main}
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_timeout {keepalive};
    ssl_protocols {protocols};
    {ticket_key}
    {directives}
    {hosts}
}}
"""

HOST = """
    server {{
        listen 127.0.0.1:{port} ssl {listen};
        {quic}
        server_name {names};
        ssl_certificate {identity.cert};
        ssl_certificate_key {identity.key};
        {extra}
        default_type text/plain;
        return 200 "$pid\\n";
    }}
"""


@functools.cache
def log_option():
    """nginx 1.18 has no -e; before it reads its configuration it opens the log that it was built
    with."""
    usage = subprocess.run(["nginx", "-h"], capture_output=True, text=True, check=True)
    return "-e filename" in usage.stderr + usage.stdout


class Nginx(Server):
    name = "nginx"
    says_quic = ("-V", "http_v3_module")

    def __init__(
        self,
        *args,
        workers=4,
        ticket_key=None,
        user=None,
        second_host=False,
        second_verifies=False,
        protocols="TLSv1.2 TLSv1.3",
        directives="",
        main="",
        quic=False,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.workers = workers
        self.ticket_key = ticket_key  # an 80-byte key file
        self.user = user
        self.second_host = second_host  # serves b.example too, with a certificate of its own
        self.second_verifies = second_verifies  # and demands client certificates there
        self.protocols = protocols
        self.directives = directives  # more of them, for all hosts
        self.main = main  # more of them, outside of http
        self.quic = quic  # serves HTTP/3, too, on the same port

    def verification(self):
        return f"ssl_client_certificate {self.pki.ca}; ssl_verify_client on;"

    def hosts(self):
        text = HOST.format(
            port=self.port,
            listen="reuseport",
            quic=f"listen 127.0.0.1:{self.port} quic reuseport;" if self.quic else "",
            names="localhost a.example",
            identity=self.pki.server,
            extra=self.verification() if self.client_certificate else "",
        )
        if self.second_host:
            text += HOST.format(
                port=self.port,
                listen="",
                quic=f"listen 127.0.0.1:{self.port} quic;" if self.quic else "",
                names="b.example",
                identity=self.pki.other,
                extra=self.verification() if self.second_verifies else "",
            )
        return text

    def prepare(self):
        self.write(
            "nginx.conf",
            CONFIGURATION.format(
                folder=self.folder,
                workers=self.workers,
                keepalive="60s" if self.quic else "0",  # with 0 a QUIC connection ends at once
                hosts=self.hosts(),
                protocols=self.protocols,
                directives=self.directives,
                main=self.main,
                user=f"user {self.user};" if self.user else "",
                ticket_key=f"ssl_session_ticket_key {self.ticket_key};" if self.ticket_key else "",
            ),
        )

    def command(self):
        log = ["-e", self.folder / "error.log"] if log_option() else []
        return ["nginx", "-p", self.folder, "-c", self.folder / "nginx.conf", *log]

    def is_ready(self):
        return len(self.process.children()) == self.workers

    def reload(self):
        before = set(self.process.children())
        self.process.signal(signal.SIGHUP)

        def renewed():
            now = set(self.process.children())
            return len(now) == self.workers and not now & before

        wait_for(renewed, "nginx's new workers")

    def replace_workers(self):
        """Kills every worker; the master forks others."""
        before = set(self.process.children())
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_for(
            lambda: len(set(self.process.children()) - before) == self.workers,
            "nginx's new workers",
        )
