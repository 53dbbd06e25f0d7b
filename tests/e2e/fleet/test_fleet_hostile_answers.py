# SPDX-License-Identifier: Apache-2.0
"""
The connection to etcd ends when its peer, by endless answers, would keep this host busy for ever
(tests/hostile/etcd_peer.py).
"""
import contextlib
import sys
from pathlib import Path

import pytest
from harness.fleet import make_kek
from harness.probe import Probe
from harness.process import Process, free_port, plain_environment, wait_for
from harness.stekd import Stekd

PEER = Path(__file__).resolve().parents[2] / "hostile" / "etcd_peer.py"
LONG_REST_S = 0.24  # half of etcd-probe's longest; the first rests are under 0.1 s


@pytest.fixture
def peer(folder):
    """peer(mode): begins a peer, for the length of the test."""
    begun = []

    def begin(mode):
        port = free_port()
        made = Process([sys.executable, PEER, mode, port], folder, plain_environment())
        begun.append(made)
        made.wait_until_listening(port)
        made.endpoint = f"http://127.0.0.1:{port}"
        return made

    yield begin
    for made in begun:
        made.stop()


@pytest.fixture
def connect(folder):
    """connect(peer): for the length of the test."""
    with contextlib.ExitStack() as begun:
        yield lambda to, pace_ms=500: begun.enter_context(
            Probe(folder, [to.endpoint], pace_ms=pace_ms)
        )


def test_more_messages_of_a_watch_than_a_host_takes_end_the_connection(peer, connect):
    said = connect(peer("long_events"), pace_ms=5000).wait("offline", fault="protocol")
    assert "more events than a fleet has" in said["text"]


@pytest.mark.parametrize(
    "mode, text",
    {
        "same_page": "a page with keys of another one",
        "empty_pages": "a page without a key",
        "canceled": "no reading counts",
        "back": "no reading counts",
    }.items(),
)
def test_a_reading_that_cannot_end_ends_the_connection(peer, connect, mode, text):
    assert text in connect(peer(mode)).wait("offline", fault="protocol")["text"]


def test_a_reading_that_does_not_come_to_an_end_is_told(peer, connect):
    told = connect(peer("pages"), pace_ms=100).wait("slow")
    assert "does not come to an end" in told["text"]


def watches(hostile):
    """When each watch was asked for, in seconds."""
    said = [line.split() for line in hostile.stdout().splitlines()]
    return [float(when) for what, when in said if what == "watch"]


def test_a_watch_that_is_ended_is_begun_again_at_once_and_then_at_the_pace(peer, connect):
    hostile = peer("ended")
    probe = connect(hostile, pace_ms=2000)
    wait_for(lambda: len(watches(hostile)) >= 5, "five watches")
    first, second, _, *later = watches(hostile)
    assert second - first < 1 and later[1] - later[0] > 1
    assert not any(event["event"] == "offline" for event in probe.events())


def rests(hostile):
    """From the end of a connection to the watch of the next one, in seconds."""
    said = [line.split() for line in hostile.stdout().splitlines()]
    pairs = zip(said, said[1:])
    return [
        float(after) - float(before)
        for (first, before), (second, after) in pairs
        if (first, second) == ("close", "watch")
    ]


def test_after_connections_that_break_at_once_the_rests_grow(peer, connect):
    hostile = peer("hang_up")
    connect(hostile)
    wait_for(
        lambda: len(rests(hostile)) > 8 and min(rests(hostile)[-5:]) > LONG_REST_S,
        "five long rests",
    )


def test_after_a_connection_that_has_lasted_the_rest_is_short(peer, connect):
    hostile = peer("hang_up_later")
    connect(hostile)
    # Of those after the fourth one: that was long, and a busy machine makes others longer.
    wait_for(lambda: min(rests(hostile)[4:], default=1) < LONG_REST_S, "a short rest", 60)


def test_a_reading_of_the_hosts_ends_whatever_the_store_says(peer, folder):
    hostile = peer("member_pages")
    fleet = {
        "endpoints": hostile.endpoint,
        "kek": make_kek(folder / "fleet.kek"),
        "state": folder / "fleet-state",
    }
    with Stekd(folder / "stekd", fleet=fleet, web={"source": "fleet"}) as daemon:
        wait_for(lambda: daemon.request(command="fleet")["online"], "the store")
        daemon.request(command="fleet", read=True)
        wait_for(
            lambda: (daemon.request(command="fleet")["members"] or {}).get("reading") == 1,
            "a reading of the hosts",
        )
        assert hostile.stdout().count("members\n") < 100
