# SPDX-License-Identifier: Apache-2.0
"""Servers in pid namespaces of their own, as in containers: what stekd counts of them is right
while they live, and is kept when they are gone."""
import contextlib
import os
import signal

import pytest

from harness.machine import mount_options
from harness.process import wait_for
from harness.servers import Nginx
from harness.stekd import Stekd

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a pid namespace")

ALONE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *mount_options())
WORKERS = 3


class Contained(Nginx):
    """The first process of its namespace is the master."""

    def command(self):
        return [*ALONE, *super().command()]

    def is_ready(self):
        return len(self.inside()) == WORKERS + 1

    def inside(self):
        return self.process.children()

    def kill_a_worker(self):
        """Its master forks another."""
        before = set(self.inside())
        os.kill(max(before), signal.SIGKILL)
        wait_for(lambda: self.is_ready() and set(self.inside()) != before, "another worker")

    def kill_all(self):
        os.kill(min(self.inside()), signal.SIGKILL)
        wait_for(lambda: not self.process.pids(), "nginx to be gone")


@pytest.fixture
def contained(loaded):
    """Starts one on a ring."""

    def start(ring):
        return loaded(Contained, stek={"ring": ring}, workers=WORKERS)

    return start


def processes(stekd):
    return stekd.status("web")["consumers"]["processes"]


def wait_until_counted(stekd, count):
    """A process that was just forked is not counted yet."""
    wait_for(lambda: processes(stekd) == count, f"{count} processes to be counted")


def tickets(stekd):
    """How many were sealed."""
    return stekd.status("web")["tickets"]["sealed"]


def files(stekd):
    return len(list((stekd.run_dir / "web.stats").iterdir()))


def test_the_living_are_counted_and_no_others(daemon, contained):
    nginx = contained(daemon.ring("web"))
    wait_until_counted(daemon, WORKERS + 1)
    for _ in range(3):
        nginx.kill_a_worker()
    wait_until_counted(daemon, WORKERS + 1)


def test_two_with_the_same_numbers_are_told_apart(daemon, contained):
    first, second = contained(daemon.ring("web")), contained(daemon.ring("web"))
    wait_until_counted(daemon, 2 * (WORKERS + 1))
    second.kill_all()
    wait_until_counted(daemon, WORKERS + 1)
    first.kill_all()
    wait_until_counted(daemon, 0)


def test_what_one_counted_stays_and_its_file_goes(folder, contained):
    """Of one stekd outside of its namespace, and of one in another beside it."""
    with contextlib.ExitStack() as stack:
        sealed = {}
        for name, wrapper in (("outside", ()), ("beside", ALONE)):
            made = Stekd(folder / name, wrapper=wrapper, web={"rotate": "1h"})
            stekd = stack.enter_context(made)
            nginx = contained(stekd.ring("web"))
            visits = nginx.visit("1.3", count=10)
            assert not visits.failed()
            sealed[stekd] = sum(visit.tickets for visit in visits)
            assert sealed[stekd] and tickets(stekd) == sealed[stekd], name
            assert files(stekd) == 1, name
            nginx.kill_all()
        for stekd, count in sealed.items():
            wait_for(
                lambda: processes(stekd) == 0 and files(stekd) == 0,
                f"the file {stekd.folder.name} to be aggregated",
            )
            assert tickets(stekd) == count, stekd.folder.name


def test_one_beside_stekd_is_counted_while_any_of_it_lives(folder, contained):
    """stekd does not see its processes, but the lock on their file."""
    with Stekd(folder / "stekd", wrapper=ALONE, web={"rotate": "1h"}) as stekd:
        contained(stekd.ring("web"))
        wait_until_counted(stekd, WORKERS + 1)
        assert files(stekd) == 1
