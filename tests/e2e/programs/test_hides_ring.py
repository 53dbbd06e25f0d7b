# SPDX-License-Identifier: Apache-2.0
"""A program that takes both of the places in which stek notes the ring of a connection."""
import ssl

import pytest

from harness import libcryptos, module
from harness.programs import run
from harness.stekd import Stekd

PROTOCOLS = {"TLSv1.2": "303", "TLSv1.3": "304"}
each_version = pytest.mark.parametrize("tls", PROTOCOLS)
# In TLS 1.3 OpenSSL until 3.0.6 has to get tickets on the first connection of each SSL_CTX, which
# nobody can open (docs/callback-contract.md).
TAKES_NO_TICKET = {"TLSv1.2": True, "TLSv1.3": ssl.OPENSSL_VERSION_NUMBER >= 0x30000070}
LINE = "does not call stek when a handshake begins; new SSL_CTXs "


@pytest.fixture
def visits(folder, certificates):
    """visits(tls, conf): how many tickets each of its clients got, and the lines of stek's."""
    program = libcryptos.hides_ring(folder / "hides_ring")

    def start(tls, conf=None):
        ended = run([program, certificates.server.both, PROTOCOLS[tls]], conf)
        assert ended.status == 0, ended.stderr
        said = [line for line in ended.stderr.splitlines() if line.startswith("stek: ")]
        return [int(count) for count in ended.stdout.split()], said

    return start


@pytest.fixture
def stekd(folder):
    with Stekd(folder / "stekd", web={}) as daemon:
        yield daemon


@each_version
def test_after_one_connection_openssls_own_keys_serve_and_one_line_says_so(
    visits, folder, stekd, tls
):
    counts, said = visits(tls, module.compose(folder / "web.cnf", ring=stekd.ring("web")))
    control, _ = visits(tls)
    assert counts[1:3] == control[1:3] and 0 not in control
    assert len(said) == 1 and said[0].endswith(LINE + "have OpenSSL's own ticket keys")
    assert stekd.status("web")["tickets"]["not_met"] == 2


@each_version
def test_where_stek_is_required_no_connection_gets_a_ticket(visits, folder, stekd, tls):
    """Neither the first nor those after it, nor any of another SSL_CTX."""
    conf = module.compose(folder / "web.cnf", ring=stekd.ring("web"), required="yes")
    counts, said = visits(tls, conf)
    tickets = stekd.status("web")["tickets"]
    assert counts == ([0, 0, 0, 0] if TAKES_NO_TICKET[tls] else [2, 0, 0, 2])
    assert len(said) == 1 and said[0].endswith(LINE + "give no tickets")
    assert (tickets["not_met"], tickets["replaced"]) == (2, 0)
