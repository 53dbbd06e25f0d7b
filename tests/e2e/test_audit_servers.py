# SPDX-License-Identifier: Apache-2.0
"""Servers from Debian, as they come and made bad by their own configuration."""
import pytest

from harness.audit import audit
from harness.servers import Apache, GnutlsServ, Haproxy, Nginx, Node, PythonAfterFork, SServer, Stunnel

GOOD = [Nginx, Apache, Haproxy, Stunnel, SServer, GnutlsServ, Node]


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


@pytest.mark.parametrize("timeout, identity", [("8d", "hint-over-7d"), ("2d", "hint-over-24h")])
def test_lifetimes_that_are_too_long_are_found(stock, timeout, identity):
    report = audit(stock(Nginx, directives=f"ssl_session_timeout {timeout};"))
    assert identity in report.ids()
    assert "1.2" in {found.version for found in report.of(identity)}


def test_a_server_of_one_version_is_told(stock):
    report = audit(stock(SServer, options=["-tls1_2"]))
    assert [found.version for found in report.of("version-missing")] == ["1.3"]
    assert {found.version for found in report.of("resumes")} == {"1.2"}


def test_psk_without_a_key_exchange_is_found(stock):
    report = audit(stock(SServer, options=["-allow_no_dhe_kex"]))
    assert report.severities("psk-without-dhe") == {"medium"}


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
    assert report.ids("low") & {"resumes-partly", "resumes-never"}  # a matter of luck: one of three workers answers
    assert "processes" in report.observed("several-keys")
