# SPDX-License-Identifier: Apache-2.0
"""A reload is all or nothing: from random configurations to others, with a system call that fails,
each in turn. A refused reload leaves all files as they were, and one line says why; one that was
not refused brings all of it."""
import collections
import grp
import os
import random
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness import build, faults
from harness.fleet import make_kek
from harness.process import free_port, wait_for
from harness.stekd import Stekd

pytestmark = [
    pytest.mark.skipif(not faults.work(), reason="this kernel does not let a program be watched"),
    pytest.mark.skipif(os.geteuid() != 0, reason="gives files to other groups"),
]
NAMES = ["a", "b", "c"]
GROUPS = [None, "daemon", "games"]
ADMINS = ["daemon", "games"]
SOURCES = ["host"] * 6 + ["seed"] * 2 + ["fleet"] * 2


class Host:
    """stekd whose system calls fail as asked, and configurations for it."""

    def __init__(self, folder, dice, **options):
        self.faults = faults.Faults()
        self.dice = dice
        self.page_dice = random.Random(41)  # of its own: what is drawn else stays as it was
        self.seeds = folder / "seeds"
        self.seeds.mkdir()
        for name in NAMES:
            subprocess.run(
                [build.COMMAND, "fleet", "seed", name, self.seeds / name],
                check=True,
                capture_output=True,
            )
        self.folder = folder
        for name in ("kek-1", "kek-2"):
            make_kek(folder / name)
        for name in ("state-1", "state-2"):
            (folder / name).mkdir(mode=0o700)
        self.nobody = free_port()  # where no store listens
        self.page, self.other_page = folder / "1.sock", folder / "2.sock"
        self.daemon = Stekd(
            folder / "stekd",
            wrapper=self.faults.wrapper,
            settings={
                "admin_group": "daemon",
                "listen": f"unix:{self.page}",
                "status_page": "yes",
            },
            fleet=self.draw_fleet(),
            **options,
        )

    def __enter__(self):
        self.daemon.start()
        return self

    def __exit__(self, *_):
        self.daemon.close()
        self.faults.__exit__()

    def draw_ring(self, name):
        ring = {
            "group": self.dice.choice(GROUPS),
            "max_session_age": self.dice.choice(["24h", "48h"]),
            "rotate": self.dice.choice(["2h", "3h", "7d"]),
        }
        source = self.dice.choice(SOURCES)
        if source == "seed":
            ring.update(source="seed", seed=self.seeds / name, rotate=None)
        if source == "fleet":
            ring.update(source="fleet")
        return ring

    def draw_fleet(self):
        """A store that never answers: rings of the fleet go on with keys of this host's own."""
        return {
            "endpoints": f"http://127.0.0.1:{self.nobody}",
            "kek": self.folder / self.dice.choice(["kek-1", "kek-2"]),
            "state": self.folder / self.dice.choice(["state-1", "state-2"]),
            "prefix": self.dice.choice(["/one", "/two"]),
            "name": self.dice.choice(["this", "that"]),
            "bootstrap": "local",
        }

    def draw(self):
        """A configuration: settings of [stekd], of each ring, and of [fleet]."""
        names = self.dice.sample(NAMES, self.dice.randint(1, len(NAMES)))
        listen = self.page_dice.choice([self.page, self.other_page, None])
        settings = {
            "admin_group": self.dice.choice(ADMINS),
            "orphan_time": self.dice.choice(["1h", "2h"]),
            "listen": listen and f"unix:{listen}",
            "status_page": listen and self.page_dice.choice(["yes", "no"]),
        }
        return (
            settings,
            {name: self.draw_ring(name) for name in names},
            self.draw_fleet(),
        )

    def draw_near(self, configuration):
        """Another one. Half of the rings keep their group and source: then only records change."""
        before = configuration[1]
        settings, rings, fleet = self.draw()
        for name in set(rings) & set(before):
            if self.dice.random() < 0.5:
                same = {k: v for k, v in before[name].items() if k in ("group", "source", "seed")}
                rings[name] = {
                    **self.draw_ring(name),
                    "source": None,
                    "seed": None,
                    **same,
                }
                rings[name]["rotate"] = None if same.get("seed") else rings[name]["rotate"] or "2h"
        return settings, rings, self.dice.choice([fleet, configuration[2]])

    def reload(self, configuration):
        settings, rings, fleet = configuration
        self.daemon.settings = {k: v for k, v in settings.items() if v}
        self.daemon.fleet = fleet
        self.daemon.rings = {
            name: {k: v for k, v in ring.items() if v} for name, ring in rings.items()
        }
        return self.daemon.reload()

    def files(self):
        """All that lies in the run directory, and the seeds: bytes, owner, mode."""
        found = {}
        keys = [self.folder / "kek-1", self.folder / "kek-2"]
        states = [self.folder / "state-1", self.folder / "state-2"]
        for top in (self.daemon.run_dir, self.seeds, *keys, *states):
            for path in sorted([top, *top.rglob("*")]):
                about = path.lstat()
                found[str(path)] = (
                    path.read_bytes() if path.is_file() else None,
                    (about.st_uid, about.st_gid, about.st_mode, about.st_ino),
                )
        return found

    def stands(self):
        """Files, and what stekd says of its rings, and of the fleet: also since when it is so,
        which shows that it was not made anew."""
        rings = self.daemon.request(command="status")["rings"]
        fleet = self.daemon.request(command="fleet")
        return (
            self.files(),
            [(ring["name"], ring["policy"], ring["keys"]) for ring in rings],
            [fleet.get(part) for part in ("host", "keys", "endpoint", "state")],
            [(ring["name"], ring["since"]) for ring in fleet.get("rings", [])],
            self.shows_page(),
        )

    def shows_page(self):
        """Whether the status page is where it was at the start: no reload changes that."""
        with socket.socket(socket.AF_UNIX) as visitor:
            visitor.settimeout(60)
            visitor.connect(str(self.page))
            visitor.sendall(b"GET /status.json HTTP/1.0\r\n\r\n")
            found = visitor.recv(64).startswith(b"HTTP/1.0 200")
        return found and not self.other_page.exists()

    def is_at(self, configuration):
        """Whether stekd, and all of its files, are as this configuration says."""
        settings, rings, fleet = configuration
        shared = {name for name, ring in rings.items() if ring.get("source") == "fleet"}
        said = self.daemon.request(command="fleet")
        if {ring["name"] for ring in said.get("rings", [])} != shared:
            return False
        if shared and said["host"] != fleet["name"]:
            return False
        status = {r["name"]: r for r in self.daemon.request(command="status")["rings"]}
        if not self.shows_page():
            return False
        control = self.daemon.socket.stat()
        if set(status) != set(rings) or group_of(control) != settings["admin_group"]:
            return False
        entries = {path.name for path in self.daemon.run_dir.iterdir()}
        wanted = {f"{name}.{kind}" for name in rings for kind in ("ring", "stats")}
        if entries - {"control.sock", "stekd.lock"} != wanted:
            return False
        return all(
            group_of(self.daemon.ring(name).stat()) == (ring["group"] or own_group())
            and group_of((self.daemon.run_dir / f"{name}.stats").stat())
            == (ring["group"] or own_group())
            and status[name]["policy"]["max_session_age_s"] == hours(ring["max_session_age"])
            and status[name]["source"] == (ring.get("source") or "host")
            and status[name]["policy"]["rotate_s"] == hours(ring["rotate"] or "1h")
            and any(key["state"] == "active" for key in status[name]["keys"])
            for name, ring in rings.items()
        )


def group_of(about):
    return grp.getgrgid(about.st_gid).gr_name


def own_group():
    return grp.getgrgid(os.getegid()).gr_name


def this_hour():
    """Seeds go on when an hour of the calendar begins, with a reload or without."""
    return time.time() // 3600


def hours(text):
    return int(text[:-1]) * {"h": 3600, "d": 86400}[text[-1]]


def kind_of(call):
    """Calls of one kind do the same to another ring, or to another key."""
    return call.name, re.sub(r"\b([abc]|[0-9a-f]{16}|[12])\b", "X", Path(call.path).name)


def calls_of_a_reload(host, now, then):
    """The system calls of a reload without a fault, up to where stekd waits again."""
    host.reload(now)
    host.faults.count(after="stekd.conf")
    said = host.reload(then)
    assert "configuration loaded" in said
    page = [(c[0]["listen"], c[0]["status_page"]) for c in (now, then)]
    assert ("takes effect when stekd restarts" in said) == (page[0] != page[1])
    wait_for(
        lambda: any(c.name.startswith("epoll") for c in host.faults.seen()),
        "the end of it",
    )
    seen = host.faults.seen()
    host.faults.off()
    assert host.is_at(then)
    return seen[: next(i for i, call in enumerate(seen) if call.name.startswith("epoll"))]


def wait_for_the_rest(host, then, what, by_itself):
    """What is put off stekd does by itself, some of it after ten seconds, or at the next reload."""
    if not by_itself and not host.is_at(then):
        assert "configuration loaded" in host.reload(then), what
    wait_for(lambda: host.is_at(then), f"the rest of the new configuration after {what}")


def reload_with_a_fault(host, then, number, error, by_itself):
    """One reload, in which one call fails. Returns that call and whether the reload was refused."""
    hour = this_hour()
    before = host.stands()
    host.faults.arm(number, error, after="stekd.conf")
    said = host.reload(then)
    seen = host.faults.seen()
    host.faults.off()
    failed = next((call for call in seen if call.failed), None)
    what = f"{error} at call {number}, {failed}: {said}"
    if "keeping the previous configuration" not in said:
        wait_for_the_rest(host, then, what, by_itself)
        return failed, False
    assert host.stands() == before or this_hour() != hour, what
    assert said.count("<3>") == 1, what
    assert error in said or "there is no such group" in said, what
    return failed, True


def draw_calls(calls, dice, times, tried):
    """Their numbers, from 1 on, in some order; of each kind no more than `times` in all."""
    chosen = []
    for number in dice.sample(range(1, len(calls) + 1), len(calls)):
        kind = kind_of(calls[number - 1])
        tried[kind] += 1
        if tried[kind] <= times:
            chosen.append(number)
    return chosen


def go_through(host, pairs, times, by_itself):
    """Calls of each reload fail, with one error or another. How many there are is not the same each
    time, so they have dice of their own."""
    refused, tried = set(), collections.Counter()
    for pair in range(pairs):
        now = host.draw()
        then = host.draw_near(now)
        calls, dice = calls_of_a_reload(host, now, then), random.Random(pair)
        host.reload(now)
        for number in draw_calls(calls, dice, times, tried):
            error = dice.choice(faults.ERRORS)
            call, was_refused = reload_with_a_fault(host, then, number, error, by_itself)
            if was_refused:
                refused.add(call.name)
                continue
            host.reload(now)
            wait_for(lambda: host.is_at(now), "the old configuration")
        assert "configuration loaded" in host.reload(then), "the next try did not work"
        wait_for(lambda: host.is_at(then), "the new configuration")
    return refused


def test_a_refused_reload_changes_no_file(folder, figure):
    """Some pairs of configurations. The numbers of the dice are fixed, and so are these; of all
    calls of one kind some fail."""
    with Host(folder, random.Random(14)) as host:
        refused = go_through(host, pairs=6, times=5, by_itself=False)
        figure("calls whose failure refused a reload", ", ".join(sorted(refused)))
        assert {"openat", "fchownat", "renameat", "mmap"} <= refused


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_a_refused_reload_changes_no_file_whichever_call_fails(folder, seed):
    with Host(folder, random.Random(1000 + seed)) as host:
        assert go_through(host, pairs=6, times=sys.maxsize, by_itself=True)
