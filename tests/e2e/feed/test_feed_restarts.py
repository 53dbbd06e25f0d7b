# SPDX-License-Identifier: Apache-2.0
"""Several servers behind one balancer on one ring, some with the module and some fed, while keys
rotate and servers restart. OpenSSL's servers resume only under their own session-id context, so
those stand together that have the same one."""
import contextlib
import itertools
import time
from dataclasses import dataclass

import pytest

from harness import client
from harness.client import VERSIONS
from harness.feed import FED, Feed, fed_h2o, fed_lighttpd, loaded_beside
from harness.feed.traveller import Traveller
from harness.servers import Balancer, Haproxy, Lighttpd, Nginx
from harness.servers.late_keys import H2o
from harness.stekd import Stekd

# HAProxy and dnsdist hold few keys: a rotation of the long test, less what servers are late.
PROMISED_S = 4
FEW_KEYS = ("haproxy", "dns")
LONG_RING = {"rotate": "5s", "accept": "2m", "ahead": 4}


@dataclass
class Entry:
    """A group of servers as a client sees it: a port of the balancer for each version of TLS, so
    that each goes to the next server each time."""

    name: str
    ports: dict

    def visit(self, tls, **options):
        http = self.name in ("nginx", "haproxy", "lighttpd")
        return client.visit(self.ports[tls], tls, http=http, **options)


def of_nginx(running, loading, feeding, folder):
    """One with the module, one fed by files."""
    return [
        loaded_beside(running, loading, "nginx", folder),
        FED["nginx"](running, feeding, "nginx"),
    ]


def of_other_makes(running, one, other):
    """HAProxy twice, by its socket; dnsdist by its console and h2o by its file, which both have no
    session-id context; Traffic Server twice, with keys for AES-128."""
    return {
        "haproxy": [
            FED["haproxy"](running, feed, f"ha-{n}") for n, feed in enumerate((one, other))
        ],
        "dns": [FED["dnsdist"](running, one, "dnsdist"), fed_h2o(running, other, "h2o")],
        "ats": [
            FED["trafficserver"](running, feed, f"ats-{n}") for n, feed in enumerate((one, other))
        ],
    }


def of_lighttpd(running, *feeds):
    """It looks at its file each 64 seconds: a ring of its own, which does not rotate meanwhile."""
    library = next(name for name in ("wolfssl", "openssl") if Lighttpd.speaks_with(name))
    return [
        fed_lighttpd(running, feed, f"lighttpd-{n}", library, ring="calm")
        for n, feed in enumerate(feeds)
    ]


def balanced(running, groups):
    """Each group as the balancer serves it."""
    both = {(name, tls): servers for name, servers in groups.items() for tls in VERSIONS}
    ports = {"-".join(key): [server.port for server in both[key]] for key in both}
    balancer = running(Balancer, None, groups=ports)
    return {
        name: Entry(name, {tls: balancer.entries[f"{name}-{tls}"] for tls in VERSIONS})
        for name in groups
    }


def clients_of(running, groups, folder):
    """A client for each group, which the balancer sends to the next server each time. dnsdist and
    h2o want to be asked otherwise: there the client takes turns by itself."""
    entries = balanced(running, {name: groups[name] for name in groups if name != "dns"})
    travellers = {}
    for name, servers in groups.items():
        (folder / name).mkdir()
        promised = {"promised_s": PROMISED_S} if name in FEW_KEYS else {}
        travellers[name] = Traveller(
            [entries[name]] if name in entries else servers, folder / name, **promised
        )
    return travellers


def has_seen(travellers, rotations):
    """Whether each client has seen so many changes of keys; lighttpd's ring has none."""
    return all(
        len(seen.keys) > rotations
        for name, traveller in travellers.items()
        if name != "lighttpd"
        for seen in traveller.seen.values()
    )


def travel(running, groups, folder, seconds, restart_every_s, rotations):
    """Lets a client go round in each group for so long, and on a slow machine until it has seen so
    many rotations; restarts one server after the other. No ticket may be lost."""
    travellers = clients_of(running, groups, folder)
    next_server = itertools.cycle(itertools.chain(*itertools.zip_longest(*groups.values())))
    began = restarted = time.monotonic()
    while time.monotonic() < began + seconds or (
        not has_seen(travellers, rotations) and time.monotonic() < began + 4 * seconds
    ):
        for traveller in travellers.values():
            traveller.step()
        if time.monotonic() > restarted + restart_every_s:
            next(next_server).restart()
            restarted = time.monotonic()
    for name, traveller in travellers.items():
        for tls, seen in traveller.seen.items():
            assert seen.failed == 0 and seen.lost == 0, (name, tls, seen)
    assert has_seen(travellers, rotations), travellers
    return travellers


def tell(figure, travellers, where):
    for name, traveller in travellers.items():
        offered = sum(seen.offered for seen in traveller.seen.values())
        figure(f"tickets that came back, {where}, {name}", f"{offered}, 0 of them lost")


@pytest.fixture
def fed_hosts(fleet, folder):
    """`stek feed` on each of two hosts of a fleet."""
    with contextlib.ExitStack() as stack:
        hosts = [fleet.prepare(ring=LONG_RING) for _ in range(2)]
        for host in hosts:
            host.rings["calm"] = {"source": "fleet", "rotate": "1h"}
            stack.enter_context(host)
        for ring in ("web", "calm"):
            for host in hosts:
                host.wait_in_step(ring)
            fleet.wait_equal(ring=ring)
        yield [stack.enter_context(Feed(folder / f"feed-{host.name}", host)) for host in hosts]


def test_no_ticket_is_lost_while_keys_rotate_and_servers_restart(running, folder, feed):
    groups = {"nginx": of_nginx(running, feed, feed, folder)}
    travel(running, groups, folder, 10, 2, rotations=2)


def test_no_ticket_is_lost_between_two_hosts_of_a_fleet(running, folder, fed_hosts):
    groups = {"nginx": of_nginx(running, *fed_hosts, folder)}
    travel(running, groups, folder, 10, 3, rotations=1)


@pytest.mark.long
def test_no_ticket_is_lost_in_two_minutes_of_rotations_and_restarts(running, folder, figure):
    with Stekd(folder / "stekd", web=LONG_RING, calm={"rotate": "1h"}) as stekd:
        with Feed(folder / "feed", stekd) as feed:
            groups = {
                "nginx": of_nginx(running, feed, feed, folder),
                "lighttpd": of_lighttpd(running, feed, feed),
                **of_other_makes(running, feed, feed),
            }
            travellers = travel(running, groups, folder, 120, 6, rotations=20)
    tell(figure, travellers, "one host")


@pytest.mark.long
def test_no_ticket_is_lost_in_two_minutes_on_two_hosts(running, folder, fed_hosts, figure):
    groups = {
        "nginx": of_nginx(running, *fed_hosts, folder),
        "lighttpd": of_lighttpd(running, *fed_hosts),
        **of_other_makes(running, *fed_hosts),
    }
    travellers = travel(running, groups, folder, 120, 6, rotations=20)
    tell(figure, travellers, "two hosts")


def test_control_servers_as_they_come_lose_every_ticket_of_the_other(running, stock, folder):
    groups = {
        "nginx": [stock(Nginx), stock(Nginx)],
        "haproxy": [stock(Haproxy), stock(Haproxy)],
        "lighttpd": [stock(Lighttpd), stock(Lighttpd)],
    }
    if H2o.is_there():
        groups["dns"] = [stock(H2o), stock(H2o)]
    travellers = clients_of(running, groups, folder)
    for name, traveller in travellers.items():
        for _ in range(6):
            traveller.step()
        for seen in traveller.seen.values():
            assert seen.failed == 0 and seen.offered == seen.lost == 5, name
