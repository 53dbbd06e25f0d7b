# SPDX-License-Identifier: Apache-2.0
"""A program with OpenSSL's own QUIC server (3.5 and later) that nobody changed."""
import pytest

from harness import libcryptos, module
from harness.programs import run
from harness.stekd import Stekd

NOT_THERE = 77


@pytest.fixture
def program(folder):
    made = libcryptos.quic_contexts(folder / "quic_contexts")
    if run([made]).status == NOT_THERE:
        pytest.skip("OpenSSL before 3.5 has no QUIC server")
    return made


def test_its_ssl_ctxs_share_tickets_and_nothing_is_said(program, stek_conf, certificates):
    ended = run([program, certificates.server.both], stek_conf)
    assert (ended.status, ended.stdout) == (0, b"resumed, shared, tickets: 2 1 1\n")
    assert ended.stderr == ""


def test_control_without_stek_they_do_not(program, certificates):
    ended = run([program, certificates.server.both])
    assert (ended.status, ended.stdout) == (0, b"resumed, apart, tickets: 2 1 2\n")


def test_with_a_ring_of_stekd_they_do_and_stekd_sees_it(program, folder, certificates):
    with Stekd(folder / "stekd", web={}) as daemon:
        conf = module.compose(folder / "stek.cnf", ring=daemon.ring("web"))
        ended = run([program, certificates.server.both], conf)
        assert (ended.status, ended.stdout) == (0, b"resumed, shared, tickets: 2 1 1\n")
        tickets = daemon.status("web")["tickets"]
    assert (tickets["sealed"], tickets["opened"], tickets["renewed"]) == (4, 2, 2)
