# SPDX-License-Identifier: Apache-2.0
"""
The differences that are meant, each with its reason. SECURITY.md repeats the reasons. Every field
is a pattern of fnmatch. An entry that nothing matches in a full run is an error.
"""
import ssl
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Known:
    """One kind of difference that is not an error."""

    reason: str
    kind: str
    server: str = "*"
    arm: str = "*"
    journey: str = "*"  # "group: step, mechanism, client: source -> target …"

    def matches(self, found):
        return (
            fnmatchcase(found.kind, self.kind)
            and fnmatchcase(found.journey.server, self.server)
            and fnmatchcase(found.arm, self.arm)
            and fnmatchcase(f"{found.journey.group}: {found.journey}", self.journey)
        )


SERVER_NAME = (
    "A ticket does not resume under another server name than the one it was made for (RFC 9846 "
    "section 4.6.1, RFC 6066 section 3), although OpenSSL does that where two hosts share a port."
)
OWN_KEYS = (
    "With a ring from a file stek's keys take the place of those that a program shares among its "
    "SSL_CTXs (lighttpd, Postfix): the operator has decided so. Tickets then go only where the "
    "names are the same, and stay in their SSL_CTX where clients are verified."
)
SEEN_LATE = (
    "That a program verifies its clients shows only at the first connection that does so, where "
    "it asks on the SSL and not on the SSL_CTX. A ticket from before then, which carries nobody's "
    "identity, does not open after that moment, and opens at its own place after a restart."
)
DEMANDED = (
    "A session without a client certificate does not resume on a connection that demands one "
    "(CVE-2025-23419), although OpenSSL does that where a program demands it on the SSL, or from "
    "some moment on."
)
SET_LATE = (
    "A program that sets session-ticket callbacks when an SSL_CTX has served already: until stek "
    "has sealed the next ticket there it cannot know that, and the program may see stek's appdata "
    "in a ticket from before. Afterwards tickets from before do not open."
)
EACH_TIME = (
    "A program that sets its ticket key callback again for each connection (Traffic Server), with "
    "a ring from a file: its keys win from the second connection on, and the first one's tickets "
    "do not open. That is counted and said once."
)
NO_TICKETS = (
    "With a ring from a file stek's keys take the place of a callback of the program's that gives "
    "no tickets: it gives some then. SSL_OP_NO_TICKET is heeded."
)
BROKEN_TICKETS = (
    "In TLS 1.3 OpenSSL until 3.0.6, 1.1.1 included, sends a ticket of no length where a program's "
    "callback gives no key, and clients end the connection. With a ring from a file stek's keys "
    "take the place of that callback, and the client is served."
)
BYTES = (
    "Ticket keys that a program sets as bytes cannot be told from OpenSSL's own random ones, so "
    "stek's take their place, with a private ring, too: sessions then end with the process."
)
DEMANDED_LATE = (
    "A shared ticket opens before the program's callback for the server name, which then takes its "
    "cipher away. stek ends the handshake, and the client's next one is in full."
)
SERVICE = (
    "Each service of Postfix is a process of its own. One that asks nobody for a certificate shares "
    "tickets by name, as any program that verifies nobody: with a ring from a file they survive a "
    "restart. They open at no service that asks."
)

KNOWN = (
    Known(DEMANDED, "loses", "cases", journey="modes: cross, *: open -> *"),
    Known(DEMANDED, "loses", "cases", journey="modes: cross, *: ask -> *"),
    Known(DEMANDED, "breaks", "cases", journey="live: mode, * nobody: optional -> optional*"),
    Known(DEMANDED_LATE, "breaks", "cases", journey="ciphers: cross, 1.2 ticket, *-> strict-late*"),
    Known(SET_LATE, "identity", "cases", journey="appdata-late: *, *: late*"),
    Known(SET_LATE, "loses", "cases", journey="appdata-late: set, *: late*"),
    Known(EACH_TIME, "loses", "cases", "host", "keys-each: cross, *"),
    Known(EACH_TIME, "loses", "cases", "host", "keys-each: second, *"),
    Known(NO_TICKETS, "resumes", "cases", "host", "keys-verifying: *: no-key -> no-key*"),
    Known(OWN_KEYS, "loses", "cases", "host", "keys-verifying: cross, *"),
    Known(OWN_KEYS, "loses", "cases", "host", "keys-verifying: restart, *"),
    Known(BYTES, "loses", "cases", "private", "bytes-open: restart, *"),
    Known(BYTES, "loses", "cases", "private", "bytes-verifying: restart, *"),
    Known(SERVER_NAME, "loses", journey="hosts: cross, *"),
    Known(SERVER_NAME, "loses", journey="open-hosts: cross, *"),
    Known(SERVER_NAME, "loses", "vsftpd", journey="ftp: cross, *"),
    Known(SERVER_NAME, "identity", "vsftpd", journey="ftp: * late*"),
    Known(OWN_KEYS, "loses", "lighttpd", "host", "names: cross, *"),
    Known(OWN_KEYS, "loses", "lighttpd", "host", "peers: cross, *"),
    Known(OWN_KEYS, "loses", "postfix", "host", "names: cross, *"),
    Known(OWN_KEYS, "loses", "postfix", "host", "peers: cross, *"),
    Known(SEEN_LATE, "loses", "node", journey="peers: cross, *: open -> open*"),
    Known(SEEN_LATE, "loses", "ruby", journey="peers: cross, *: open -> open*"),
    Known(SEEN_LATE, "resumes", "node", "host", "peers: re*: open -> open*"),
    Known(SEEN_LATE, "resumes", "php", "host", "peers: re*: open -> open*"),
    Known(SERVICE, "resumes", "postfix", "host", "peers: re*: open -> open*"),
)

if ssl.OPENSSL_VERSION_INFO < (3, 0, 0, 6):  # 3.0.6; of 3.x the third number is always 0
    KNOWN += (Known(BROKEN_TICKETS, "admits", "cases", "host", "keys-*: *, 1.3 ticket, *no-key*"),)


def split(differences, known=KNOWN):
    """(differences that are not listed here, entries that matched one)."""
    unknown, used = [], set()
    for found in differences:
        matching = [entry for entry in known if entry.matches(found)]
        used.update(matching)
        if not matching:
            unknown.append(found)
    return unknown, used
