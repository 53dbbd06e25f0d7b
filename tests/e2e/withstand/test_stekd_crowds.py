# SPDX-License-Identifier: Apache-2.0
"""Crowds at stekd's sockets: whoever comes with few requests among ten thousand others is answered,
rings rotate in time, the watchdog hears of stekd, and its memory is bounded."""
import contextlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.process import free_port
from harness.stekd import Stekd, read_answer

CROWD = Path(__file__).resolve().parents[2] / "hostile" / "crowd.py"
MANY = 10_000
MORE_THAN_PLACES = 1000
FOR_S = 2
ENOUGH = 10  # answers, within that time
WATCHDOG_S = 8
QUICK = {"rotate": "1s", "accept": "10s", "max_session_age": "20s"}
PLACES = 64 + 128  # of the control socket, and of visitors
MEMORY_MAX_KB = 64 * 1024
UNREAD_MEMORY_MAX_KB = 128 * 1024
LARGE = 400  # rings
ANSWER_CPU_MAX_MS = 1000
TALKING = 10


class Crowd:
    """It is there, and goes in the end."""

    def __init__(self, target, mode, count=MANY):
        self.popen = subprocess.Popen(
            [sys.executable, CROWD, str(target), mode, str(count)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        assert self.popen.stdout.readline() == "here\n"
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.communicate()


@pytest.fixture
def daemon(folder, manager):
    env = {"NOTIFY_SOCKET": folder / "notify", "WATCHDOG_USEC": WATCHDOG_S * 1_000_000}
    settings = {"listen": f"127.0.0.1:{free_port()}", "status_page": "yes"}
    with Stekd(folder / "stekd", settings=settings, env=env, web=QUICK) as started:
        yield started


def cpu_ms(pid):
    """Time on a processor: what no neighbour on the machine disturbs."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def memory_kb(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def port(daemon):
    return int(daemon.settings["listen"].rsplit(":", 1)[1])


def healthz(daemon):
    with socket.create_connection(("127.0.0.1", port(daemon)), timeout=10) as visitor:
        visitor.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        return visitor.recv(4096).startswith(b"HTTP/1.")


def sealing(daemon):
    keys = daemon.status("web")["keys"]
    assert sum(key["state"] == "pending" for key in keys) >= 1, "a rotation came late"
    return next(key["seq"] for key in keys if key["state"] == "active")


def stand(daemon, manager, ask):
    """For some seconds, beside a crowd. Returns how long each answer took."""
    began = silent = time.monotonic()
    took, seals = [], set()
    while time.monotonic() < began + FOR_S or len(took) < ENOUGH:
        asked = time.monotonic()
        assert ask(daemon)
        took.append(time.monotonic() - asked)
        seals.add(sealing(daemon))
        silent = time.monotonic() if manager.signs() else silent
        assert time.monotonic() - silent < WATCHDOG_S, "no sign of life"
        assert len(os.listdir(f"/proc/{daemon.pid}/fd")) < PLACES + 128
        assert memory_kb(daemon.pid) < MEMORY_MAX_KB
        time.sleep(0.05)
    assert len(seals) >= 2
    return sorted(took)


def tell(figure, what, took):
    middle, longest = took[len(took) // 2] * 1e3, took[-1] * 1e3
    figure(
        f"answers beside {what}",
        f"{middle:.0f} ms in the middle, {longest:.0f} ms at most",
    )


def test_a_crowd_of_visitors_keeps_nobody_from_metrics(daemon, manager, figure):
    with Crowd(port(daemon), "hold"):
        tell(figure, "visitors that hold", stand(daemon, manager, healthz))


def test_a_flood_of_visitors_keeps_stekd_from_nothing_else(daemon, manager, figure):
    """Who fills TCP's own queue keeps other visitors out of it; that ends with the flood."""
    with Crowd(port(daemon), "come"):
        tell(figure, "visitors that come", stand(daemon, manager, sealing))
    assert healthz(daemon)


@pytest.mark.parametrize("mode", ["hold", "come", "deaf"])
def test_a_crowd_of_the_same_user_keeps_nobody_from_the_control_socket(
    daemon, manager, mode, figure
):
    with Crowd(daemon.socket, mode, 300 if mode == "deaf" else MANY):
        tell(figure, f"clients that {mode}", stand(daemon, manager, sealing))


@pytest.fixture
def large(folder, manager):
    """stekd with so many rings that an answer about all of them costs it some 30 ms."""
    env = {"NOTIFY_SOCKET": folder / "notify", "WATCHDOG_USEC": WATCHDOG_S * 1_000_000}
    settings = {"listen": f"127.0.0.1:{free_port()}"}
    rings = {f"ring{i}": {"rotate": "1h"} for i in range(LARGE - 1)}
    with Stekd(folder / "stekd", settings=settings, env=env, web=QUICK, **rings) as started:
        yield started


class Metrics:
    places = 120

    @staticmethod
    def target(daemon):
        return port(daemon)

    @staticmethod
    def ask(daemon):
        visitor = socket.create_connection(("127.0.0.1", port(daemon)), timeout=60)
        visitor.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        return visitor

    @staticmethod
    def is_whole(visitor):
        return sum(len(part) for part in iter(lambda: visitor.recv(1 << 20), b"")) > LARGE * 100


class StatusOfAll:
    places = 62

    @staticmethod
    def target(daemon):
        return daemon.socket

    @staticmethod
    def ask(daemon):
        connection = daemon.connect(timeout_s=60)
        connection.sendall(b'{"command":"status"}\n')
        return connection

    @staticmethod
    def is_whole(connection):
        return len(read_answer(connection)["rings"]) == LARGE


def answer(daemon, whom):
    """
    What stekd did until the answer began, and how long that took. How long this program takes to
    read the rest is not stekd's doing, which meanwhile answers others.
    """
    before, asked = cpu_ms(daemon.pid), time.monotonic()
    with whom.ask(daemon) as connection:
        assert connection.recv(1, socket.MSG_PEEK)
        cost, took = cpu_ms(daemon.pid) - before, time.monotonic() - asked
        assert whom.is_whole(connection)
    return cost, took


@pytest.mark.parametrize("whom", [StatusOfAll, Metrics])
def test_those_that_ask_for_all_without_end_keep_nobody_waiting(large, manager, whom, figure):
    """Each of them has its answer made anew at most as often as there is one for all: between a
    question and its answer stekd does no more than make a few."""
    with Crowd(whom.target(large), "ask", whom.places):
        costs, took, seals, silent = [], [], set(), time.monotonic()
        while len(took) < ENOUGH or len(seals) < 2:
            cost, after = answer(large, whom)
            costs.append(cost)
            took.append(after)
            seals.add(sealing(large))
            silent = time.monotonic() if manager.signs() else silent
            assert time.monotonic() - silent < WATCHDOG_S, "no sign of life"
            assert memory_kb(large.pid) < UNREAD_MEMORY_MAX_KB
        assert max(costs) < ANSWER_CPU_MAX_MS, costs
        tell(figure, f"{whom.places} that ask for {LARGE} rings without end", sorted(took))


def test_the_crowd_is_forgotten_when_it_has_gone(daemon, manager):
    before = len(os.listdir(f"/proc/{daemon.pid}/fd"))
    for target in (port(daemon), daemon.socket):
        with Crowd(target, "hold", MORE_THAN_PLACES):
            assert len(os.listdir(f"/proc/{daemon.pid}/fd")) > before + 50
    end = time.monotonic() + 60
    while len(os.listdir(f"/proc/{daemon.pid}/fd")) > before and time.monotonic() < end:
        time.sleep(0.1)
    assert len(os.listdir(f"/proc/{daemon.pid}/fd")) <= before


def goes_on(visitor):
    """Says as much as is taken just now. False: the connection is over."""
    with contextlib.suppress(BlockingIOError):
        try:
            for _ in range(400):
                visitor.send(b"x" * 65536)
        except ConnectionError:
            return False
    return True


def test_what_visitors_say_after_their_answer_fills_no_memory(daemon):
    before, end = memory_kb(daemon.pid), time.monotonic() + 1
    with contextlib.ExitStack() as stack:
        talking = []
        for _ in range(TALKING):
            visitor = stack.enter_context(socket.create_connection(("127.0.0.1", port(daemon))))
            visitor.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            visitor.setblocking(False)
            talking.append(visitor)
        while talking and time.monotonic() < end:
            talking = [visitor for visitor in talking if goes_on(visitor)]
            assert memory_kb(daemon.pid) - before < 8 * 1024


def test_answers_that_nobody_reads_have_a_limit(folder):
    """Sixty clients wait for one of some megabytes each, and read nothing of it."""
    keys = {"rotate": "10m", "accept": "1h", "ahead": 16}
    with Stekd(folder / "stekd", **{f"ring{i}": keys for i in range(300)}) as daemon:
        before = memory_kb(daemon.pid)
        with contextlib.ExitStack() as stack:
            for _ in range(60):
                stack.enter_context(daemon.connect()).sendall(b'{"command":"status"}\n')
            with daemon.connect(timeout_s=120) as last:
                last.sendall(b'{"command":"status"}\n')
                assert len(str(read_answer(last))) > 512 * 1024
            assert memory_kb(daemon.pid) - before < UNREAD_MEMORY_MAX_KB
