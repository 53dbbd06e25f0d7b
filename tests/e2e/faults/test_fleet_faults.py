# SPDX-License-Identifier: Apache-2.0
"""A ring of a fleet while system calls of one host's stekd fail for passing reasons, at rotations
and at revocations: it comes back into step, and the other host has the same keys."""
import random

import pytest

from harness import faults
from harness.fleet import Fleet
from harness.process import wait_for

pytestmark = pytest.mark.skipif(
    not faults.work(), reason="this kernel does not let a program be watched"
)
# Where a fault is counted from: the alarm, what comes from the store, and what goes there.
PLACES = ["epoll_wait", "recvfrom", "sendto", "mmap", "madvise", "getrandom", "read"]


@pytest.fixture
def watched():
    with faults.Faults() as made:
        yield made


@pytest.fixture
def hosts(folder, etcd, watched):
    """Two, in step; calls of the first one may fail."""
    ring = {"rotate": "2s", "accept": "60s", "ahead": 2}
    with Fleet(folder / "fleet", etcd, ring=ring) as fleet:
        first = fleet.prepare()
        first.wrapper = list(watched.wrapper)
        fleet.stack.enter_context(first)
        second = fleet.host()
        for host in (first, second):
            host.wait_in_step()
        yield first, second


def failed_call(watched):
    return next((call for call in watched.seen() if call.failed), None)


def share_keys(first, second):
    """Whether both seal with the same key."""
    mine, theirs, active = first.keys(), second.keys(), first.active()
    return active is not None and mine.get(active) == theirs.get(active)


def rotate_with_a_fault(hosts, watched, place, number, error):
    first, second = hosts
    seq = first.active()
    watched.arm(number, error, after=place)
    wait_for(lambda: failed_call(watched) or second.active() > seq + 1, f"{error} at {place}")
    call = failed_call(watched)
    watched.off()
    wait_for(lambda: first.active() > seq, f"a rotation after {error} at {call}")
    first.wait_in_step()
    wait_for(lambda: share_keys(first, second), f"equal keys after {error} at {call}")
    return call


def go_through_rotations(hosts, watched, dice, count):
    cases = [(place, number) for place in PLACES for number in (1, 2, 3)]
    met = set()
    for place, number in dice.sample(cases, count):
        call = rotate_with_a_fault(hosts, watched, place, number, dice.choice(faults.ERRORS))
        met.update([call.name] if call else [])
    return met


def test_a_ring_of_a_fleet_rotates_on_when_calls_fail(hosts, watched):
    assert go_through_rotations(hosts, watched, random.Random(2), 5)


@pytest.mark.long
def test_a_ring_of_a_fleet_rotates_on_whichever_call_fails(hosts, watched):
    assert len(go_through_rotations(hosts, watched, random.Random(3), 21)) >= 5


def revoke_with_a_fault(hosts, watched, number, error):
    """It ends as done or as failed, which it says; then the next one is done everywhere."""
    first, second = hosts
    watched.arm(number, error, after="readv")
    try:
        answer = first.request(command="revoke", ring="web", all=True)
    except (OSError, ValueError) as lost:  # the fault was this connection's
        assert not isinstance(lost, TimeoutError), f"{error} at {failed_call(watched)}"
        answer = {"ok": False, "error": error}
    wait_for(lambda: failed_call(watched), f"{error} at call {number}")
    call = failed_call(watched)
    watched.off()
    wait_for(lambda: first.fleet_ring()["operation"] != "pending", "the end of the revocation")
    what = f"{error} at {call}: {answer}"
    assert answer["ok"] or error in answer["error"], what
    first.wait_in_step()
    before = set(first.keys().values()) | set(second.keys().values())
    assert first.request(command="revoke", ring="web", all=True)["ok"], what
    for host in hosts:
        wait_for(lambda: not before & set(host.keys().values()), f"all to be gone after {what}")
    return call


def test_a_revocation_in_a_fleet_comes_to_an_end_when_calls_fail(hosts, watched):
    dice = random.Random(4)
    for number in range(2, 30, 7):
        revoke_with_a_fault(hosts, watched, number, dice.choice(faults.ERRORS))


@pytest.mark.long
def test_a_revocation_in_a_fleet_comes_to_an_end_whichever_call_fails(hosts, watched):
    dice = random.Random(5)
    for number in range(2, 40):
        revoke_with_a_fault(hosts, watched, number, dice.choice(faults.ERRORS))
