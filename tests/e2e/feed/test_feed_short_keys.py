# SPDX-License-Identifier: Apache-2.0
"""`stek feed` and servers that are given keys for AES-128, which the ring derives apart: sets of 48
bytes, in two orders."""
import pytest

from harness.client import VERSIONS
from harness.feed import fed_nginx
from harness.feed.traveller import Traveller
from harness.servers import Haproxy, Nginx
from harness.servers.key_files import Nghttpx

PROMISED_S = 2  # HAProxy holds three keys, of which one has sealed already


class ShortNghttpx(Nghttpx):
    """As docs/servers.md says, for short keys."""

    def prepare(self):
        super().prepare()
        file = self.folder / "nghttpx.conf"
        text = file.read_text()
        assert "cipher=aes-256-cbc" in text
        file.write_text(text.replace("cipher=aes-256-cbc", "cipher=aes-128-cbc"))


def short_nginx(running, feed, name):
    place = feed.place(name)
    feed.put(name, to="nginx-aes128", directory=place)
    server = running(Nginx, None, workers=2, directives=f"include {place}/keys.conf;")
    pid_file = server.folder / "nginx.pid"
    feed.put(name, to="nginx-aes128", directory=place, signal="HUP", pid_file=pid_file)
    return server


def short_haproxy(running, feed, name):
    keys, socket = feed.place(name), feed.place(f"{name}.sock")
    feed.put(name, to="haproxy-aes128", file=keys)
    server = running(Haproxy, None, ticket_keys=keys, stats_socket=socket)
    feed.put(name, to="haproxy-aes128", file=keys, socket=socket)
    return server


def short_nghttpx(running, feed, name):
    place = feed.place(name)
    feed.put(name, to="nghttpx-aes128", directory=place)
    server = running(ShortNghttpx, None, ticket_keys=place / "keys.conf")
    pid_file = server.folder / "nghttpx.pid"
    feed.put(name, to="nghttpx-aes128", directory=place, signal="HUP", pid_file=pid_file)
    return server


SHORT = {"nginx": short_nginx, "haproxy": short_haproxy, "nghttpx": short_nghttpx}
each = pytest.mark.parametrize("program", SHORT)


@each
def test_no_ticket_is_lost_between_two_servers_of_short_keys_while_keys_rotate(
    running, folder, feed, program
):
    servers = [SHORT[program](running, feed, f"{program}{n}") for n in range(2)]
    traveller = Traveller(servers, folder, PROMISED_S)
    traveller.travel(2)
    for tls, seen in traveller.seen.items():
        assert seen.failed == 0 and seen.lost == 0 and seen.offered > 4, (tls, seen)


@each
def test_they_seal_with_the_key_that_the_feed_says(running, still_feed, program):
    server = SHORT[program](running, still_feed, program)
    sealing = still_feed.feed(program)["sealing_key"]
    assert {server.visit(tls)[0].key for tls in VERSIONS} == {sealing}


def test_a_server_of_long_keys_of_the_same_ring_opens_none_of_theirs(running, folder, still_feed):
    short, long = short_nginx(running, still_feed, "s"), fed_nginx(running, still_feed, "l")
    for tls in VERSIONS:
        session = folder / tls
        assert short.visit(tls, sess_out=session)[0].tickets
        assert short.visit(tls, sess_in=session).resumed()
        short.visit(tls, sess_out=session)
        visit = long.visit(tls, sess_in=session)[0]
        assert visit.ok and visit.offered and not visit.resumed
