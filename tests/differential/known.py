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
MENDED = "This one is being mended."

KNOWN = (
    Known(SERVER_NAME, "loses", journey="hosts: cross, *"),
    Known(SERVER_NAME, "loses", journey="open-hosts: cross, *"),
    Known(SERVER_NAME, "loses", "vsftpd", journey="ftp: cross, *"),
    Known(SERVER_NAME, "loses", "proftpd", journey="ftp: cross, *"),
    Known(SERVER_NAME, "identity", "vsftpd", journey="ftp: * late*"),
    Known(MENDED, "identity", "proftpd"),
    Known(MENDED, "loses", "node", "private", "workers: *"),
    Known(MENDED, "resumes", journey="names: *"),
    *(
        Known(MENDED, kind, journey=f"{group}: *")
        for group in ("peers", "hosts", "redirect")
        for kind in ("admits", "resumes", "identity")
    ),
)


def split(differences, known=KNOWN):
    """(those that nobody knows, the entries that matched something)."""
    unknown, used = [], set()
    for found in differences:
        matching = [entry for entry in known if entry.matches(found)]
        used.update(matching)
        if not matching:
            unknown.append(found)
    return unknown, used
