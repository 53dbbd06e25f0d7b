# SPDX-License-Identifier: Apache-2.0
"""
Programs that make up a session-id context for each process: BIND, MariaDB, PgBouncer, Puma. Their
sessions outlive them only where the operator says so, and `stek status` says what stands in the
way.
"""
import pytest

from harness.client import VERSIONS, Visitor
from harness.servers.own_context import Bind, Mariadb, Pgbouncer, Puma
from harness.stekd import Stekd

# MariaDB and PgBouncer also ask for client certificates.
SETTINGS = {
    Bind: {"session_id_context": "ring"},
    Puma: {"session_id_context": "ring"},
    Mariadb: {"session_id_context": "ring", "verified_peers": "same-configuration"},
    Pgbouncer: {"session_id_context": "ring", "verified_peers": "same-configuration"},
}


def is_old_puma():
    """Puma 4 makes up no session-id context."""
    return Puma.is_there() and Puma.version() < (5, 0)


def each(*programs):
    """For each program that this release has."""
    return pytest.mark.parametrize(
        "program",
        [
            pytest.param(
                program,
                id=program.name,
                marks=pytest.mark.skipif(not program.is_there(), reason="not in this release"),
            )
            for program in programs
        ],
    )


@pytest.fixture
def stekd(folder):
    with Stekd(folder / "stekd", web={}) as daemon:
        yield daemon


def come_back_after_a_restart(server):
    """Whether clients of either version resume; before it they do."""
    visitors = [Visitor(tls) for tls in VERSIONS]
    for visitor in visitors:
        assert [visitor.visit(server) for _ in range(3)] == [False, True, True]
    server.restart()
    return [visitor.visit(server) for visitor in visitors]


@each(*SETTINGS)
def test_with_the_rings_session_id_context_sessions_outlive_the_program(loaded, stekd, program):
    server = loaded(program, stek={"ring": stekd.ring("web"), **SETTINGS[program]})
    assert come_back_after_a_restart(server) == [True, True]


@each(*(program for program in SETTINGS if program is not Puma or not is_old_puma()))
def test_control_by_default_they_end_with_it_and_status_says_why(loaded, stekd, program):
    server = loaded(program, stek={"ring": stekd.ring("web")})
    assert come_back_after_a_restart(server) == [False, False]
    missing = list(SETTINGS[program])[-1]
    said = stekd.stek("status", "web").stdout
    assert f"{missing} in stek-openssl(5)" in said or f"'{missing} = ring' in" in said


@each(Mariadb, Pgbouncer)
def test_where_peers_are_compared_status_goes_on_to_the_session_id_context(loaded, stekd, program):
    settings = {"ring": stekd.ring("web"), "verified_peers": "same-configuration"}
    assert come_back_after_a_restart(loaded(program, stek=settings)) == [False, False]
    assert "'session_id_context = ring' in" in stekd.stek("status", "web").stdout
