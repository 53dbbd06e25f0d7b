# SPDX-License-Identifier: Apache-2.0
"""`stek feed` through rotations: a ticket of one server opens at another that was given the same
keys."""
import shutil

import pytest

from harness.feed import FED, PROGRAMS, loaded_beside
from harness.feed.traveller import Traveller

ROTATIONS = 2
PROMISED_S = 2  # HAProxy holds three keys, of which one has sealed already


def fed_servers(running, feed, program):
    return [FED[program](running, feed, f"{program}{n}") for n in range(2)]


def with_the_module(running, feed, program, folder):
    """One that was fed, and one that loads the ring itself under the same label."""
    return [FED[program](running, feed, program), loaded_beside(running, feed, program, folder)]


# Debian 13 has none.
no_trafficserver = pytest.mark.skipif(
    shutil.which("traffic_server") is None, reason="there is no Traffic Server here"
)
each = pytest.mark.parametrize(
    "program",
    [pytest.param(name, marks=[no_trafficserver] * (name == "trafficserver")) for name in FED],
)


def assert_nothing_is_lost(servers, folder, rotations=ROTATIONS):
    traveller = Traveller(servers, folder, PROMISED_S)
    traveller.travel(rotations)
    for tls, seen in traveller.seen.items():
        assert seen.failed == 0, tls
        assert seen.offered > 2 * rotations and seen.lost == 0, (tls, seen)


@each
def test_no_ticket_is_lost_between_two_fed_servers_while_keys_rotate(
    running, folder, feed, program
):
    assert_nothing_is_lost(fed_servers(running, feed, program), folder)


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_ticket_is_lost_between_a_fed_server_and_one_with_the_module(
    running, folder, feed, program
):
    assert_nothing_is_lost(with_the_module(running, feed, program, folder), folder)


def test_a_fed_server_goes_on_with_the_others_when_stekd_is_gone(running, folder, feed):
    servers = with_the_module(running, feed, "nginx", folder)
    feed.stekd.stop()
    assert_nothing_is_lost(servers, folder, rotations=2 + ROTATIONS)  # two keys are there already
