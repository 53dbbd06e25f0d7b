# SPDX-License-Identifier: Apache-2.0
"""The audit ends, whatever the server does, tells what it saw, and says why it left something out;
Ctrl-C ends it within a second."""
import re
import ssl
import time

import pytest

from harness.audit import Background, audit, lines, run
from harness.process import wait_for
from harness.servers import Broken, Hostile

WAIT_S = 10  # the longest that one connection may take
SLOW_S = 8  # what a machine with other work may add


@pytest.fixture
def recording(folder):
    return folder / "seen.jsonl"


def timed(server, **options):
    started = time.monotonic()
    report = audit(server, **options)
    return report, time.monotonic() - started


@pytest.mark.parametrize(
    "mode",
    [
        pytest.param("silent", marks=pytest.mark.long),
        pytest.param("drip", marks=pytest.mark.long),
        "records",
    ],
)
def test_a_target_that_never_gets_through_a_handshake_costs_one_wait(stock, mode):
    report, took = timed(stock(Hostile, mode=mode))
    assert took < WAIT_S + SLOW_S
    assert "not-reached" in report.ids()
    assert report.status == 4
    assert report.whole["handshakes"] <= 2 * 3, "given up at the first, or refused at once"


def test_a_silent_target_does_not_keep_others_from_being_audited(stock, certificates):
    silent, good = stock(Hostile, mode="silent"), stock(Broken, fault="iv-repeat")
    started = time.monotonic()
    report = run(
        f"localhost:{silent.port}", f"localhost:{good.port}", ca=certificates.ca, tickets=20
    )
    assert time.monotonic() - started < 2 * WAIT_S + SLOW_S
    assert report.severities("iv-repeat") == {"high"}
    assert {found.target for found in report.of("interrupted")} == {0}


def test_a_chain_of_16_megabytes_is_refused(stock):
    report, took = timed(stock(Hostile, mode="chain"))
    assert took < WAIT_S + SLOW_S
    assert "excessive message size" in report.observed("not-reached")


@pytest.mark.long
def test_a_server_that_never_answers_a_request_is_audited_all_the_same(stock):
    server = stock(Hostile, mode="mute")
    report = audit(server, tickets=4, rate=1000)
    assert {"offered", "resumes"} <= report.ids()


@pytest.mark.parametrize(
    "fault, said",
    [
        pytest.param(
            "endless-tickets",
            "more than 32 tickets after one handshake",
            marks=pytest.mark.skipif(
                ssl.OPENSSL_VERSION_NUMBER < 0x30000000,
                reason="OpenSSL 1.1.1 sends no tickets after the handshake",
            ),
        ),
        ("endless-data", "data without an end after the handshake"),
    ],
)
def test_a_flood_after_the_handshake_is_cut_off_and_said(stock, fault, said):
    report, took = timed(stock(Broken, fault=fault), tickets=20)
    assert took < 60
    assert said in report.observed("interrupted")
    assert {"offered", "resumes"} <= report.ids()


@pytest.mark.long
def test_tickets_of_64_kilobytes_are_examined(stock):
    """The search for known keys takes its time on them, and no more than it may."""
    report, took = timed(stock(Broken, fault="long-tickets"), tickets=20)
    assert took < 60 + 60
    assert "bytes each" in report.observed("offered")
    assert report.whole["tickets"] > 0


def test_the_announced_time_holds(stock):
    report, took = timed(stock(Broken), tickets=20)
    span = re.search(r"never longer than (\d+) (s|min)", report.stderr)
    assert took < int(span.group(1)) * (60 if span.group(2) == "min" else 1)


@pytest.mark.parametrize(
    "program, options",
    [
        (Hostile, {"mode": "silent"}),
        (Broken, {"fault": "endless-data"}),
        (Broken, {"fault": "endless-tickets"}),
    ],
    ids=lambda value: getattr(value, "name", "") or "-".join(value.values()),
)
def test_ctrl_c_ends_it_within_a_second_however_busy_the_server_keeps_it(
    stock, recording, program, options
):
    server = stock(program, **options)
    running = Background(server, recording, tickets=200, rate=20)
    wait_for(server.has_a_client, "a connection", 30)
    _, took = running.interrupt()
    assert took < 1


def test_ctrl_c_ends_the_search_for_known_keys_too(stock, recording):
    """The machine tries known keys for seconds on these; the signal comes when it has begun to."""
    server = stock(Broken, fault="long-tickets")
    running = Background(server, recording, tickets=60)
    wait_for(lambda: any(line["type"] == "end" for line in lines(recording)), "the search", 120)
    report, took = running.interrupt()
    assert took < 1
    assert "dictionary was stopped" in report.observed("interrupted")
    assert {"offered", "resumes"} <= report.ids()
