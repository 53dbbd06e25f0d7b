# SPDX-License-Identifier: Apache-2.0
"""What the user of the service left in the place of its status.json holds up nobody that asks, nor
does it steer a terminal."""
import json

import pytest

from harness.faults.obstacles import fifo, hole, link


def text(path):
    path.write_bytes(b"\x1b]0;owned\x07")


WORDS = {
    fifo: "it is not a regular file",
    link: "Too many levels of symbolic links",
    hole: "it is longer than 1 MiB",
    text: "it is not what stek feed writes",
}


@pytest.fixture
def idle(still_feed):
    """A service that runs, and writes nothing meanwhile."""
    still_feed.put("a", to="h2o", file=still_feed.place("a"))
    still_feed.state_dir.joinpath("status.json").unlink()
    still_feed.state_dir.joinpath(".status.json.new").mkdir()
    return still_feed


@pytest.mark.parametrize("make", WORDS, ids=lambda make: make.__name__)
def test_what_is_no_status_is_one_line(idle, make):
    path = idle.state_dir / "status.json"
    path.unlink(missing_ok=True)
    make(path)
    status = idle.status()
    assert (status.returncode, status.stdout) == (1, "")
    assert status.stderr == f"stek feed: {path}: {WORDS[make]}\n"
    assert idle.wipe().stdout == "nothing to wipe\n"


def test_a_status_steers_no_terminal(idle):
    feed = {"name": "a\x1b[2J", "state": "fed", "problem": "\x1b]0;owned\x07\x9b31m"}
    told = {"since": 1, "feeds": [feed], "left": ["/x\x1b[2J", 7]}
    (idle.state_dir / "status.json").write_text(json.dumps(told))
    said = idle.status().stdout
    assert "a?[2J" in said and not any(
        ord(c) < 32 or 127 <= ord(c) < 160 for c in said if c != "\n"
    )
