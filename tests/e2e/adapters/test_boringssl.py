# SPDX-License-Identifier: Apache-2.0
"""Servers of the real BoringSSL with the adapter, each of two processes, on a live ring."""
import subprocess
from pathlib import Path

import pytest

from harness import build
from harness.client import VERSIONS
from harness.feed import Feed, fed_h2o
from harness.feed.traveller import Traveller
from harness.process import wait_for
from harness.servers import Nginx
from harness.servers.adapters import LABEL, Boringssl, resumes
from harness.servers.late_keys import H2o

each_version = pytest.mark.parametrize("tls", VERSIONS)


def test_no_ticket_is_lost_between_two_servers_while_keys_rotate(folder, turning, adapted):
    traveller = Traveller([adapted(Boringssl, turning) for _ in range(2)], folder)
    traveller.travel(3)
    for tls, seen in traveller.seen.items():
        assert seen.failed == 0 and seen.lost == 0, (tls, seen)


@each_version
def test_a_server_continues_without_stekd(turning, adapted, session_of, tls):
    one, other = (adapted(Boringssl, turning) for _ in range(2))
    turning.kill()
    first = one.visit(tls)[0].key
    wait_for(lambda: one.visit(tls)[0].key not in (None, first), "the next key")
    assert resumes(other, tls, session_of(one, tls))


def opens(keys, session):
    """The layouts as which a file of keys opens the ticket of a session."""
    done = subprocess.run(
        [build.COMMAND, "keyfile", "lint", "--ticket", session, keys],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return "name, HMAC, AES-256, 1 key: OPENS THE TICKET" in done.stdout


@pytest.fixture
def ring_key(daemon, folder):
    """A file with the ring's active key, in OpenSSL's layout."""
    path = folder / "key"
    path.write_bytes(
        subprocess.run(
            [
                *(build.COMMAND, "--run-dir", daemon.run_dir, "keyfile", "export"),
                *("--ring", "web", "--context", LABEL, "--to", "openssl"),
            ],
            capture_output=True,
            timeout=60,
            check=True,
        ).stdout
    )
    return path


@each_version
def test_its_tickets_and_openssls_have_one_layout_under_one_key(
    daemon, adapted, loaded, session_of, ring_key, tls
):
    nginx = loaded(Nginx, stek={"ring": daemon.ring("web"), "context": LABEL})
    ours, theirs = session_of(adapted(Boringssl, daemon), tls), session_of(nginx, tls)
    assert opens(ring_key, ours) and opens(ring_key, theirs)
    foreign = session_of(adapted(Boringssl, daemon, label="other"), tls)
    assert not opens(ring_key, foreign)  # the control


without_h2o = pytest.mark.skipif(not H2o.is_there(), reason="no h2o here")


@each_version
@pytest.mark.parametrize("program", [Nginx, pytest.param(H2o, marks=without_h2o)])
def test_the_state_in_it_is_another_so_both_sides_make_a_full_handshake(
    running, folder, daemon, adapted, loaded, session_of, program, tls
):
    """h2o has no session-id context, which would refuse the session before that."""
    with Feed(folder / "feed", daemon) as feed:
        feed.feeds, boringssl = {}, adapted(Boringssl, daemon, label="shared")
        if program is H2o:
            server = fed_h2o(running, feed, "h2o")
        else:
            server = loaded(program, stek={"ring": daemon.ring("web"), "context": "shared"})
        session = session_of(server, tls)
        assert resumes(server, tls, session)
        assert not resumes(boringssl, tls, session)
        assert not resumes(server, tls, session_of(boringssl, tls))


def test_there_is_no_openssl_in_its_process(daemon, adapted):
    server = adapted(Boringssl, daemon)
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "/android/libcrypto.so.0" in maps
    assert "libcrypto.so.3" not in maps and "libstek.so" not in maps
