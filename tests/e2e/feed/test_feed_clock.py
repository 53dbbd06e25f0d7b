# SPDX-License-Identifier: Apache-2.0
"""A clock that was far ahead for a while keeps no server waiting: how long a feed waits does not go
by it. Only the feed sees the clock that the tests set (libfaketime)."""
import pytest

from harness.process import Clock, wait_for

HOUR_S, DAY_S = 3600, 86400


@pytest.fixture
def clock(folder, still_feed):
    clock = Clock(folder)
    still_feed.env = clock.environment
    still_feed.add(a={"to": "h2o", "file": still_feed.place("a")})
    return clock


def test_a_try_that_failed_while_the_clock_was_ahead_is_made_again(clock, still_feed):
    clock.set(40 * DAY_S)  # the ring's keys are over then
    still_feed.launch()
    still_feed.wait_until("waiting", "a")
    clock.set(0)
    still_feed.wait_until("fed", "a")


def written_again(feed):
    feed.place("a").unlink()
    wait_for(feed.place("a").exists, "the file", 40)


def test_files_are_looked_at_as_before_when_the_clock_was_ahead(clock, still_feed):
    clock.set(HOUR_S)
    still_feed.launch()
    still_feed.wait_until("fed", "a")
    written_again(still_feed)
    before = still_feed.feed("a")["handed_over"]
    clock.set(0)
    wait_for(lambda: still_feed.feed("a")["handed_over"] > before, "the keys of the right time")
    written_again(still_feed)
