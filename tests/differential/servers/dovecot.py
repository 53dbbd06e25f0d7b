# SPDX-License-Identifier: Apache-2.0
"""Dovecot: login processes, each with an SSL_CTX of its own, that note the client's certificate."""
from tls import Refused

from .base import Server

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{identity.cert}
ssl_key = <{identity.key}
ssl_min_protocol = TLSv1.2
import_environment = TZ OPENSSL_CONF
{verification}
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 0
mail_location = mbox:{folder}/mail:INBOX={folder}/mail/inbox
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail
}}
service imap-login {{
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {port}
    ssl = yes
  }}
}}
"""


class Dovecot(Server):
    """One configuration at a time; what it says of its peer is whether a login is taken."""

    name = "dovecot"
    groups = ("one", "one-optional", "one-demand")
    sees_ring = False  # its login processes are in a chroot

    def verification(self, place):
        if place.verify == "none":
            return ""
        required = "yes" if place.verify == "demand" else "no"
        return (
            f"ssl_ca = <{self.authorities(place.trust)}\nssl_verify_client_cert = yes\n"
            f"ssl_require_crl = no\nauth_ssl_require_client_cert = {required}\n"
            "auth_ssl_username_from_cert = no\n"
        )

    def prepare(self):
        (self.folder / "mail").mkdir(exist_ok=True)
        (self.folder / "mail").chmod(0o777)
        self.write(
            "dovecot.conf",
            CONFIGURATION.format(
                folder=self.folder,
                identity=self.identity(self.places[0]),
                verification=self.verification(self.places[0]),
                port=next(iter(self.ports.values())),
            ),
        )

    def command(self):
        return ["dovecot", "-F", "-c", self.folder / "dovecot.conf"]

    def is_ready(self):
        return len(self.process.children()) >= 2

    def reload(self, places):
        self.restart(places)

    def ask(self, connection, place):
        hello = connection.read_line()
        if not hello.startswith("* OK"):
            raise Refused(hello)
        connection.send("a LOGIN alice secret\r\n")
        line = connection.read_line()
        while not line.startswith("a "):
            line = connection.read_line()
        return " ".join(line.split()[1:])[:60].split("] ")[-1]
