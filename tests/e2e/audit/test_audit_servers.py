# SPDX-License-Identifier: Apache-2.0
"""Servers from Debian, as they come and made bad by their own configuration."""
import os
import signal

import pytest

from harness.audit import Background, audit, handshakes
from harness.process import wait_for
from harness.servers import (
    Apache,
    Balancer,
    Caddy,
    GnutlsServ,
    Haproxy,
    Nginx,
    Node,
    PythonAfterFork,
    SServer,
    Stunnel,
)

has_caddy = pytest.mark.skipif(not Caddy.is_there(), reason="no caddy here")
GOOD = [Nginx, Apache, Haproxy, Stunnel, SServer, GnutlsServ, Node]
GOOD.append(pytest.param(Caddy, marks=has_caddy))


@pytest.mark.parametrize("program", GOOD, ids=lambda program: program.name)
def test_a_good_server_has_nothing_of_medium_or_more(stock, program):
    report = audit(stock(program), tickets=40)
    assert report.ids("medium") == set(), report.findings
    assert report.status == 0
    assert {"offered", "resumes"} <= report.ids()
    assert {found.version for found in report.of("resumes")} == {"1.2", "1.3"}


def test_tickets_off_are_not_offered(stock):
    report = audit(stock(Nginx, directives="ssl_session_tickets off;", protocols="TLSv1.2"))
    assert report.ids() == {"not-offered", "version-missing"}


@pytest.mark.parametrize(
    "program, options",
    [
        (GnutlsServ, {"options": ["--noticket"]}),
        (SServer, {"options": ["-no_ticket"]}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_tickets_off_in_other_servers(stock, program, options):
    report = audit(stock(program, **options))
    assert "1.2" in {found.version for found in report.of("not-offered")}
    assert report.ids("low") == set()


def test_a_server_that_keeps_sessions_and_forgets_some(stock):
    """stunnel with tickets off: of the sessions that it keeps in TLS 1.3, every other one is
    gone."""
    report = audit(stock(Stunnel, options="options = NO_TICKET"))
    assert report.ids("low") == {"resumes-partly"}
    assert "references to sessions: it looks like a server that forgets some" in report.observed(
        "resumes-partly"
    )


def test_tickets_off_are_nothing_to_see_to_in_tls_1_3_either(stock):
    """OpenSSL then sends references to sessions; this nginx keeps none."""
    report = audit(stock(Nginx, directives="ssl_session_tickets off;"))
    assert report.ids("low") == set()
    assert "references" in report.observed("resumes-never")
    assert "no-weak-key" not in report.ids()


@pytest.mark.parametrize("timeout, identity", [("8d", "hint-over-7d"), ("2d", "hint-over-24h")])
def test_lifetimes_that_are_too_long_are_found(stock, timeout, identity):
    report = audit(stock(Nginx, directives=f"ssl_session_timeout {timeout};"))
    assert identity in report.ids()
    assert "1.2" in {found.version for found in report.of(identity)}


def test_a_server_of_one_version_is_told(stock):
    report = audit(stock(SServer, options=["-tls1_2"]))
    assert [found.version for found in report.of("version-missing")] == ["1.3"]
    assert {found.version for found in report.of("resumes")} == {"1.2"}


@pytest.mark.parametrize(
    "options, found, outcome",
    [
        (["-allow_no_dhe_kex"], {"medium"}, "done"),
        (
            [],
            set(),
            "alert",
        ),  # there is no key share in what it is sent, so it cannot go on in full either
    ],
    ids=["allowed", "control"],
)
def test_psk_without_a_key_exchange_is_found(stock, folder, options, found, outcome):
    report = audit(stock(SServer, options=options), record=folder / "seen.jsonl")
    assert report.severities("psk-without-dhe") == found
    tries = handshakes(folder / "seen.jsonl", "psk-only")
    assert {(line["outcome"], line["resumed"], line["dhe"]) for line in tries} == {
        (outcome, bool(found), False)
    }


def test_early_data_with_a_guard_is_only_told(stock):
    report = audit(stock(GnutlsServ, options=["--earlydata"]))
    assert "early-data" in report.ids()
    assert "early-data-replay" not in report.ids()


def test_early_data_that_is_taken_twice_is_found(stock):
    report = audit(stock(Nginx, directives="ssl_early_data on;"))
    assert report.severities("early-data-replay") == {"high"}


def test_processes_with_keys_of_their_own_are_found(stock):
    """Python's SSLContext, made after the fork: each worker has a key of its own."""
    report = audit(stock(PythonAfterFork, workers=3), tickets=60)
    assert "several-keys" in report.ids("low")
    assert report.ids("low") & {
        "resumes-partly",
        "resumes-never",
    }  # a matter of luck: one of three workers answers
    assert "processes" in report.observed("several-keys")


@pytest.mark.parametrize("shared", [True, False], ids=["shared keys", "own keys"])
def test_two_hosts_behind_a_balancer(stock, folder, shared):
    """HAProxy in front of two nginx, connection by connection."""
    key = folder / "key"
    key.write_bytes(os.urandom(80))
    hosts = [stock(Nginx, ticket_key=key if shared else None) for _ in range(2)]
    report = audit(stock(Balancer, ports=[host.port for host in hosts]), tickets=40)
    if shared:
        # With a key file nginx 1.18 does not replace the tickets of TLS 1.3.
        known = {"renewal-missing"} if Nginx.version() <= (1, 18) else set()
        assert report.ids("low") == known
        assert report.observed("resumes") == "10 of 10 tries resumed / 10 of 10 tries resumed"
    else:
        assert (
            "several-keys"
            in report.ids("low")
            <= {"several-keys", "resumes-partly", "resumes-never"}
        )
        assert all(
            "2 or more processes or hosts" in found.observed
            for found in report.findings
            if found.severity == "low"
        )


def test_a_restart_in_the_middle_looks_like_one(stock, folder):
    server = stock(Nginx)
    recording = folder / "seen.jsonl"
    running = Background(server, recording, tickets=200, rate=40)
    wait_for(lambda: len(handshakes(recording, "offer")) > 30, "the audit to have tickets")
    running.signal(signal.SIGSTOP)  # it could end before the server is back
    server.restart()
    running.signal(signal.SIGCONT)
    report = running.end()
    assert "a restart" in report.observed("several-keys")
    assert report.ids("medium") == set()
