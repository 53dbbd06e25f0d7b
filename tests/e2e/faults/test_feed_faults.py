# SPDX-License-Identifier: Apache-2.0
"""A system call of `stek feed` that fails for a passing reason, at its start, at a rotation and at
a reload: files that were good stay, one target that fails stops no other, what is said has the
error's words, and the next try works."""
import errno
import os
import random

import pytest

from harness import faults
from harness.feed import Feed
from harness.process import Gone, wait_for
from harness.stekd import Stekd

pytestmark = pytest.mark.skipif(
    not faults.work(), reason="this kernel does not let a program be watched"
)
STILL = {"rotate": "7d", "accept": "20s", "max_session_age": "1d"}
SAMPLE = 14  # one call in so many fails in `make check`


class FaultyFeed(Feed):
    """With two targets: a file for h2o, and a directory for nginx."""

    def __init__(self, folder, stekd, watched):
        super().__init__(folder, stekd)
        self.wrapper = watched.wrapper
        self.watched = watched

    def __enter__(self):
        super().__enter__()
        self.add(
            one={"to": "h2o", "file": self.place("h2o")},
            two={"to": "nginx", "directory": self.place("nginx")},
        )
        return self

    def files(self):
        """What the two servers read."""
        found = {"h2o": self.place("h2o").read_bytes()}
        for path in self.place("nginx").iterdir():
            found[path.name] = path.read_bytes()
        return found

    def good_files(self):
        """The same without what a hand-over is about to rename."""
        return {name: text for name, text in self.files().items() if not name.endswith(".new")}

    def errors(self):
        """Lines that tell of something that failed."""
        return [line for line in self.process.stderr().splitlines() if is_error(line)]

    def stop(self):
        self.process.stop()


def is_error(line):
    return any(os.strerror(getattr(errno, name)) in line or name in line for name in faults.ERRORS)


@pytest.fixture
def watched():
    with faults.Faults() as made:
        yield made


@pytest.fixture
def feed(folder, watched):
    with Stekd(folder / "stekd", web=STILL) as stekd:
        with FaultyFeed(folder / "feed", stekd, watched) as made:
            yield made


# -- start --


def start(feed, order):
    """Whether it runs; then both have their keys in the end."""
    feed.env = {"CALL_FAULTS": order}
    try:
        feed.launch()
    except Gone:
        return False
    feed.wait_until("fed")
    return True


def what_failed(feed):
    return next((call for call in feed.watched.seen() if call.failed), None)


def start_with_a_fault(feed, number, error, good):
    """Starts it while one call fails: of its own, or of one of the two processes that hand over."""
    runs = start(feed, faults.arming(number, error, after="feed.conf"))
    what = f"{error} at call {number}: {feed.process.stderr()}"
    if runs:
        what = f"{error} at call {number}, {what_failed(feed)}: {feed.process.stderr()}"
    assert feed.good_files() == good, what
    said = feed.process.stderr()
    assert all(said.count(f"{name}: handed ") >= 1 for name in feed.feeds) or not runs, what
    assert len(feed.errors()) <= 1, what
    assert runs or feed.errors() or "no such group" in said, what
    feed.stop()


def go_through_starts(feed, dice, step):
    assert start(feed, faults.COUNTING + "feed.conf")
    count = len(feed.watched.seen())
    good = feed.good_files()
    feed.stop()
    assert count > 60
    for number in range(1 + dice.randrange(step), count + 1, step):
        start_with_a_fault(feed, number, dice.choice(faults.ERRORS), good)


def test_a_call_that_fails_at_start_leaves_files_as_they_were(feed):
    go_through_starts(feed, random.Random(5), SAMPLE)


@pytest.mark.long
def test_whichever_call_fails_at_start_files_are_left_as_they_were(feed):
    go_through_starts(feed, random.Random(6), 1)


# -- a rotation --


def rotate(feed):
    """The ring's next key seals; returns when both have it."""
    before = {name: feed.feed(name)["sealing_key"] for name in feed.feeds}
    wait_for(lambda: feed.stekd.request(command="rotate", ring="web")["ok"], "another second")
    wait_for(
        lambda: all(feed.feed(n)["sealing_key"] != before[n] for n in feed.feeds)
        and all(feed.feed(n)["state"] == "fed" for n in feed.feeds),
        "both to have the next key",
    )


def rotate_with_a_fault(feed, number, error):
    """While it hands over, what is there is whole: the old keys or the new ones."""
    said = len(feed.errors())
    feed.watched.arm(number, error, after=".new")
    rotate(feed)
    failed = what_failed(feed)
    feed.watched.off()
    what = f"{error} at call {number}, {failed}: {feed.process.stderr()}"
    assert len(feed.errors()) - said <= 1, what
    good = feed.files()
    assert not [name for name in good if name.endswith(".new")], what
    assert len(good["h2o"]) > 100, what
    listed = good["keys.conf"].decode()
    keys = [name for name in good if name not in ("h2o", "keys.conf")]
    assert keys and all(name in listed and len(good[name]) == 80 for name in keys), what
    return failed


def go_through_rotations(feed, dice, numbers, wanted=frozenset(), patience=60):
    """Two processes hand over, so chance decides which call has a number: then more are tried,
    until each of the wanted ones has failed."""
    feed.launch()
    feed.wait_until("fed")
    failed = set()
    for begun, number in enumerate([*numbers, *(1 + n % 20 for n in range(patience))]):
        if begun >= len(numbers) and wanted <= failed:
            break
        call = rotate_with_a_fault(feed, number, dice.choice(faults.ERRORS))
        failed.update([call.name] if call else [])
    return failed


def test_a_call_that_fails_at_a_rotation_costs_no_server_its_keys(feed):
    assert go_through_rotations(feed, random.Random(7), range(1, 21, 4))


@pytest.mark.long
def test_whichever_call_fails_at_a_rotation_no_server_loses_its_keys(feed):
    wanted = {"openat", "write", "fchmod", "renameat", "pwrite64"}
    assert wanted <= go_through_rotations(feed, random.Random(8), range(1, 45), wanted)


# -- a reload --


def reload_with_a_fault(feed, number, error, good):
    """It goes on with the old configuration, or takes the new one."""
    said = len(feed.errors())
    lines = feed.process.stderr().count("configuration")
    feed.watched.arm(number, error, after="feed.conf")
    feed.reload()
    wait_for(lambda: feed.process.stderr().count("configuration") > lines, "the reload")
    feed.wait_until("fed")
    failed = what_failed(feed)
    feed.watched.off()
    what = f"{error} at call {number}, {failed}: {feed.process.stderr()}"
    assert feed.files() == good, what
    assert len(feed.errors()) - said <= 1, what


def go_through_reloads(feed, dice, numbers):
    feed.launch()
    feed.wait_until("fed")
    good = feed.good_files()
    for number in numbers:
        reload_with_a_fault(feed, number, dice.choice(faults.ERRORS), good)


def test_a_call_that_fails_at_a_reload_leaves_files_as_they_were(feed):
    go_through_reloads(feed, random.Random(9), range(1, 60, 6))


@pytest.mark.long
def test_whichever_call_fails_at_a_reload_files_are_left_as_they_were(feed):
    go_through_reloads(feed, random.Random(10), range(1, 120))
