# SPDX-License-Identifier: Apache-2.0
"""Peers that break off at each step, go on for ever, or say what no TLS server says: the audit ends
within the time that it announced, says why it saw nothing, and stops at once on Ctrl-C."""
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.audit import Background, audit
from harness.process import wait_for
from harness.servers import Broken, Odd

CLOSED = "the connection was closed|Connection reset by peer"
REFUSED = "an answer that the client refused"
NO_TLS = "the server's answer is not TLS"
NOT_IN_TIME = "the first handshake was not done in time"

# What is said of it, where nothing was seen.
QUICK = {
    "reset_at_once": CLOSED,
    "reset_after_hello": CLOSED,
    "reset_in_a_record": CLOSED,
    "reset_after_server_hello": CLOSED,
    "half_closed": CLOSED,
    "hello_retries": REFUSED,
    "retries_without_waiting": REFUSED,
    "empty_records": REFUSED,
    "change_ciphers": REFUSED,
    "text": NO_TLS,
    "data_at_once": REFUSED,
    "unknown_version": "",  # versions of libssl differ in words
    "compressed_certificate": REFUSED,
    "huge_staple": REFUSED,
    "many_key_shares": REFUSED,
    "retries_with_costly_groups": REFUSED,
    "two_protocols": REFUSED,
    "extensions_that_lie": REFUSED,
    "fatal_alerts": "alert 80",
}
SLOW = {
    "hello_requests": NOT_IN_TIME,
    "slow_record": NOT_IN_TIME,
    "certificate_in_single_bytes": "",  # refused, or not in time where the machine is slow
}
# They shake hands well, and so there is something to report.
ODD_LATER = ("reset_after_the_handshake", "half_closed_after_the_handshake", "slow_answer")


def announced_s(report):
    number, unit = re.search(r"never longer than (\d+) (s|min)", report.stderr).groups()
    return int(number) * (60 if unit == "min" else 1)


def look(server):
    started = time.monotonic()
    report = audit(server, tickets=4, rate=1000)
    took = time.monotonic() - started
    assert took < announced_s(report), f"{server.mode}: {took:.0f} s"
    return report


def look_at_all(stock, modes):
    """Audits all of them at the same time."""
    servers = [stock(Odd, mode=mode) for mode in modes]
    with ThreadPoolExecutor(len(servers)) as pool:
        return dict(zip(modes, pool.map(look, servers)))


def not_reached(report):
    assert report.ids() <= {"not-reached", "interrupted"} and report.status == 4, report.whole
    return report.observed("not-reached") + report.observed("interrupted")


def check_reasons(reports, reasons):
    for mode, report in reports.items():
        said = not_reached(report)
        assert re.search(reasons[mode], said), f"{mode}: {said}"


def test_a_peer_that_breaks_off_or_talks_nonsense_is_left_at_once_with_a_reason(stock):
    check_reasons(look_at_all(stock, QUICK), QUICK)


@pytest.mark.long
def test_a_peer_that_keeps_a_handshake_busy_is_left_in_time_with_a_reason(stock):
    check_reasons(look_at_all(stock, SLOW), SLOW)


@pytest.mark.long
def test_a_peer_that_is_odd_after_the_handshake_is_audited_all_the_same(stock):
    for mode, report in look_at_all(stock, ODD_LATER).items():
        assert "offered" in report.ids(), mode


@pytest.mark.long
@pytest.mark.parametrize("fault", ["key-updates", "renegotiation"])
def test_handshakes_without_end_after_the_handshake_end_in_time(stock, fault):
    server = stock(Broken, fault=fault)
    server.mode = fault
    assert "offered" in look(server).ids()


def test_a_renegotiation_before_the_answer_changes_nothing_that_was_seen(stock):
    """As Apache does for a folder that wants a client certificate. A ticket that resumed has
    resumed."""
    plain, renegotiated = (
        audit(stock(Broken, fault=fault), tickets=20) for fault in ("none", "renegotiates-once")
    )
    assert {"1.2", "1.3"} == {found.version for found in renegotiated.of("resumes")}
    assert renegotiated.ids() == plain.ids(), renegotiated.whole


@pytest.mark.parametrize(
    "program, options",
    [(Odd, {"mode": mode}) for mode in [*SLOW, "slow_answer"]]
    + [(Broken, {"fault": fault}) for fault in ("key-updates", "renegotiation")],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else value.name,
)
def test_ctrl_c_ends_it_within_a_second_at_a_peer_that_keeps_it_busy(
    stock, folder, program, options
):
    server = stock(program, **options)
    running = Background(server, folder / "seen.jsonl", tickets=50, rate=20)
    wait_for(server.has_a_client, "a connection", 30)
    _, took = running.interrupt()
    assert took < 1


@pytest.mark.parametrize("protocol", ["smtp", "imap", "pop3", "ftp", "postgres"])
def test_an_endless_greeting_before_starttls_is_left_with_a_reason(stock, protocol):
    report = audit(stock(Odd, mode="text"), tickets=4, rate=1000, starttls=protocol)
    assert "STARTTLS" in not_reached(report) or "SSLRequest" in not_reached(report)
