# SPDX-License-Identifier: Apache-2.0
"""Dovecot's login process, which keeps sessions in libssl's own cache."""
from ..base import Server

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
{options}
import_environment = TZ OPENSSL_CONF
default_internal_user = dovecot
default_login_user = dovenull
mail_location = mbox:{folder}/mail
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}
}}
service imap-login {{
  service_count = 0
  client_limit = 1000
  process_limit = 1
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


class IdsDovecot(Server):
    """One process serves all clients, and forgets them when it ends."""

    name = "dovecot-ids"
    version_option = "--version"
    program = "dovecot"

    def __init__(self, *args, tickets=True, **kwargs):
        super().__init__(*args, **kwargs)
        self.tickets = tickets

    def prepare(self):
        options = "" if self.tickets else "ssl_options = no_ticket"
        identity = self.pki.server
        self.write(
            "dovecot.conf",
            CONFIGURATION.format(
                folder=self.folder, port=self.port, identity=identity, options=options
            ),
        )

    def command(self):
        return ["dovecot", "-F", "-c", self.folder / "dovecot.conf"]

    def is_ready(self):
        return len(self.process.children()) >= 2
