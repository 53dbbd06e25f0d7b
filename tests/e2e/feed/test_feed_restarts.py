# SPDX-License-Identifier: Apache-2.0
"""Several servers behind one balancer on one ring, some with the module and some fed, while keys
rotate and servers restart. OpenSSL's servers resume only under their own session-id context, so
those stand together that have the same one."""
import itertools
import time

import pytest

from harness.feed import FED, Feed, fed_h2o, loaded_beside
from harness.feed.traveller import Traveller
from harness.servers import Haproxy, Nginx
from harness.servers.late_keys import H2o
from harness.stekd import Stekd


# HAProxy and dnsdist hold few keys: a rotation of the long test, less what servers are late.
PROMISED_S = 4


def two_nginx(running, feed, folder):
    """One with the module, one fed by files."""
    return [loaded_beside(running, feed, "nginx", folder), FED["nginx"](running, feed, "nginx")]


def of_other_makes(running, feed):
    """HAProxy twice, by its socket; dnsdist by its console and h2o by its file, which both have no
    session-id context."""
    return {
        "haproxy": [FED["haproxy"](running, feed, f"ha{n}") for n in range(2)],
        "other": [FED["dnsdist"](running, feed, "dnsdist"), fed_h2o(running, feed, "h2o")],
    }


def travel(groups, folder, seconds, restart_every_s):
    """Lets a client go round in each group for so long, and restarts one server after the other."""
    travellers = {}
    for name, servers in groups.items():
        (folder / name).mkdir()
        promised = {} if name == "nginx" else {"promised_s": PROMISED_S}
        travellers[name] = Traveller(servers, folder / name, **promised)
    next_server = itertools.cycle(itertools.chain(*groups.values()))
    began = restarted = time.monotonic()
    while time.monotonic() < began + seconds:
        for traveller in travellers.values():
            traveller.step()
        if time.monotonic() > restarted + restart_every_s:
            next(next_server).restart()
            restarted = time.monotonic()
    return travellers


def assert_nothing_is_lost(travellers, rotations):
    for name, traveller in travellers.items():
        for tls, seen in traveller.seen.items():
            assert seen.failed == 0, (name, tls)
            assert seen.lost == 0 and len(seen.keys) > rotations, (name, tls, seen)


def test_no_ticket_is_lost_while_keys_rotate_and_servers_restart(running, folder, feed):
    groups = {"nginx": two_nginx(running, feed, folder)}
    assert_nothing_is_lost(travel(groups, folder, 10, 2), rotations=2)


@pytest.mark.long
def test_no_ticket_is_lost_in_two_minutes_of_rotations_and_restarts(running, folder, figure):
    with Stekd(folder / "stekd", web={"rotate": "5s", "accept": "2m", "ahead": 4}) as stekd:
        with Feed(folder / "feed", stekd) as feed:
            nginx = two_nginx(running, feed, folder)
            groups = {"nginx": nginx, **of_other_makes(running, feed)}
            travellers = travel(groups, folder, 120, 7)
            assert_nothing_is_lost(travellers, rotations=20)
    for name, traveller in travellers.items():
        offered = sum(seen.offered for seen in traveller.seen.values())
        figure(f"tickets that came back, {name}", f"{offered}, 0 of them lost")


def test_control_servers_as_they_come_lose_every_ticket_of_the_other(running, stock, folder):
    groups = {
        "nginx": [stock(Nginx), stock(Nginx)],
        "haproxy": [stock(Haproxy), stock(Haproxy)],
        "h2o": [stock(H2o), stock(H2o)],
    }
    for name, servers in groups.items():
        (folder / name).mkdir()
        traveller = Traveller(servers, folder / name)
        for _ in range(6):
            traveller.step()
        for seen in traveller.seen.values():
            assert seen.failed == 0 and seen.offered == seen.lost == 5, name
