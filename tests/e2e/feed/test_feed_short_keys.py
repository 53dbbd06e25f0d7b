# SPDX-License-Identifier: Apache-2.0
"""`stek feed` and servers that are given keys for AES-128, which the ring derives apart: sets of 48
bytes, in two orders."""
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from harness import keyfile
from harness.client import VERSIONS
from harness.feed import LABEL, fed_haproxy, fed_nghttpx, fed_nginx
from harness.feed.traveller import Traveller
from harness.servers.key_files import Nghttpx

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "readers"))
from ring_reader import Ring, derive  # noqa: E402

PROMISED_S = 2  # HAProxy holds three keys, of which one has sealed already


class ShortNghttpx(Nghttpx):
    """As docs/servers.md says, for short keys."""

    def prepare(self):
        super().prepare()
        file = self.folder / "nghttpx.conf"
        text = file.read_text()
        assert "cipher=aes-256-cbc" in text
        file.write_text(text.replace("cipher=aes-256-cbc", "cipher=aes-128-cbc"))


SHORT = {
    "nginx": partial(fed_nginx, to="nginx-aes128"),
    "haproxy": partial(fed_haproxy, to="haproxy-aes128"),
    "nghttpx": partial(fed_nghttpx, to="nghttpx-aes128", kind=ShortNghttpx),
}
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
    short, long = SHORT["nginx"](running, still_feed, "s"), fed_nginx(running, still_feed, "l")
    for tls in VERSIONS:
        session = folder / tls
        assert short.visit(tls, sess_out=session)[0].tickets
        assert short.visit(tls, sess_in=session).resumed()
        short.visit(tls, sess_out=session)
        visit = long.visit(tls, sess_in=session)[0]
        assert visit.ok and visit.offered and not visit.resumed


@each
def test_their_tickets_open_with_the_keys_that_the_documents_derive(
    running, folder, still_feed, program
):
    """So the cipher's key and the HMAC key lie as the server reads them: servers of one kind would
    share tickets with the two swapped as well."""
    server = SHORT[program](running, still_feed, program)
    keys = folder / "derived"
    keys.touch(0o600)
    now = int(time.time())
    for record in Ring(still_feed.stekd.ring("web")).records(now):
        if record.active_from <= now < record.active_until:
            keys.write_bytes(derive(record.secret, b"ticket128\0" + LABEL.encode(), 48))
    for tls in VERSIONS:
        session = folder / tls
        assert server.visit(tls, sess_out=session)[0].tickets
        assert "node" in keyfile.opening(session, keys), tls
