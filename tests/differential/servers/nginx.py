# SPDX-License-Identifier: Apache-2.0
"""nginx: a master makes the SSL_CTXs and forks workers; a reload makes new ones in that master."""
import os
import signal

from ground import wait_for

from .base import Server

CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes {workers};
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_timeout 0;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:sessions:1m;
    {hosts}
}}
"""
HOST = """
    server {{
        listen 127.0.0.1:{port} ssl {listen};
        server_name {name};
        ssl_certificate {identity.cert};
        ssl_certificate_key {identity.key};
        {verification}
        default_type text/plain;
        return 200 "{place} $ssl_client_verify $ssl_client_s_dn\\n";
    }}
"""


class Nginx(Server):
    name = "nginx"

    def verification(self, place):
        if place.verify == "none":
            return ""
        lines = [
            f"ssl_verify_client {'on' if place.verify == 'demand' else 'optional'};",
            f"ssl_client_certificate {self.authorities(place.announced)};",
            f"ssl_verify_depth {place.depth};",
        ]
        if place.announce:
            lines.append(f"ssl_trusted_certificate {self.authorities(place.trust)};")
        if place.crl:
            lines.append(f"ssl_crl {self.certificates.crl};")
        return " ".join(lines)

    def host(self, port, place, first):
        return HOST.format(
            port=port,
            listen="reuseport" if first and self.workers > 1 else "",
            name=place.host or "_",
            identity=self.identity(place),
            verification=self.verification(place),
            place=place.name,
        )

    def prepare(self):
        hosts = "".join(
            self.host(port, place, place is places[0])
            for port, places in self.by_port()
            for place in places
        )
        self.write(
            "nginx.conf",
            CONFIGURATION.format(folder=self.folder, workers=self.workers, hosts=hosts),
        )

    def command(self):
        return ["nginx", "-p", self.folder, "-c", self.folder / "nginx.conf"]

    def is_ready(self):
        return len(self.process.children()) >= self.workers

    def reload_program(self):
        before = set(self.process.children())
        os.kill(self.process.pid, signal.SIGHUP)

        def renewed():
            now = set(self.process.children())
            return len(now) >= self.workers and not now & before

        wait_for(renewed, "nginx's new workers")
