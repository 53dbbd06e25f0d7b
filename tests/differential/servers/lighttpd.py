# SPDX-License-Identifier: Apache-2.0
"""lighttpd; it rotates ticket keys of its own, which its workers share."""
from .base import Server

CONFIGURATION = """
server.modules = ( "mod_openssl", "mod_ssi" )
server.document-root = "{folder}/documents"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{folder}/error.log"
server.max-worker = {workers}
server.max-keep-alive-requests = 0
index-file.names = ( "index.shtml" )
ssi.extension = ( ".shtml" )
mimetype.assign = ( "" => "text/plain" )
{sockets}
"""
SOCKET = """
$SERVER["socket"] == "127.0.0.1:{port}" {{
    ssl.engine = "enable"
    ssl.pemfile = "{identity.cert}"
    ssl.privkey = "{identity.key}"
    ssl.openssl.ssl-conf-cmd = ( "MinProtocol" => "TLSv1.2" )
    {verification}
    {hosts}
}}
"""
HOST = """
    $HTTP["host"] == "{place.host}" {{
        ssl.pemfile = "{identity.cert}"
        ssl.privkey = "{identity.key}"
        {verification}
    }}
"""


class Lighttpd(Server):
    name = "lighttpd"
    steps = ("replaced", "restart")

    def verification(self, place):
        if place.verify == "none":
            return ""
        lines = [
            'ssl.verifyclient.activate = "enable"',
            f'ssl.verifyclient.enforce = "{"enable" if place.verify == "demand" else "disable"}"',
            'ssl.verifyclient.exportcert = "enable"',
            f"ssl.verifyclient.depth = {place.depth}",
            f'ssl.verifyclient.ca-file = "{self.authorities(place.trust)}"',
        ]
        if place.announce:
            lines.append(f'ssl.verifyclient.ca-dn-file = "{self.authorities(place.announce)}"')
        if place.crl:
            lines.append(f'ssl.verifyclient.ca-crl-file = "{self.certificates.crl}"')
        return "\n    ".join(lines)

    def socket(self, port, places):
        first, *others = places
        hosts = "".join(
            HOST.format(
                place=place, identity=self.identity(place), verification=self.verification(place)
            )
            for place in others
        )
        return SOCKET.format(
            port=port,
            identity=self.identity(first),
            verification=self.verification(first),
            hosts=hosts,
        )

    def prepare(self):
        (self.folder / "documents").mkdir(exist_ok=True)
        self.write(
            "documents/index.shtml",
            '<!--#echo var="SSL_CLIENT_VERIFY"--> <!--#echo var="SSL_CLIENT_S_DN"-->\n',
        )
        self.write(
            "lighttpd.conf",
            CONFIGURATION.format(
                folder=self.folder,
                port=next(iter(self.ports.values())),
                workers=self.workers if self.workers > 1 else 0,
                sockets="".join(self.socket(*one) for one in self.by_port()),
            ),
        )

    def command(self):
        return ["lighttpd", "-D", "-f", self.folder / "lighttpd.conf"]

    def is_ready(self):
        return self.workers == 1 or len(self.process.children()) >= self.workers

    def reload(self, places):
        self.restart(places)
