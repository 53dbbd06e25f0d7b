# SPDX-License-Identifier: Apache-2.0
"""A container that is paused, as `docker pause` and a suspended machine do it, for longer than keys
were published: stekd and its server are frozen in the middle of what they do, and go on later."""
import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

from harness import module
from harness.client import VERSIONS
from harness.process import free_port, plain_environment, wait_for, wait_until
from harness.servers import Nginx
from harness.stekd import Stekd

CGROUPS = [Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")]  # where version 2 may be
ROTATE_S = 2
TICKETS = 8


class Stopped:
    """SIGSTOP, where there is no freezer."""

    def __init__(self, pids):
        self.pids = pids

    def freeze(self):
        for pid in self.pids:
            os.kill(pid, signal.SIGSTOP)
        wait_for(lambda: all(state(pid) == "T" for pid in self.pids), "all of them to stop")

    def thaw(self):
        for pid in self.pids:
            os.kill(pid, signal.SIGCONT)

    def close(self):
        self.thaw()


class Freezer:
    """A control group of the test's own."""

    def __init__(self, top, pids):
        self.top, self.pids = top, pids
        self.before = {pid: own_group(pid) for pid in pids}
        self.group = top / f"stek-test-{os.getpid()}"
        self.group.mkdir()
        for pid in pids:
            (self.group / "cgroup.procs").write_text(str(pid))

    def freeze(self):
        (self.group / "cgroup.freeze").write_text("1")
        events = self.group / "cgroup.events"
        wait_for(lambda: "frozen 1" in events.read_text(), "the group to be frozen")

    def thaw(self):
        (self.group / "cgroup.freeze").write_text("0")

    def close(self):
        self.thaw()
        for pid in (self.group / "cgroup.procs").read_text().split():
            place = self.top / self.before.get(int(pid), "") / "cgroup.procs"
            place.write_text(pid)
        self.group.rmdir()


def state(pid):
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def own_group(pid):
    text = Path(f"/proc/{pid}/cgroup").read_text()
    return re.search(r"^0::/(.*)$", text, re.M).group(1)


def freezer_of(pids):
    for top in CGROUPS:
        if (top / "cgroup.controllers").exists():
            try:
                return Freezer(top, pids)
            except OSError:  # read-only, as in many containers
                pass
    return Stopped(pids)


def with_children(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


@pytest.fixture
def daemon(folder):
    settings = {"listen": f"127.0.0.1:{free_port()}"}
    ring = {"rotate": f"{ROTATE_S}s", "accept": "60s"}
    with Stekd(folder / "stekd", settings, web=ring) as started:
        yield started


@pytest.fixture
def server(folder, daemon, running):
    return running(Nginx, module.compose(folder / "web.cnf", ring=daemon.ring("web")))


@pytest.fixture
def pause(daemon, server):
    made = freezer_of([daemon.pid, *with_children(server.process.pid)])
    yield made
    made.close()


def names_and_ivs(server, tls):
    """The first 32 bytes of some tickets: the key's name and the IV."""
    found = []
    for _ in range(TICKETS):
        session = server.folder / "session.pem"
        assert not server.visit(tls, sess_out=session).failed()
        text = subprocess.run(
            ["openssl", "sess_id", "-in", session, "-noout", "-text"],
            check=True,
            capture_output=True,
            text=True,
            env=plain_environment(),
        ).stdout
        lines = re.findall(r"^\s+00[01]0 - ((?:[0-9a-f]{2}[ -]){16})", text, re.M)
        found.append("".join(lines[-2:]))
    return found


def wait_until_all_published_keys_are_over(status):
    """The pause itself is what passes."""
    end = max(key["active_until"] for key in status["keys"]) + ROTATE_S
    wait_until(end, "the pause to be long enough", timeout_s=60)


def missed(daemon):
    """How many keys began without having been published, as the metrics say."""
    with urllib.request.urlopen(f"http://{daemon.settings['listen']}/metrics") as answer:
        text = answer.read().decode()
    return int(re.search(r"^stek_ring_continuations_total\S* (\d+)", text, re.M).group(1))


def is_fresh(daemon):
    """Whether a key seals that was published in time."""
    return [
        key
        for key in daemon.status("web")["keys"]
        if key["state"] == "active" and key["origin"] == "published"
    ]


def test_a_paused_container_goes_on_without_a_lost_session_or_a_repeated_iv(daemon, server, pause):
    sessions = {tls: server.folder / f"{tls}.pem" for tls in VERSIONS}
    seen = {tls: names_and_ivs(server, tls) for tls in VERSIONS}
    for tls, session in sessions.items():
        server.visit(tls, sess_out=session)
    before = daemon.status("web")
    pause.freeze()
    wait_until_all_published_keys_are_over(before)
    pause.thaw()
    for tls, session in sessions.items():
        assert [c.resumed for c in server.visit(tls, sess_in=session)] == [True]
    assert before["continued_since"] is None
    wait_for(lambda: missed(daemon) >= 1, "the metrics to tell of keys that were missed")
    for tls in VERSIONS:
        tickets = seen[tls] + names_and_ivs(server, tls)
        assert len(set(tickets)) == 2 * TICKETS, tickets
    wait_for(lambda: is_fresh(daemon), "fresh random bytes", timeout_s=60)
    after = daemon.status("web")["keys"]
    same = {key["seq"]: key["fingerprint"] for key in before["keys"]}
    assert all(same.get(key["seq"], key["fingerprint"]) == key["fingerprint"] for key in after)
    assert len({key["fingerprint"] for key in [*before["keys"], *after]}) == len(
        {key["seq"] for key in [*before["keys"], *after]}
    )
