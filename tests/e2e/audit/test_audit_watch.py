# SPDX-License-Identifier: Apache-2.0
"""What only time shows: rotation, how long tickets live, chains; and a watch that is taken up
again."""
import concurrent.futures
import contextlib
import json
import re
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import module
from harness.audit import Background, Report, audit, handshakes, lines, run, run_text
from harness.process import wait_for, wait_until
from harness.servers import Apache, Broken, Nginx

QUICK = {"tickets": 20, "every": "1s"}


@pytest.fixture
def recording(folder):
    return folder / "seen.jsonl"


# Name: the server, its options, the module's settings (None: without it), and how long it is
# watched.
WATCHES = {
    "rotates": (Nginx, {}, {"rotate": "4s", "accept": "20s"}, "14s"),
    "outlives": (Broken, {"fault": "lives-beyond-hint", "timeout": 2}, None, "10s"),
    "keeps-its-time": (Broken, {"timeout": 3}, None, "10s"),
    # nginx 1.26 ends a chain of TLS 1.3 with the session's timeout, nginx 1.22 does not.
    "renews-for-ever": (Apache, {"directives": "SSLSessionCacheTimeout 3"}, None, "10s"),
    "caps-chains": (Nginx, {}, {"rotate": "60s", "accept": "60s", "max_session_age": "3s"}, "10s"),
    "never-rotates": (Broken, {}, None, "8s"),
}


@dataclass(frozen=True)
class Watched:
    report: Report
    recording: Path


@pytest.fixture(scope="module")
def watched(work, certificates):
    """All of them watched at the same time: what takes long here is waiting."""
    with tempfile.TemporaryDirectory(dir=work) as name, contextlib.ExitStack() as stack:
        place = Path(name)
        place.chmod(0o755)

        def watch(case, server, time):
            recording = place / (case + ".jsonl")
            return Watched(audit(server, watch=time, record=recording, **QUICK), recording)

        with concurrent.futures.ThreadPoolExecutor(len(WATCHES)) as pool:
            running = {}
            for case, (program, options, stek, time) in WATCHES.items():
                conf = module.compose(place / f"{case}.cnf", **stek) if stek else None
                server = stack.enter_context(program(place / case, certificates, conf, **options))
                running[case] = pool.submit(watch, case, server, time)
            yield {case: one.result() for case, one in running.items()}


def test_the_rotation_interval_is_measured(watched):
    report = watched["rotates"].report
    assert "changes" in report.observed("key-rotation")
    assert report.ids("medium") == set()
    assert len(report.whole["key_names"]) >= 3


def test_in_tls_1_2_a_new_ticket_comes_once_the_key_has_changed(watched):
    """A ticket of the newest key is not replaced; one whose key was replaced is, by one with
    another key name."""
    seen = lines(watched["rotates"].recording)
    shakes = [line for line in seen if line["type"] == "handshake"]
    tickets = [line for line in seen if line["type"] == "ticket"]
    tries = {
        index: shake
        for index, shake in enumerate(shakes)
        if shake["version_offered"] == 0x303 and shake["resumed"]
    }
    renewed = [
        (tickets[tries[ticket["handshake"]]["ticket"]]["bytes"][:32], ticket["bytes"][:32])
        for ticket in tickets
        if ticket["handshake"] in tries
    ]
    assert 0 < len(renewed) < len(tries)
    assert all(before != after for before, after in renewed)
    assert "1.2" in {found.version for found in watched["rotates"].report.of("renewal")}


def test_a_ticket_that_outlives_its_lifetime_is_found(watched):
    assert watched["outlives"].report.severities("lives-beyond-hint") == {"medium"}


def test_control_tickets_that_end_with_their_lifetime(watched):
    report = watched["keeps-its-time"].report
    assert "lives-beyond-hint" not in report.ids()
    assert "refused" in report.observed("ticket-life")


def test_a_chain_that_goes_on_for_ever_is_found(watched):
    assert [found.version for found in watched["renews-for-ever"].report.of("chain-unbounded")] == [
        "1.3"
    ]


def test_control_with_the_module_chains_end(watched):
    assert "chain-unbounded" not in watched["caps-chains"].report.ids()
    assert handshakes(watched["caps-chains"].recording, "chain")


def stretched(recording, path, seconds):
    """The same recording, as if so long had passed from the first handshake to the last. A busy
    machine makes few of them."""
    seen = lines(recording)
    at = [line["at"] for line in seen if line["type"] == "handshake"]
    factor = seconds // max(at[-1] - at[0], 1)
    for line in seen:
        for name in {"at", "received", "ended"} & set(line):
            line[name] = seen[0]["started"] + (line[name] - seen[0]["started"]) * factor
    path.write_text("".join(json.dumps(line) + "\n" for line in seen))
    return path


def test_a_key_that_is_used_for_over_a_day_is_found(watched, folder):
    """A watch of eight seconds, told as one of over a day: the judge knows no clock but the
    recording's."""
    seen = watched["never-rotates"]
    assert "rotation-slow" not in seen.report.ids()
    longer = run(**{"from": stretched(seen.recording, folder / "longer.jsonl", 2 * 86400)})
    assert longer.severities("rotation-slow") == {"medium"}


def test_a_watch_is_not_taken_up_from_a_recording_of_another_target(stock, recording):
    audit(stock(Broken), watch="1s", record=recording, **QUICK)
    before = recording.read_text()
    done = run_text("localhost:1", watch="1h", record=recording)
    assert done.returncode == 1
    assert "is a recording of other targets" in done.stderr
    assert recording.read_text() == before


def test_ctrl_c_gives_the_findings_so_far(stock, recording):
    server = stock(Broken, fault="iv-repeat")
    watch = Background(server, recording, watch="1h", **QUICK)
    wait_for(lambda: handshakes(recording, "sample"), "the watch to begin")
    report = watch.end(signal.SIGINT)
    assert {"iv-repeat", "interrupted"} <= report.ids()
    assert report.status == 3


def test_a_watch_that_was_killed_is_taken_up_again(stock, recording):
    server = stock(Broken)
    watch = Background(server, recording, watch="1h", **QUICK)
    wait_for(lambda: len(handshakes(recording, "sample")) >= 4, "some samples")
    watch.end(signal.SIGKILL)
    with open(recording, "a") as torn:
        torn.write('{"type":"handshake","purp')
    before = lines(recording)
    started = before[0]["started"]
    watch = Background(server, recording, watch="1h", **QUICK)
    wait_for(lambda: len(handshakes(recording, "sample")) >= 8, "more samples")
    watch.end(signal.SIGINT)
    after = lines(recording)
    assert after[: len(before)] == before
    assert after[0]["started"] == started
    assert len(handshakes(recording, "tamper")) == len(
        [line for line in before if line.get("purpose") == "tamper"]
    )


def test_a_watch_that_was_killed_before_it_began_does_all_the_rest(stock, recording):
    server = stock(Broken)
    first = Background(server, recording, watch="1h", tickets=40, every="1s", rate=20)
    wait_for(lambda: len(handshakes(recording, "offer")) >= 5, "some tickets")
    first.end(signal.SIGKILL)
    before = lines(recording)
    assert not handshakes(recording, "resume")
    again = Background(server, recording, watch="1h", tickets=40, every="1s")
    wait_for(lambda: handshakes(recording, "sample"), "the watch to begin")
    report = again.end(signal.SIGINT)
    assert lines(recording)[: len(before)] == before
    assert (
        handshakes(recording, "resume")
        and handshakes(recording, "tamper")
        and handshakes(recording, "psk-only")
    )
    assert {"resumes", "interrupted"} <= report.ids()


def test_a_watch_goes_on_from_an_empty_file(stock, recording):
    recording.touch()
    report = audit(stock(Broken), watch="2s", record=recording, **QUICK)
    assert "resumes" in report.ids()
    assert handshakes(recording, "sample")


def test_an_end_by_ctrl_c_says_how_to_go_on(stock, recording):
    watch = Background(stock(Broken), recording, watch="1h", **QUICK)
    wait_for(lambda: handshakes(recording, "sample"), "the watch to begin")
    assert (
        f"run the same command again to continue from {recording}"
        in watch.end(signal.SIGINT).stderr
    )


def test_rotation_is_measured_across_an_interruption(loaded, recording):
    """A key that changes every 4 s, watched in two sittings with a Ctrl-C and a pause between
    them."""
    server = loaded(Nginx, stek={"rotate": "4s", "accept": "60s"})
    watch = Background(server, recording, watch="1h", **QUICK)
    wait_for(lambda: len(names(recording)) >= 2, "a rotation")
    first = watch.end(signal.SIGINT)
    before = names(recording)
    wait_until(max(before.values()) + 6, "a rotation that nobody sees", timeout_s=30)
    watch = Background(server, recording, watch="1h", **QUICK)
    wait_for(lambda: len(names(recording)) >= len(before) + 2, "more rotations", timeout_s=60)
    both = watch.end(signal.SIGINT)
    assert "interrupted" in first.ids() and "interrupted" in both.ids()
    assert (
        len(both.whole["key_names"]) == len(names(recording)) >= len(first.whole["key_names"]) + 2
    )
    changes = int(re.match(r"(\d+) changes", both.observed("key-rotation")).group(1))
    assert changes == len(both.whole["key_names"]) - 1
    assert "several-keys" not in both.ids("low")
    assert both.ids("medium") == set()


def names(path):
    """The key names on tickets in a recording, each with when it was last seen."""
    return {
        line["bytes"][:32]: line["received"] for line in lines(path) if line["type"] == "ticket"
    }
