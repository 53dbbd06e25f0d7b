# SPDX-License-Identifier: Apache-2.0
"""`stek feed wipe`: the keys of feeds that left the configuration."""
import os

import pytest

from harness.process import wait_for


@pytest.fixture
def two_feeds(still_feed):
    """`a`, which goes, and `b`, which stays."""
    still_feed.put("a", to="nginx", directory=still_feed.place("a"))
    still_feed.put("b", to="h2o", file=still_feed.place("b"))
    return still_feed


def leave(feed, name="a"):
    feed.drop(name)
    feed.reload_and_feed()
    assert feed.feed(name) is None


def test_keys_of_a_feed_that_is_gone_stay_and_are_named(two_feeds):
    place = two_feeds.place("a")
    files = set(place.iterdir())
    assert two_feeds.left() == []
    leave(two_feeds)
    assert two_feeds.left() == [str(place)] and set(place.iterdir()) == files
    status = two_feeds.status()
    line = f"{place}: keys of a feed that is not configured any more: 'stek feed wipe'\n"
    assert status.returncode == 0 and line in status.stdout
    assert f"stek feed: {place}: keys of a feed" in two_feeds.stderr()


def test_wipe_overwrites_and_removes_them_and_only_them(two_feeds):
    place, stays = two_feeds.place("a"), two_feeds.place("b").read_bytes()
    key = next(place.glob("*.key"))
    with open(key, "rb") as old:
        before = old.read()
        leave(two_feeds)
        done = two_feeds.wipe()
        assert (done.returncode, done.stdout, done.stderr) == (
            0,
            f"wiped {place}\n",
            "",
        )
        after = os.pread(old.fileno(), 4096, 0)
    assert len(after) == len(before) and after[16:48] != before[16:48]
    assert not place.exists() and two_feeds.place("b").read_bytes() == stays
    wait_for(lambda: two_feeds.left() == [], "the service to see it")
    assert two_feeds.wipe().stdout == "nothing to wipe\n"


def test_wipe_leaves_what_no_feed_wrote(two_feeds):
    place = two_feeds.place("a")
    (place / "notes").write_text("mine")
    leave(two_feeds)
    assert two_feeds.wipe().returncode == 0
    assert [path.name for path in place.iterdir()] == ["notes"]


def test_a_feed_that_runs_keeps_its_keys(two_feeds):
    before = two_feeds.place("b").read_bytes()
    assert two_feeds.wipe().stdout == "nothing to wipe\n"
    done = two_feeds.wipe("--all")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("stek feed: it runs, and would write the keys again")
    assert two_feeds.place("b").read_bytes() == before and two_feeds.place("a").is_dir()


def test_a_feed_that_left_while_the_service_was_down_is_wiped(two_feeds):
    two_feeds.process.stop()
    two_feeds.drop("b")
    assert two_feeds.wipe().stdout == f"wiped {two_feeds.place('b')}\n"
    assert two_feeds.place("a").is_dir() and not two_feeds.place("b").exists()


def test_what_a_feed_that_was_killed_had_not_renamed_yet_is_wiped(two_feeds):
    two_feeds.process.stop()
    two_feeds.drop("b")
    made = two_feeds.place("b").rename(two_feeds.place(".b.new"))
    assert two_feeds.wipe().stdout == f"wiped {two_feeds.place('b')}\n"
    assert not made.exists() and two_feeds.wipe().stdout == "nothing to wipe\n"


def test_what_was_left_is_still_known_after_a_restart(two_feeds):
    leave(two_feeds)
    for _ in range(2):
        two_feeds.process.stop()
        two_feeds.launch()
        two_feeds.wait_until("fed", "b")
        assert two_feeds.left() == [str(two_feeds.place("a"))]
    two_feeds.put("a", to="nginx", directory=two_feeds.place("a"))
    assert two_feeds.left() == []


def test_all_are_wiped_after_the_service_has_stopped(two_feeds):
    two_feeds.process.stop()
    done = two_feeds.wipe("--all")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2
    assert not two_feeds.place("a").exists() and not two_feeds.place("b").exists()


def test_a_place_that_cannot_be_wiped_is_one_line_and_the_others_are(two_feeds):
    two_feeds.process.stop()
    two_feeds.place("b").unlink()
    two_feeds.place("b").symlink_to("/etc/passwd")
    done = two_feeds.wipe("--all")
    assert done.returncode == 1
    assert done.stderr == "stek feed: b: it is a symbolic link: remove it\n"
    assert not two_feeds.place("a").exists()
