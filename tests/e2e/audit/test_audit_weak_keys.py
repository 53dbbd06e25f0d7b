# SPDX-License-Identifier: Apache-2.0
"""Keys that anyone can guess, in servers from Debian and in other ciphers: found, and proved by
opening a ticket."""
import base64
import os

import pytest

from harness.audit import audit
from harness.servers import Apache, Broken, Caddy, Gnutls, Haproxy, Nginx, Node, Stunnel


def zeros(folder, size):
    path = folder / "zeros"
    path.write_bytes(bytes(size))
    path.chmod(0o600)
    return path


def haproxy_zeros(folder, size):
    path = folder / "zeros"
    path.write_text(3 * (base64.b64encode(bytes(size)).decode() + "\n"))
    return path


ZEROS = "0" * 32  # hexadecimal
WEAK = {
    "nginx with 80 zeros": (Nginx, lambda folder: {"ticket_key": zeros(folder, 80)}),
    "nginx with 48 zeros": (Nginx, lambda folder: {"ticket_key": zeros(folder, 48)}),
    "HAProxy with 80 zeros": (Haproxy, lambda folder: {"ticket_keys": haproxy_zeros(folder, 80)}),
    "HAProxy with 48 zeros": (Haproxy, lambda folder: {"ticket_keys": haproxy_zeros(folder, 48)}),
    "Apache with 48 zeros": (Apache, lambda folder: {"ticket_key": zeros(folder, 48)}),
    "Node with 48 zeros": (Node, lambda folder: {"ticket_keys": zeros(folder, 48)}),
    "Caddy (Go) with 32 zeros": (Caddy, lambda folder: {"ticket_key": bytes(32)}),
    "GnuTLS with 64 zeros": (Gnutls, lambda folder: {"ticket_key": zeros(folder, 64)}),
    "stunnel with zeros": (
        Stunnel,
        lambda folder: {"options": f"ticketKeySecret = {ZEROS}\nticketMacSecret = {ZEROS}"},
    ),
}


def with_caddy(*values):
    """A parameter of tests that need it."""
    is_missing = pytest.mark.skipif(not Caddy.is_there(), reason="no caddy here")
    return pytest.param(*values, marks=is_missing)


@pytest.mark.parametrize("case", [with_caddy(case) if "Caddy" in case else case for case in WEAK])
def test_a_weak_key_file_is_found(stock, folder, case):
    program, options = WEAK[case]
    report = audit(stock(program, **options(folder)))
    assert report.severities("weak-key") == {"critical"}
    assert {found.version for found in report.of("weak-key")} == {"1.2", "1.3"}
    assert report.status == 3


@pytest.mark.parametrize(
    "program, length",
    [with_caddy(Caddy, 32), (Gnutls, 64)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_control_a_random_key_in_the_same_place(stock, folder, program, length):
    key = os.urandom(length)
    path = folder / "random"
    path.write_bytes(key)
    report = audit(stock(program, ticket_key=key if program is Caddy else path))
    assert "no-weak-key" in report.ids()
    assert report.ids("medium") == set()


@pytest.mark.parametrize("fault", ["weak-key", "counter-key", "ctr-weak-key"])
def test_a_weak_key_is_found_in_each_version_and_mode(stock, fault):
    report = audit(stock(Broken, fault=fault))
    assert {found.version for found in report.of("weak-key")} == {"1.2", "1.3"}
    assert report.ids("low") == {"weak-key"}
