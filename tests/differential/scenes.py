# SPDX-License-Identifier: Apache-2.0
"""
The table of configurations. A group is what one program serves at the same time; each entry is a
place where a client can connect: a port, or a host name on a port that several share.
"""
from dataclasses import dataclass, replace
from typing import Optional

from certificates import same_names


@dataclass(frozen=True)
class Place:
    """What a place demands of its clients, in words that each driver says in its server's."""

    name: str
    cert: str = "a"
    verify: str = "none"  # none, optional, demand
    trust: str = ""  # the authorities: A, B, A2 or AB
    announce: str = ""  # those that it names to clients, where that is not the same
    crl: bool = False
    depth: int = 9
    host: Optional[str] = None  # the server name that clients say
    port: str = ""  # places with the same word share a port

    @property
    def slot(self):
        return self.port or self.name

    @property
    def announced(self):
        return self.announce or self.trust


# Nobody is verified: stek may share between all that have the same names.
NAMES = (
    Place("a"),
    Place("a-again", cert="a2"),
    Place("b", cert="b"),
    Place("ip1", cert="ip1"),
    Place("ip2", cert="ip2"),
    Place("nameless1", cert="nameless1"),
    Place("nameless2", cert="nameless2"),
)

# Ports with the same names, and one thing different each.
PEERS = (
    Place("open"),
    Place("optional", verify="optional", trust="A"),
    Place("demand", verify="demand", trust="A"),
    Place("same-again", verify="demand", trust="A"),
    Place("other-ca", verify="demand", trust="B"),
    Place("same-name-ca", verify="demand", trust="A2"),
    Place("more-trust", verify="demand", trust="AB", announce="A"),
    Place("crl", verify="demand", trust="A", crl=True),
    Place("depth", verify="demand", trust="A", depth=0),
    Place("other-names", cert="b", verify="demand", trust="A"),
)

# Hosts on one port.
HOSTS = (
    Place("host-a", host="a.example", port="hosts"),
    Place("host-v", host="v.example", port="hosts", verify="demand", trust="A"),
    Place("host-w", host="w.example", port="hosts", verify="demand", trust="B"),
)
OPEN_HOSTS = (
    Place("open-a", host="a.example", port="open-hosts"),
    Place("open-b", host="b.example", port="open-hosts", cert="b"),
)

# Programs that let strangers in, and send them elsewhere.
REDIRECT = (
    Place("decoy", verify="redirect", trust="A"),
    Place("other-decoy", verify="redirect", trust="B"),
)
# Several processes serve one place.
WORKERS = (Place("a"),)
# Programs with one configuration.
ONE = (Place("one"),)
ONE_OPTIONAL = (Place("one-optional", verify="optional", trust="A"),)
ONE_DEMAND = (Place("one-demand", verify="demand", trust="A"),)
# Clients of FTP name the host on both connections, on none, or on the first only.
FTP = (
    Place("no-host", port="ftp"),
    Place("host", host="a.example", port="ftp"),
    Place("late", host="a.example", port="ftp"),
)

GROUPS = {
    "names": NAMES,
    "peers": PEERS,
    "hosts": HOSTS,
    "open-hosts": OPEN_HOSTS,
    "redirect": REDIRECT,
    "workers": WORKERS,
    "ftp": FTP,
    "one": ONE,
    "one-optional": ONE_OPTIONAL,
    "one-demand": ONE_DEMAND,
}

# Those that the short run keeps, where a group is large.
SHORT = {
    "names": ("a", "a-again", "b", "ip1", "ip2", "nameless1", "nameless2"),
    "peers": ("open", "optional", "demand", "same-name-ca", "crl"),
}


def places(group, *, short=False):
    """The places of a group, in a short run some of them."""
    kept = SHORT.get(group) if short else None
    return tuple(place for place in GROUPS[group] if not kept or place.name in kept)


def replaced(places):
    """The same places after their authority was replaced by another one of the same name."""
    other = {"A": "A2"}
    return tuple(
        replace(place, trust=other.get(place.trust, place.trust), announce="", crl=False)
        for place in places
    )


def verifies(places):
    """Whether a program with these places verifies anybody."""
    return any(place.verify != "none" for place in places)


def may_share(places, source, target):
    """Whether a ticket may go from one place to another although OpenSSL alone would not let it."""
    return (
        not verifies(places) and same_names(source.cert, target.cert) and source.host == target.host
    )
