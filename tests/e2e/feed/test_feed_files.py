# SPDX-License-Identifier: Apache-2.0
"""`stek feed` and servers that take their keys late, or one at a time."""
import time

import pytest

from harness.audit import audit
from harness.client import VERSIONS
from harness.feed import Feed, fed_dnsdist, fed_lighttpd, fed_stunnels, fed_unbound
from harness.feed.traveller import Traveller
from harness.process import wait_for
from harness.servers import Lighttpd, Stunnel
from harness.stekd import Stekd

LIBRARIES = ("openssl", "mbedtls", "wolfssl")


def tls_of(library):
    """lighttpd's mbedTLS has no TLS 1.3."""
    return VERSIONS[:1] if library == "mbedtls" else VERSIONS


def session_of(server, tls, folder):
    file = folder / f"{server.port}.{tls}.session"
    assert server.visit(tls, sess_out=file)[0].tickets
    return file


def resumes(server, tls, session):
    visit = server.visit(tls, sess_in=session)[0]
    assert visit.ok and visit.offered
    return visit.resumed


@pytest.mark.parametrize("library", LIBRARIES)
def test_lighttpd_opens_the_tickets_of_another_also_after_a_restart(
    running, stock, folder, still_feed, library
):
    if not Lighttpd.speaks_with(library):
        pytest.skip(f"there is no lighttpd-mod-{library} here")
    one, other = (fed_lighttpd(running, still_feed, f"l{n}", library) for n in range(2))
    for tls in tls_of(library):
        session = session_of(one, tls, folder)
        assert resumes(other, tls, session)
        session = session_of(one, tls, folder)
        one.restart()
        assert resumes(one, tls, session)
        assert not resumes(stock(Lighttpd, tls=library), tls, session)  # the control


def active_seq(daemon):
    return next(key["seq"] for key in daemon.status("web")["keys"] if key["state"] == "active")


@pytest.mark.long
def test_lighttpd_loses_no_ticket_to_rotations(running, folder, figure):
    """A worker looks at its file each 64 seconds, and the key is there for two looks before. With
    mbedTLS a worker opens no ticket of the next key before it seals with it itself."""
    libraries = [library for library in LIBRARIES if Lighttpd.speaks_with(library)]
    with Stekd(folder / "stekd", web={"rotate": "180s", "accept": "180s"}) as daemon:
        with Feed(folder / "feed", daemon) as feed:
            travellers = {}
            for library in libraries:
                pair = [fed_lighttpd(running, feed, f"{library}{n}", library) for n in range(2)]
                (folder / library).mkdir()
                travellers[library] = Traveller(pair, folder / library, versions=tls_of(library))
            first = active_seq(daemon)
            while active_seq(daemon) < first + 2:
                for traveller in travellers.values():
                    traveller.step()
                time.sleep(0.2)
    for library, traveller in travellers.items():
        for tls, seen in traveller.seen.items():
            figure(f"lighttpd, {library}, TLS {tls}", f"{seen.lost} of {seen.offered} lost")
            assert seen.failed == 0, (library, tls, seen)
            assert seen.lost == 0 or library == "mbedtls", (library, tls, seen)


@pytest.mark.long
def test_lighttpd_with_gnutls_seals_with_zeros_a_minute_after_it_read_its_file(
    running, folder, still_feed
):
    """Why docs/servers.md says that it must not be fed. The day on which this fails, look again."""
    if not Lighttpd.speaks_with("gnutls"):
        pytest.skip("there is no lighttpd-mod-gnutls here")
    server = fed_lighttpd(running, still_feed, "gnutls", "gnutls")
    wait_for(lambda: "weak-key" in audit(server).ids(), "zeros", timeout_s=70, pause_s=2)


def test_unbound_and_dnsdist_open_each_other_s_tickets(running, folder, still_feed):
    servers = {
        "unbound": fed_unbound(running, still_feed, "unbound"),
        "dnsdist": fed_dnsdist(running, still_feed, "dnsdist"),
    }
    for tls in VERSIONS:
        assert resumes(servers["unbound"], tls, session_of(servers["dnsdist"], tls, folder))
        assert resumes(servers["dnsdist"], tls, session_of(servers["unbound"], tls, folder))


def test_unbound_seals_with_new_keys_from_its_restart_on_and_opens_old_tickets(
    running, folder, still_feed, daemon
):
    unbound = fed_unbound(running, still_feed, "unbound")
    old = {tls: session_of(unbound, tls, folder) for tls in VERSIONS}
    before = still_feed.feed("unbound")
    daemon.rotate("web")
    wait_for(
        lambda: still_feed.feed("unbound")["sealing_key"] != before["sealing_key"],
        "the feed to have the new key",
    )
    assert unbound.visit("1.2")[0].key == before["sealing_key"]
    unbound.restart()
    for tls in VERSIONS:
        assert resumes(unbound, tls, old[tls])
        assert unbound.visit(tls)[0].key == still_feed.feed("unbound")["sealing_key"]


def test_stunnel_opens_the_tickets_of_another_until_the_key_changes(
    running, stock, folder, still_feed, daemon
):
    one, other = fed_stunnels(running, still_feed, ["s0", "s1"])
    kept = {tls: session_of(one, tls, folder) for tls in VERSIONS}
    for tls in VERSIONS:
        assert resumes(other, tls, kept[tls])
        kept[tls] = session_of(one, tls, folder)
        one.restart()
        assert resumes(one, tls, kept[tls])
        assert not resumes(stock(Stunnel), tls, session_of(one, tls, folder))  # the control
        kept[tls] = session_of(one, tls, folder)
    bound = {server: server.times_bound() for server in (one, other)}
    daemon.rotate("web")
    # It closes its port for a moment while it takes the new key.
    wait_for(lambda: all(server.times_bound() > bound[server] for server in bound), "new keys")
    for tls in VERSIONS:
        assert not resumes(other, tls, kept[tls])
        assert resumes(other, tls, session_of(one, tls, folder))
