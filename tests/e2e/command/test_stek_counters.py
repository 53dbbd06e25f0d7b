# SPDX-License-Identifier: Apache-2.0
"""What stek counts of an unmodified nginx is what its clients saw, exactly."""
import os
import signal
import subprocess

import pytest

from harness import module
from harness.client import VERSIONS, Background
from harness.process import plain_environment, wait_for
from harness.servers import Nginx
from harness.stekd import Stekd

each_version = pytest.mark.parametrize("tls", VERSIONS)
VISITS = 200


@pytest.fixture
def stekd(folder):
    with Stekd(folder / "stekd", web={"rotate": "1h"}) as daemon:
        yield daemon


@pytest.fixture
def nginx(loaded, stekd):
    return loaded(Nginx, stek={"ring": stekd.ring("web")})


def tickets(stekd):
    return stekd.status("web")["tickets"]


def seen(visits):
    """The same numbers from the client's side: tickets that it got, and what became of those it
    offered."""
    return {
        "sealed": sum(c.tickets for c in visits),
        "opened": len(visits.resumed()),
        "renewed": sum(c.tickets for c in visits.resumed()),
        "refused": len(visits.lost()),
    }


def counted(stekd):
    numbers = tickets(stekd)
    return {
        "sealed": numbers["sealed"],
        "opened": numbers["opened"],
        "renewed": numbers["renewed"],
        "refused": sum(numbers["refused"].values()),
    }


@each_version
def test_counters_are_what_the_client_saw(nginx, stekd, tls):
    visits = nginx.visit(tls, count=VISITS)
    assert len(visits) == VISITS and not visits.failed()
    assert counted(stekd) == seen(visits)
    assert seen(visits)["opened"] == VISITS - 1


@each_version
def test_control_without_the_module_nothing_is_counted(stock, stekd, tls):
    visits = stock(Nginx).visit(tls, count=10)
    assert not visits.failed()
    assert counted(stekd) == {"sealed": 0, "opened": 0, "renewed": 0, "refused": 0}


@each_version
def test_counters_survive_the_death_of_workers(nginx, stekd, tls):
    total = {"sealed": 0, "opened": 0, "renewed": 0, "refused": 0}
    for _ in range(4):
        visits = nginx.visit(tls, count=20)
        assert not visits.failed()
        total = {name: total[name] + count for name, count in seen(visits).items()}
        nginx.replace_workers()  # with SIGKILL
    assert counted(stekd) == total


@each_version
def test_counters_survive_the_server_and_stekd(loaded, stekd, tls):
    total = {"sealed": 0, "opened": 0, "renewed": 0, "refused": 0}
    for how in (signal.SIGTERM, signal.SIGKILL):
        nginx = loaded(Nginx, stek={"ring": stekd.ring("web")})
        visits = nginx.visit(tls, count=20)
        assert not visits.failed()
        total = {name: total[name] + count for name, count in seen(visits).items()}
        for pid in nginx.process.pids():
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                pass
        wait_for(lambda: not nginx.process.pids(), "nginx to be gone")
        stekd.restart()
        assert counted(stekd) == total


@each_version
def test_a_refused_ticket_is_counted_with_its_reason(nginx, stekd, tls):
    visitor = Background(nginx.port, tls, seconds=30, interval_ms=50)
    try:
        wait_for(lambda: len(visitor.so_far().resumed()) > 3, "resumptions")
        assert stekd.stek("revoke", "web", "--all", "--yes").returncode == 0
        wait_for(lambda: visitor.so_far().lost(), "a refused ticket")
    finally:
        visitor.stop()
    refused = tickets(stekd)["refused"]
    assert refused["unknown"] >= 1
    assert not any(count for reason, count in refused.items() if reason != "unknown")


@pytest.mark.parametrize(
    "command",
    [
        ["openssl", "version"],
        ["openssl", "rand", "8"],
        [
            "curl",
            "--silent",
            "--insecure",
            "--output",
            "/dev/null",
            "https://127.0.0.1:{port}/",
        ],
    ],
    ids=lambda command: "-".join(command[:2]),
)
def test_programs_that_serve_nobody_leave_no_file_of_counters(nginx, stekd, folder, command):
    conf = module.compose(folder / "short-lived.cnf", ring=stekd.ring("web"))
    environment = {**plain_environment(), "OPENSSL_CONF": str(conf)}
    before = set(stekd.run_dir.glob("web.stats/*"))
    assert len(before) == 1
    for _ in range(20):
        arguments = [part.format(port=nginx.port) for part in command]
        subprocess.run(arguments, check=True, capture_output=True, env=environment)
    assert set(stekd.run_dir.glob("web.stats/*")) == before
