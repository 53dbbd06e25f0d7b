# SPDX-License-Identifier: Apache-2.0
"""
Half a minute, or two, in which stekd, nginx, its workers and clients are killed at random. What
fails then must be a connection that
was to a killed server while it was down, and what is lost a ticket from before the one revocation.

The lot can be drawn again: STEK_KILL_SEED=N.
"""
import os
import random
import signal
import time
from dataclasses import dataclass, field

import pytest

from harness import client, module, stekd
from harness.process import wait_for
from harness.servers import Nginx

LENGTHS = (30, pytest.param(120, marks=pytest.mark.long))  # in seconds
STEADY, VICTIMS = (
    2,
    1,
)  # clients for each version: those that live all the time, and those that are killed
INTERVAL_MS = 25


def now_ms():
    return time.monotonic_ns() // 1_000_000


@dataclass
class Chaos:
    """What was done, and when: spans of time in milliseconds by the machine's monotonic clock."""

    server: Nginx
    daemon: stekd.Stekd
    lot: random.Random
    new_victim: callable
    victims: list
    run_s: int
    spans: dict = field(
        default_factory=lambda: {
            name: [] for name in ("worker", "nginx", "stekd", "client", "revoke")
        }
    )

    def kill_worker(self):
        before = set(self.server.process.children())
        os.kill(self.lot.choice(sorted(before)), signal.SIGKILL)
        wait_for(
            lambda: len(self.server.process.children()) == self.server.workers
            and set(self.server.process.children()) != before,
            "nginx's new worker",
        )

    def kill_nginx(self):
        for pid in self.server.process.pids():
            os.kill(pid, signal.SIGKILL)
        self.server.restart()

    def kill_stekd(self):
        """It stays away for a while, sometimes for longer than records were published ahead."""
        self.daemon.kill()
        time.sleep(self.lot.choice((0, 0, 0.5, 3, 9)))
        self.daemon.launch()

    def kill_client(self):
        victim = self.lot.choice(self.victims)
        victim.popen.send_signal(signal.SIGKILL)
        victim.popen.wait()
        self.victims.append(self.new_victim(victim.tls))
        self.victims.remove(victim)

    def revoke(self):
        assert self.daemon.stek("revoke", "web", "--all", "--yes").returncode == 0

    def do(self, name):
        began = now_ms()
        {
            "worker": self.kill_worker,
            "nginx": self.kill_nginx,
            "stekd": self.kill_stekd,
            "client": self.kill_client,
            "revoke": self.revoke,
        }[name]()
        self.spans[name].append((began, now_ms()))

    def run(self, until):
        """Each round has every kind of kill, so that a slow machine sees all of them, too."""
        kinds = []
        while time.monotonic() < until or kinds:
            kinds = kinds or ["worker", "worker", "nginx", "stekd", "client"]
            time.sleep(self.lot.uniform(0.1, 1))
            self.do(kinds.pop(self.lot.randrange(len(kinds))))
            if not self.spans["revoke"] and time.monotonic() > until - self.run_s / 2:
                self.do("revoke")


@dataclass
class Outcome:
    seed: int
    chaos: Chaos
    clients: list
    counted: dict = field(default_factory=dict)  # by stekd

    def failed(self):
        return [c for visits in self.clients for c in visits.failed()]

    def unexplained(self):
        """Failed connections that did not touch a span in which nginx or a worker was down."""
        spans = self.chaos.spans["worker"] + self.chaos.spans["nginx"]
        return [
            c
            for c in self.failed()
            if not any(
                c.clock_ms <= end and began <= c.clock_ms + c.took_ms for began, end in spans
            )
        ]

    def lost(self):
        """(connection, when its ticket was got) for each ticket that did not resume."""
        for visits in self.clients:
            held_since = None
            for c in visits:
                if c.ok and c.offered and not c.resumed:
                    yield c, held_since
                if c.tickets:
                    held_since = c.clock_ms

    def lost_without_revocation(self):
        spans = self.chaos.spans["revoke"]
        return [
            c
            for c, held_since in self.lost()
            if not any(
                held_since <= end and c.clock_ms + c.took_ms >= began for began, end in spans
            )
        ]

    def around(self, c, held_since):
        """When, before or after the lost connection, which thing was done last and next."""
        near = sorted(
            (abs(began - c.clock_ms), began - c.clock_ms, end - c.clock_ms, name)
            for name, spans in self.chaos.spans.items()
            for began, end in spans
        )[:4]
        done = ", ".join(f"{name} {began} to {end} ms" for _, began, end, name in near)
        return f"a ticket of {held_since - c.clock_ms} ms; {done}"

    def figures(self):
        total = sum(map(len, self.clients))
        resumed = sum(len(visits.resumed()) for visits in self.clients)
        killed = ", ".join(f"{len(spans)} times {name}" for name, spans in self.chaos.spans.items())
        down_s = (
            sum(
                end - began for name in ("worker", "nginx") for began, end in self.chaos.spans[name]
            )
            / 1000
        )
        return (
            f"seed {self.seed}: {killed}; {total} connections, {resumed} resumed, {len(self.failed())} failed while "
            f"nginx or a worker was down ({down_s:.1f} s in all), {len(self.unexplained())} at other times; "
            f"{len(list(self.lost()))} lost to the revocation, {len(self.lost_without_revocation())} otherwise"
        )


@pytest.fixture(scope="module", params=LENGTHS)
def outcome(request, work, certificates, figure):
    run_s = request.param
    seed = int(os.environ.get("STEK_KILL_SEED") or random.SystemRandom().randrange(1 << 32))
    folder = work / f"kill-{run_s}"
    folder.mkdir()
    clients = []

    def visitor(tls):
        left_s = max(1, round(until - time.monotonic()))
        started = client.Background(server.port, tls, seconds=left_s, interval_ms=INTERVAL_MS)
        started.tls = tls
        clients.append(started)
        return started

    with stekd.Stekd(folder / "stekd", web={"rotate": "2s", "accept": "90s"}) as daemon:
        conf = module.compose(folder / "web.cnf", ring=daemon.ring("web"))
        with Nginx(
            folder / "nginx", certificates, conf, user="www-data" if os.geteuid() == 0 else None
        ) as server:
            try:
                until = time.monotonic() + run_s
                for tls in client.VERSIONS * STEADY:
                    visitor(tls)
                chaos = Chaos(
                    server,
                    daemon,
                    random.Random(seed),
                    visitor,
                    [visitor(tls) for tls in client.VERSIONS * VICTIMS],
                    run_s,
                )
                chaos.run(until - 2)
                for started in clients:
                    started.popen.wait(timeout=60)
                result = Outcome(seed, chaos, [started.so_far() for started in clients])
                result.counted = daemon.status("web")["tickets"]
            finally:
                for started in clients:
                    started.stop()
    figure(f"{run_s} seconds of kills", result.figures())
    return result


def test_no_handshake_fails_but_with_a_server_that_was_killed(outcome):
    assert not outcome.unexplained(), outcome.figures()


def test_no_resumption_is_lost_but_to_the_revocation(outcome):
    lost = outcome.lost_without_revocation()
    found = [outcome.around(c, since) for c, since in outcome.lost() if c in lost]
    assert (
        not lost
    ), f"{outcome.figures()}; {found}; {outcome.counted}; {outcome.chaos.daemon.stderr()}"


def test_every_kind_of_kill_happened_and_most_of_the_time_was_up(outcome):
    """Else the two tests before would say little."""
    assert all(outcome.chaos.spans.values()), outcome.figures()
    resumed = sum(len(visits.resumed()) for visits in outcome.clients)
    assert 2 * resumed > sum(map(len, outcome.clients)) > 100, outcome.figures()


def test_the_revocation_did_end_resumption(outcome):
    assert list(outcome.lost()), outcome.figures()
