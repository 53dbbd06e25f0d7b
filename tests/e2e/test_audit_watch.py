# SPDX-License-Identifier: Apache-2.0
"""What only time shows: rotation, how long tickets live, chains; and a watch that is taken up again."""
import json
import signal

import pytest

from harness.audit import Report, audit, command, run, run_text
from harness.process import plain_environment, spawn, stop, wait_for
from harness.servers import Broken, Nginx

QUICK = {"tickets": 20, "every": "1s"}


def lines(path):
    """The whole lines of a recording."""
    if not path.exists():
        return []
    text = path.read_text()
    return [json.loads(line) for line in text.splitlines()[:text.count("\n")]]


def handshakes(path, purpose):
    return [line for line in lines(path) if line.get("purpose") == purpose]


@pytest.fixture
def recording(folder):
    return folder / "seen.jsonl"


def test_the_rotation_interval_is_measured(loaded, recording):
    report = audit(loaded(Nginx, stek={"rotate": "4s", "accept": "20s"}), watch="14s", record=recording, **QUICK)
    assert "changes" in report.observed("key-rotation")
    assert report.ids("medium") == set()
    assert len(report.whole["key_names"]) >= 3


def test_a_ticket_that_outlives_its_lifetime_is_found(stock, recording):
    report = audit(stock(Broken, fault="lives-beyond-hint", timeout=2), watch="9s", record=recording, **QUICK)
    assert report.severities("lives-beyond-hint") == {"medium"}


def test_control_tickets_that_end_with_their_lifetime(stock, recording):
    """The lives that are told are between what was seen to live and what was seen dead."""
    report = audit(stock(Broken, timeout=3), watch="10s", record=recording, **QUICK)
    assert "lives-beyond-hint" not in report.ids()
    assert "refused" in report.observed("ticket-life")


def test_a_chain_that_goes_on_for_ever_is_found(stock, recording):
    report = audit(stock(Nginx, directives="ssl_session_timeout 3s;"), watch="9s", record=recording, **QUICK)
    assert [found.version for found in report.of("chain-unbounded")] == ["1.3"]


def test_control_with_the_module_chains_end(loaded, recording):
    server = loaded(Nginx, stek={"rotate": "60s", "accept": "60s", "lineage": "3s"})
    report = audit(server, watch="9s", record=recording, **QUICK)
    assert "chain-unbounded" not in report.ids()
    assert handshakes(recording, "chain")


def stretched(recording, path, factor):
    """The same recording, as if all had taken `factor` times as long."""
    seen = lines(recording)
    for line in seen:
        for name in {"at", "received", "ended"} & set(line):
            line[name] = seen[0]["started"] + (line[name] - seen[0]["started"]) * factor
    path.write_text("".join(json.dumps(line) + "\n" for line in seen))
    return path


def test_a_key_that_is_used_for_over_a_day_is_found(stock, recording, folder):
    """A watch of eight seconds, told as one of over a day: the judge knows no clock but the recording's."""
    first = audit(stock(Broken), watch="8s", record=recording, **QUICK)
    assert "rotation-slow" not in first.ids()
    longer = run(**{"from": stretched(recording, folder / "longer.jsonl", 86400 // 6)})
    assert longer.severities("rotation-slow") == {"medium"}


def test_a_watch_is_not_taken_up_from_a_recording_of_another_target(stock, recording):
    audit(stock(Broken), watch="1s", record=recording, **QUICK)
    before = recording.read_text()
    done = run_text("localhost:1", watch="1h", record=recording)
    assert done.returncode == 3
    assert "is a recording of other targets" in done.stderr
    assert recording.read_text() == before


class Watch:
    """A watch that runs while the test does something else."""

    def __init__(self, server, recording, **options):
        self.output = open(recording.with_suffix(".json"), "w+")
        self.popen = spawn(command(f"localhost:{server.port}", ca=server.pki.ca, json=True, rate=1000,
                                   record=recording, **QUICK, **options),
                           stdout=self.output, env=plain_environment())

    def end(self, number):
        self.popen.send_signal(number)
        status = self.popen.wait(timeout=30)
        stop(self.popen)
        self.output.seek(0)
        return status, self.output.read()


def test_ctrl_c_gives_the_findings_so_far(stock, recording):
    server = stock(Broken, fault="iv-repeat")
    watch = Watch(server, recording, watch="1h")
    wait_for(lambda: handshakes(recording, "sample"), "the watch to begin")
    status, text = watch.end(signal.SIGINT)
    report = Report(status, "", json.loads(text))
    assert {"iv-repeat", "interrupted"} <= report.ids()
    assert status == 1


def test_a_watch_that_was_killed_is_taken_up_again(stock, recording):
    server = stock(Broken)
    watch = Watch(server, recording, watch="1h")
    wait_for(lambda: len(handshakes(recording, "sample")) >= 4, "some samples")
    watch.end(signal.SIGKILL)
    with open(recording, "a") as torn:
        torn.write('{"type":"handshake","purp')
    before = lines(recording)
    started = before[0]["started"]
    watch = Watch(server, recording, watch="1h")
    wait_for(lambda: len(handshakes(recording, "sample")) >= 8, "more samples")
    watch.end(signal.SIGINT)
    after = lines(recording)
    assert after[:len(before)] == before
    assert after[0]["started"] == started
    assert len(handshakes(recording, "tamper")) == len([line for line in before if line.get("purpose") == "tamper"])
