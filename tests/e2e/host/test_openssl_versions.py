# SPDX-License-Identifier: Apache-2.0
"""A server runs with another OpenSSL than stek was built for, or than it was tested with: libcrypto
is the system's own, but for what it says of its version."""
import ssl

import pytest

from harness import libcryptos, module
from harness.client import VERSIONS
from harness.servers import SServer
from harness.stekd import Stekd

each_version = pytest.mark.parametrize("tls", VERSIONS)

UNTESTED = (0x30200010, "OpenSSL 3.2.1")
TO_COME = [(0x40100000, "OpenSSL 4.1.0"), (0x50000000, "OpenSSL 5.0.0")]
each_untested = pytest.mark.parametrize(
    "version", [UNTESTED, *TO_COME], ids=lambda version: version[1].split()[1]
)
TESTED = (0x30600050, "OpenSSL 3.6.5")
if ssl.OPENSSL_VERSION_INFO[:2] == (3, 6):
    TESTED = (0x30500090, "OpenSSL 3.5.9")


class OtherLibcrypto(SServer):
    """`openssl s_server` with the libcrypto in a folder."""

    def __init__(self, *args, libcrypto, **kwargs):
        super().__init__(*args, **kwargs)
        self.libcrypto = libcrypto

    def environment(self):
        return {**super().environment(), "LD_LIBRARY_PATH": str(self.libcrypto)}


def lines(server):
    return [line for line in server.said().splitlines() if line.startswith("stek: ")]


@pytest.fixture
def daemon(folder):
    with Stekd(folder / "stekd", web={}) as started:
        yield started


@pytest.fixture
def saying(running, folder, daemon):
    """saying((number, text), setting=...): the server, with a ring from a file."""

    def start(version, **settings):
        conf = module.compose(folder / "web.cnf", ring=daemon.ring("web"), **settings)
        libcrypto = libcryptos.saying(folder / "libcrypto", *version)
        return running(OtherLibcrypto, conf, libcrypto=libcrypto)

    return start


@each_version
@each_untested
def test_an_untested_openssl_keeps_its_own_keys_and_one_line_says_so(saying, daemon, version, tls):
    server = saying(version)
    visits = server.visit(tls, count=5)
    assert len(visits.resumed()) == 4
    assert lines(server) == [
        f"stek: {version[1]} was never tested with stek; "
        "new SSL_CTXs have OpenSSL's own ticket keys"
    ]
    assert daemon.status("web")["tickets"]["sealed"] == 0


@each_untested
def test_each_ssl_ctx_of_an_untested_openssl_is_counted(saying, daemon, version):
    saying(version)
    assert daemon.status("web")["tickets"]["not_met"] > 0


# It would take a callback's 0 for a ticket of no length, whatever it says of its version.
TAKES_NO_TICKET = ssl.OPENSSL_VERSION_NUMBER >= 0x30000070


@pytest.mark.parametrize(
    "tls",
    [
        "1.2",
        pytest.param(
            "1.3",
            marks=pytest.mark.skipif(not TAKES_NO_TICKET, reason="OpenSSL until 3.0.6 is known"),
        ),
    ],
)
def test_where_stek_is_required_an_untested_openssl_gives_no_tickets(saying, tls):
    server = saying(UNTESTED, required="yes")
    visits = server.visit(tls, count=5)
    assert not visits.failed() and not visits.resumed()
    assert {visit.tickets for visit in visits} == {0}
    assert lines(server) == [
        "stek: OpenSSL 3.2.1 was never tested with stek; new SSL_CTXs give no tickets"
    ]


@each_version
def test_a_tested_openssl_that_stek_was_not_built_for_is_served_and_one_line_says_so(
    saying, daemon, tls
):
    server = saying(TESTED)
    assert len(server.visit(tls, count=5).resumed()) == 4
    said = lines(server)
    assert len(said) == 1
    assert said[0].startswith("stek: built for OpenSSL ")
    assert said[0].endswith(f", and running with {TESTED[1]}")
    assert daemon.status("web")["tickets"]["sealed"] > 0


@each_version
def test_control_the_openssl_that_stek_was_built_for_is_served_without_a_word(loaded, tls):
    server = loaded(SServer)
    assert len(server.visit(tls, count=5).resumed()) == 4
    assert not lines(server)
