# SPDX-License-Identifier: Apache-2.0
"""A system call that fails for a passing reason destroys nothing, at start, at a rotation and at a
revocation: the ring file that was good stays, one line has the error's name, and the next try
works. test_stekd_reload_faults.py does the same with reloads."""
import json
import random

import pytest

from harness import faults
from harness.process import Gone, wait_for
from harness.stekd import Stekd, read_answer

pytestmark = pytest.mark.skipif(
    not faults.work(), reason="this kernel does not let a program be watched"
)
RINGS = {"web": {"rotate": "7d"}, "mail": {"rotate": "7d"}}
SAMPLE = 12  # of the calls that are not about the ring, one in so many fails in `make check`


@pytest.fixture
def watched():
    with faults.Faults() as made:
        yield made


def fingerprints(daemon, ring):
    return {key["seq"]: key["fingerprint"] for key in daemon.status(ring)["keys"]}


# -- start --


def ring_file(daemon):
    return daemon.ring("web").stat().st_ino, daemon.ring("web").read_bytes()


def calls_of_a_start(daemon, watched):
    """From the one that reads the configuration, until it waits for the first event."""
    daemon.env = {"CALL_FAULTS": faults.COUNTING + "stekd.conf"}
    daemon.launch()
    seen = watched.seen()
    daemon.stop()
    return seen[: next(i for i, call in enumerate(seen) if call.name.startswith("epoll_w"))]


def of_the_ring(seen):
    """The numbers, from 1 on, of the calls that are about one ring: its file is read for the clock,
    and later opened to be kept."""
    numbers, ours = set(), False
    for number, call in enumerate(seen, 1):
        if call.path.endswith(".ring"):
            ours = call.path == "web.ring"
        numbers.update([number] if ours else [])
    return numbers


def start_with_a_fault(daemon, number, error):
    """Starts stekd, and has one call fail. Returns whether it serves."""
    daemon.env = {"CALL_FAULTS": faults.arming(number, error, after="stekd.conf")}
    try:
        daemon.launch()
        return True
    except Gone:
        return False


def is_kept(daemon, ring):
    return daemon.status(ring)["health"] == "fine"


def try_again(daemon):
    """At once; test_stekd_not_kept.py waits until stekd does it by itself."""
    if not all(is_kept(daemon, ring) for ring in RINGS):
        daemon.reload()


def is_of_libseccomp(call, said):
    """It asks the kernel what it can do, and does not tell why an answer was not what it wanted."""
    return call.name in ("seccomp", "prctl") and "the system call filter cannot be" in said


def check_a_start(daemon, number, call, error, keys):
    """One start with a fault: what is to hold then and afterwards."""
    before = ring_file(daemon)
    what = f"{error} at call {number}, {call}"
    if start_with_a_fault(daemon, number, error):
        health = {ring: daemon.status(ring)["health"] for ring in RINGS}
        assert list(health.values()).count("not-kept") <= 1, f"{what}: {health}"
        said = daemon.process.stderr()
        for ring in [ring for ring in RINGS if health[ring] == "not-kept"]:
            assert said.count("<3>") == 1 and f"ring {ring}: cannot be kept" in said, what
        assert "<3>" not in said or error in said, f"{what}: {said}"
        try_again(daemon)
        wait_for(lambda: all(is_kept(daemon, ring) for ring in RINGS), f"all rings after {what}")
        assert fingerprints(daemon, "web") == keys, what
    else:
        said = daemon.process.stderr()
        assert said.count("<3>") == 1, f"{what}: {said}"
        assert error in said or is_of_libseccomp(call, said), f"{what}: {said}"
    daemon.stop()
    assert ring_file(daemon) == before, what


def go_through_starts(folder, watched, dice, step):
    """All calls that are about one ring, and one in `step` of the others."""
    with Stekd(folder / "stekd", wrapper=watched.wrapper, **RINGS) as daemon:
        keys = fingerprints(daemon, "web")
        daemon.stop()
        seen = calls_of_a_start(daemon, watched)
        ours = of_the_ring(seen)
        assert len(ours) > 8, seen
        for number in range(1, len(seen) + 1):
            if number in ours or dice.randrange(step) == 0:
                error = dice.choice(faults.ERRORS)
                check_a_start(daemon, number, seen[number - 1], error, keys)


def test_a_call_that_fails_at_start_leaves_the_ring_as_it_was(folder, watched):
    go_through_starts(folder, watched, random.Random(3), SAMPLE)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_whichever_call_fails_at_start_the_ring_is_left_as_it_was(folder, watched, seed):
    go_through_starts(folder, watched, random.Random(100 + seed), 1)


# -- a revocation --


class Orders:
    """Gives orders on one connection, so that no call of an earlier one's end is taken for
    another."""

    def __init__(self, daemon):
        self.connection = daemon.connect()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def give(self, **members):
        self.connection.sendall(json.dumps(members).encode() + b"\n")
        return read_answer(self.connection)

    def revoke_all(self):
        return self.give(command="revoke", ring="web", all=True)

    def keys(self, ring):
        answer = self.give(command="status", ring=ring)
        return {key["seq"]: key["fingerprint"] for key in answer["rings"][0]["keys"]}


def calls_of_a_revocation(orders, watched):
    """The numbers of the calls from reading the order to saying that it was carried out."""
    watched.count(after="readv")
    assert orders.revoke_all()["ok"]
    names = [call.name for call in watched.seen()]
    watched.off()
    answered = names.index("writev") if "writev" in names else len(names)
    return range(2, [i for i in range(answered) if names[i] == "write"][-1] + 2)


def revoke_with_a_fault(orders, watched, number, error):
    """What was refused changed nothing, and the answer has the error's name. Returns the call, and
    whether it was refused."""
    before = orders.keys("web")
    watched.arm(number, error, after="readv")
    answer = orders.revoke_all()
    failed = next(call.name for call in watched.seen() if call.failed)
    watched.off()
    after = orders.keys("web")
    if answer["ok"]:
        assert not set(after.values()) & set(before.values())
    else:
        assert after == before and error in answer["error"], answer
        assert orders.revoke_all()["ok"], "the next try did not work"
    return failed, not answer["ok"]


def test_a_revocation_during_which_a_call_fails_is_refused_or_carried_out(folder, watched):
    with Stekd(folder / "stekd", wrapper=watched.wrapper, **RINGS) as daemon:
        with Orders(daemon) as orders:
            other = orders.keys("mail")
            refused = set()
            for number in calls_of_a_revocation(orders, watched):
                for error in faults.ERRORS:
                    failed, was_refused = revoke_with_a_fault(orders, watched, number, error)
                    refused.update([failed] if was_refused else [])
            assert {"mmap", "madvise"} <= refused
            assert orders.keys("mail") == other


# -- a rotation --


def active(daemon):
    return next(k["seq"] for k in daemon.status("web")["keys"] if k["state"] == "active")


# The calls of a rotation, from where the alarm goes off: each by its name or, if it is not the only
# one of that name, by how many calls it is after another.
ROTATION = [("read", 1), ("timerfd_settime", 1), ("epoll_wait", 1)] + [
    ("mmap", number) for number in range(1, 6)
]


def rotate_through_faults(folder, watched, cases):
    """A ring that rotates each second, while calls fail: it goes on, with published keys."""
    quick = {"rotate": "1s", "accept": "20s", "max_session_age": "20s"}
    with Stekd(folder / "stekd", wrapper=watched.wrapper, web=quick) as daemon:
        for (after, number), error in cases:
            seq = active(daemon)
            watched.arm(number, error, after=after)
            wait_for(lambda: any(c.failed for c in watched.seen()), f"{error} at {after}, {number}")
            watched.off()
            wait_for(lambda: active(daemon) > seq + 1, f"rotations after {error} at {after}")
        wait_for(lambda: daemon.status("web")["health"] == "fine", "published keys")


def test_a_ring_rotates_on_when_calls_fail(folder, watched):
    cases = [(("mmap", 1), "ENOMEM"), (("timerfd_settime", 1), "EIO"), (("epoll_wait", 1), "EIO")]
    rotate_through_faults(folder, watched, cases)


@pytest.mark.long
def test_a_ring_rotates_on_whichever_call_fails(folder, watched):
    cases = [(place, error) for place in ROTATION for error in faults.ERRORS]
    rotate_through_faults(folder, watched, cases)
