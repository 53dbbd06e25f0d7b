# SPDX-License-Identifier: Apache-2.0
"""stekd tells in its log and its status when it takes the clock for wrong, and what it did by it
can be taken back. Only stekd sees the clock that the tests set (libfaketime); SIGHUP stands for the
kernel, which wakes stekd when the clock is set."""
import subprocess

import pytest

from harness import build
from harness.process import Clock, plain_environment
from harness.stekd import Stekd

HOUR_S, DAY_S = 3600, 86400


@pytest.fixture
def clock(folder):
    return Clock(folder)


@pytest.fixture
def seed(folder):
    path = folder / "web.seed"
    subprocess.run(
        [build.COMMAND, "fleet", "seed", "web", path, "--rotate", "1h", "--accept", "12h"],
        check=True,
        env=plain_environment(),
        stdout=subprocess.DEVNULL,
    )
    return path


@pytest.fixture(params=["host", "seed"])
def daemon(request, folder, clock, seed):
    settings = {"rotate": "1h", "accept": "12h"}
    if request.param == "seed":
        settings = {"source": "seed", "seed": seed}
    with Stekd(folder / "stekd", env=clock.environment, web=settings) as started:
        yield started


def problem(daemon):
    """What its status says of the clock."""
    return daemon.request(command="status")["stekd"]["clock_problem"]


def active(daemon):
    return next(key for key in daemon.status("web")["keys"] if key["state"] == "active")


@pytest.mark.parametrize("hours, way", [(5, "forward"), (-5, "back"), (720, "forward")])
def test_a_clock_that_is_set_is_told_of_until_it_is_set_back(daemon, clock, hours, way):
    assert problem(daemon) is None
    clock.set(hours * HOUR_S)
    assert f"the clock was set {way} by" in daemon.reload()
    assert "ahead of" in problem(daemon) or "behind" in problem(daemon)
    assert "CLOCK IN DOUBT" in daemon.stek("status").stdout
    clock.set(0)
    assert "to where it was before" in daemon.reload()
    assert problem(daemon) is None
    assert "CLOCK" not in daemon.stek("status").stdout


@pytest.mark.parametrize("ahead_s", [30 * DAY_S, -30 * DAY_S])
def test_a_start_on_a_clock_that_its_rings_contradict_is_told_of(daemon, clock, ahead_s):
    daemon.stop()
    clock.set(ahead_s)
    daemon.launch()
    assert "the clock is" in daemon.process.stderr() and problem(daemon)


def test_a_second_on_a_clock_that_is_a_month_ahead_costs_a_seed_no_key(folder, clock, seed):
    """As it was seen: a start with the clock 30 days ahead, which is then set right."""
    before = seed.read_bytes()
    clock.set(30 * DAY_S)
    with Stekd(
        folder / "stekd", env=clock.environment, web={"source": "seed", "seed": seed}
    ) as daemon:
        assert "past the time of its seed" in daemon.stderr()
        assert "seed of ring web" in problem(daemon)
        late = active(daemon)
        clock.set(0)
        daemon.reload()
        assert seed.read_bytes() == before
        assert "seed" not in problem(daemon) and "behind" in problem(daemon)
        assert late["seq"] - active(daemon)["seq"] == 30 * 24
