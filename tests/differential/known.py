# SPDX-License-Identifier: Apache-2.0
"""
The differences that are meant, each with its reason. SECURITY.md repeats the reasons. Every field
is a pattern of fnmatch. An entry that nothing matches in a full run is an error.
"""
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
SERVICE = (
    "Each service of Postfix is a process of its own. One that asks nobody for a certificate shares "
    "tickets by name, as any program that verifies nobody: with a ring from a file they survive a "
    "restart. They open at no service that asks."
)

KNOWN = (
    Known(SERVER_NAME, "loses", journey="hosts: cross, *"),
    Known(SERVER_NAME, "loses", journey="open-hosts: cross, *"),
    Known(SERVER_NAME, "loses", "vsftpd", journey="ftp: cross, *"),
    Known(SERVER_NAME, "loses", "proftpd", journey="ftp: cross, *"),
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


def split(differences, known=KNOWN):
    """(differences that are not listed here, entries that matched one)."""
    unknown, used = [], set()
    for found in differences:
        matching = [entry for entry in known if entry.matches(found)]
        used.update(matching)
        if not matching:
            unknown.append(found)
    return unknown, used
