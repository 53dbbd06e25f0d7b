# SPDX-License-Identifier: Apache-2.0
"""One ring that cannot be kept stops no other: stekd starts with those that it can keep, says which
not and why, and tries again by itself."""
import re
import subprocess

import pytest

from harness.process import plain_environment, wait_for
from harness.stekd import Stekd


@pytest.fixture
def daemon(folder):
    """stekd with two rings, and something in the place of the second one's file."""
    settings = {"listen": f"unix:{folder}/m.sock"}
    with Stekd(folder / "stekd", settings=settings, web={}, bad={}) as started:
        started.stop()
        started.ring("bad").unlink()
        started.ring("bad").mkdir()
        yield started.launch()


def page(folder, path):
    done = subprocess.run(
        ["curl", "-s", "--unix-socket", folder / "m.sock", f"http://stekd/{path}"],
        capture_output=True,
        text=True,
        check=True,
        env=plain_environment(),
    )
    return done.stdout


WHY = "there is a directory in its place"


def test_stekd_starts_with_the_rings_that_it_can_keep_and_says_why_not_all(daemon):
    said = daemon.process.stderr()
    assert f"<3>stekd: ring bad: cannot be kept: {WHY}; stekd tries again\n" in said
    assert said.count("<3>") == 1 and "keeps 1 ring in" in said
    assert daemon.status("web")["health"] == "fine"
    bad = daemon.status("bad")
    assert (bad["health"], bad["problem"]) == ("not-kept", WHY)


def test_the_status_is_degraded_and_shows_which_ring_and_why(daemon):
    every = daemon.stek("status")
    assert every.returncode == 3
    assert re.search(rf"^bad +not-kept +{WHY}$", every.stdout, re.M), every.stdout
    one = daemon.stek("status", "bad")
    assert one.returncode == 3 and f"Ring bad: NOT KEPT: {WHY}\n" in one.stdout
    assert daemon.stek("status", "web").returncode == 0


def test_metrics_and_health_tell(daemon, folder):
    metrics = page(folder, "metrics")
    assert 'stek_ring_kept{ring="web"} 1\n' in metrics
    assert 'stek_ring_kept{ring="bad"} 0\n' in metrics
    assert 'stek_ring_up{ring="bad"} 0\n' in metrics
    assert page(folder, "healthz") == "ring bad cannot be read or updated\n"


def test_an_order_for_it_is_refused_with_the_reason(daemon):
    orders = {"rotate": {}, "revoke": {"all": True}, "inspect": {"ticket": "AAAA"}}
    for command, more in orders.items():
        answer = daemon.request(command=command, ring="bad", **more)
        assert not answer["ok"] and WHY in answer["error"], answer


def test_it_is_kept_by_itself_as_soon_as_that_is_possible(daemon):
    daemon.ring("bad").rmdir()
    wait_for(lambda: daemon.status("bad")["health"] == "fine", "the ring to be kept")
    assert "ring bad: new" in daemon.process.stderr()
    assert (daemon.run_dir / "bad.stats").is_dir()
    assert daemon.stek("status").returncode == 0


def test_it_does_not_stop_a_reload_of_the_others(daemon):
    daemon.rings["web"] = {"rotate": "2h"}
    daemon.rings["mail"] = {}
    said = daemon.reload()
    assert "configuration loaded: 3 rings, 1 of them cannot be kept" in said
    assert daemon.status("web")["policy"]["rotate_s"] == 7200
    assert daemon.status("mail")["health"] == "fine"
    daemon.rings.pop("bad")
    assert "configuration loaded: 2 rings" in daemon.reload()
    assert daemon.ring("bad").is_dir()
