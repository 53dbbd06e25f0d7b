# SPDX-License-Identifier: Apache-2.0
"""Postfix: smtpd processes that share their ticket keys and sessions through tlsmgr."""
import shutil
import socket

from ground import plain_environment
from tls import Refused

from .base import Server

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = a.example
mydestination = a.example
local_recipient_maps =
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LC_ALL OPENSSL_CONF
smtpd_tls_security_level = may
smtpd_tls_loglevel = 1
smtpd_tls_session_cache_database = btree:{folder}/data/sessions
smtpd_relay_restrictions = permit_tls_all_clientcerts, reject
smtpd_recipient_restrictions = permit_tls_all_clientcerts, reject
smtpd_delay_reject = yes
smtpd_peername_lookup = no
"""
MASTER = """
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
cleanup unix n - n - 0 cleanup
"""
SERVICE = """127.0.0.1:{port} inet n - n - {limit} smtpd
  -o smtpd_tls_cert_file={identity.cert}
  -o smtpd_tls_key_file={identity.key}
  -o smtpd_tls_eccert_file={identity.cert}
  -o smtpd_tls_eckey_file={identity.key}
{options}
"""


class Postfix(Server):
    """It says whether it relays for the client, which it does for those with a certificate."""

    name = "postfix"
    groups = ("names", "peers", "workers")

    @classmethod
    def chosen(cls, places):
        """Postfix knows no revocation lists, nor other authorities to announce."""
        return tuple(place for place in places if not place.crl and not place.announce)

    def service(self, port, place):
        options = []
        if self.workers > 1:
            options.append("max_use=1")  # every connection in a process of its own
        if place.verify != "none":
            options += [
                f"smtpd_tls_CAfile={self.authorities(place.trust)}",
                f"smtpd_tls_ccert_verifydepth={place.depth}",
                "smtpd_tls_ask_ccert=yes",
            ]
        if place.verify == "demand":
            options += ["smtpd_tls_req_ccert=yes", "smtpd_tls_security_level=encrypt"]
        return SERVICE.format(
            port=port,
            limit=self.workers,
            identity=self.identity(place),
            options="".join(f"  -o {option}\n" for option in options),
        )

    def prepare(self):
        for name in ("queue", "data"):
            (self.folder / name).mkdir(exist_ok=True)
        shutil.chown(self.folder / "data", "postfix")
        for name in ("pid", "private", "public", "incoming", "active", "maildrop", "defer"):
            (self.folder / "queue" / name).mkdir(exist_ok=True)
            shutil.chown(self.folder / "queue" / name, "root" if name == "pid" else "postfix")
        self.write("main.cf", MAIN.format(folder=self.folder))
        services = "".join(self.service(port, places[0]) for port, places in self.by_port())
        self.write("master.cf", MASTER + services)

    def command(self):
        return ["/usr/lib/postfix/sbin/master", "-d", "-c", self.folder]

    def environment(self):
        return plain_environment(OPENSSL_CONF=self.openssl_conf, MAIL_CONFIG=self.folder)

    def launch(self):
        (self.folder / "queue/pid/master.pid").unlink(missing_ok=True)
        super().launch()

    def reload(self, places):
        self.restart(places)

    def begin(self, sock, place):
        lines = sock.makefile("r", newline="\r\n")
        _reply(lambda: lines.readline().rstrip())
        for order in ("EHLO client.example", "STARTTLS"):
            sock.sendall(f"{order}\r\n".encode())
            line = _reply(lambda: lines.readline().rstrip())
            if line[0:1] != "2":
                raise Refused(line)

    def ask(self, connection, place):
        line = ""
        for order in ("EHLO client.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"):
            connection.send(order + "\r\n")
            line = _reply(connection.read_line)
            if line[0] != "2":
                break
        return line[:60]

    def loads_stek(self):
        """smtpd runs while a client is there."""
        return super().loads_stek() or self._with_client()

    def _with_client(self):
        with socket.create_connection(("127.0.0.1", next(iter(self.ports.values()))), 15) as sock:
            sock.recv(100)
            return super().loads_stek()


def _reply(read_line):
    """The last line of a reply."""
    line = read_line()
    while line[3:4] == "-":
        line = read_line()
    return line
