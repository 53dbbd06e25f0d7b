# SPDX-License-Identifier: Apache-2.0
"""stekd as a service: what systemd hears, how the unit confines it, and what is installed."""
import contextlib
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from harness import build
from harness.process import plain_environment, wait_for
from harness.stekd import Stekd

UNIT = build.BUILD / "packaging/stekd.service"


class Manager:
    """The end that systemd holds of a notification socket."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(60)
        self.heard = []

    def hears(self, word):
        """Waits for a message that begins so, and returns it."""
        while True:
            self.heard.append(self.socket.recv(4096).decode())
            if self.heard[-1].startswith(word):
                return self.heard[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_it_says_when_it_is_ready_reloading_and_stopping(folder, abstract):
    name = f"stek-test-{os.getpid()}" if abstract else str(folder / "notify")
    with Manager("\0" + name if abstract else name) as manager:
        with Stekd(
            folder / "stekd", env={"NOTIFY_SOCKET": "@" + name if abstract else name}, web={}
        ) as daemon:
            assert manager.hears("READY=1")
            assert daemon.ring("web").exists()
            daemon.reload()
            text = manager.hears("RELOADING=1")
            assert 0 <= time.monotonic() - int(text.split("MONOTONIC_USEC=")[1]) / 1e6 < 60
            assert manager.hears("READY=1")
            daemon.stop()
            assert manager.hears("STOPPING=1")
            assert not [text for text in manager.heard if text.startswith("WATCHDOG")]


def test_it_gives_signs_of_life_as_often_as_it_is_asked_to(folder):
    name = str(folder / "notify")
    with Manager(name) as manager:
        with Stekd(
            folder / "stekd", env={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000000"}, web={}
        ):
            manager.hears("READY=1")
            began = time.monotonic()
            for _ in range(4):
                manager.hears("WATCHDOG=1")
            assert 1.4 < time.monotonic() - began


def test_a_stekd_that_hangs_gives_no_sign(folder):
    """The control for the watchdog: signs come from the loop that does the work, so they end with
    it."""
    name = str(folder / "notify")
    with Manager(name) as manager:
        with Stekd(
            folder / "stekd", env={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "400000"}, web={}
        ) as daemon:
            manager.hears("WATCHDOG=1")
            daemon.process.signal(signal.SIGSTOP)
            manager.socket.settimeout(3)
            with contextlib.suppress(TimeoutError):
                while True:
                    manager.hears("WATCHDOG=1")
                    assert len(manager.heard) < 50
            daemon.process.signal(signal.SIGCONT)
            manager.socket.settimeout(60)
            assert manager.hears("WATCHDOG=1")


def test_a_watchdog_that_is_meant_for_another_process_is_none(folder):
    name = str(folder / "notify")
    with Manager(name) as manager:
        env = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}
        with Stekd(folder / "stekd", env=env, web={}) as daemon:
            manager.hears("READY=1")
            for _ in range(20):
                daemon.request(command="status")
            manager.socket.settimeout(1)
            with pytest.raises(TimeoutError):
                manager.hears("WATCHDOG=1")


def test_log_lines_carry_levels_that_systemd_reads(folder):
    with Stekd(folder / "stekd", web={}) as daemon:
        daemon.reload("[rings]\n")
        lines = daemon.stderr().splitlines()
        assert all(
            line[0] == "<"
            and line[1] in "34567"
            and line[2:11] == ">stekd: r"
            or ">stekd: " in line
            for line in lines
        )
        assert [line for line in lines if line.startswith("<3>")] and [
            line for line in lines if line.startswith("<6>")
        ]


def test_where_the_journal_does_not_read_there_are_no_levels(folder):
    elsewhere = {"JOURNAL_STREAM": "8:1"}  # standard error was sent to a file since
    for environment in (elsewhere, {"JOURNAL_STREAM": None}):
        with Stekd(folder / "stekd", env=environment, web={}) as daemon:
            daemon.reload("[rings]\n")
            assert all(line.startswith("stekd: ") for line in daemon.stderr().splitlines())


def run(*args):
    return subprocess.run(
        [str(a) for a in args],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=plain_environment(SYSTEMD_COLORS="0", SYSTEMD_PAGER="cat"),
    )


def test_the_unit_exposes_two_at_most(figure):
    done = run(
        "systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", UNIT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figure(
        "systemd-analyze security stekd.service", done.stdout.strip().splitlines()[-1].lstrip("→ ")
    )


def test_control_a_unit_that_confines_nothing_is_over_the_threshold(folder):
    bare = folder / "stekd.service"
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    assert (
        run(
            "systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", bare
        ).returncode
        != 0
    )


def calls_in(name):
    """The system calls of one of systemd's sets, @NAME, with those of the sets in it."""
    found = set()
    for line in run("systemd-analyze", "syscall-filter", name).stdout.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            found |= calls_in(word)
        elif word and not word.startswith("#"):
            found.add(word)
    return found


def calls_of_unit():
    """What the unit's SystemCallFilter lines leave, applied one after the other
    (systemd.exec(5))."""
    allowed = set()
    for line in UNIT.read_text().splitlines():
        if not line.startswith("SystemCallFilter="):
            continue
        value = line.split("=", 1)[1]
        named = {
            call
            for word in value.lstrip("~").split()
            for call in (calls_in(word) if word[0] == "@" else {word})
        }
        allowed = allowed - named if value[0] == "~" else allowed | named
    return allowed | calls_in("@default")


@pytest.mark.skipif(build.sanitized(), reason="a sanitizer makes system calls of its own")
def test_the_unit_allows_each_system_call_that_stekd_makes(folder):
    """All that it does in its life, traced; it starts as the unit's user would start it."""
    trace = folder / "trace"
    with Stekd(
        folder / "stekd",
        settings={"listen": f"unix:{folder}/m.sock"},
        options=["--no-sandbox"],
        wrapper=["strace", "-D", "-qq", "-o", trace],
        web={"rotate": "1s", "accept": "20s", "group": "daemon"},
    ) as daemon:
        first = daemon.status("web")["keys"][-1]["seq"]
        wait_for(lambda: daemon.status("web")["keys"][-1]["seq"] > first + 1, "rotations")
        daemon.rings = {"mail": {}}
        daemon.reload()
        daemon.request(command="revoke", ring="mail", all=True)
        subprocess.run(
            ["curl", "-s", "--unix-socket", f"{folder}/m.sock", "http://stekd/metrics"],
            capture_output=True,
            check=True,
            env=plain_environment(),
        )
        daemon.stop()
    made = set(re.findall(r"^(\w+)\(", trace.read_text(), re.MULTILINE))
    assert {
        "epoll_wait",
        "timerfd_settime",
        "fchown",
        "capset",
    } <= made  # the control: it was traced
    assert made - calls_of_unit() == set()
    assert {"ptrace", "mount", "reboot", "setuid"} & calls_of_unit() == set()


@pytest.fixture(scope="module")
def installed(work):
    """Everything, installed into a folder."""
    target = work / "installed"
    done = run(
        "meson", "install", "-C", build.BUILD, "--no-rebuild", "--quiet", "--destdir", target
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {
        str(path.relative_to(target)).removeprefix("usr/local/"): path
        for path in target.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    "name",
    [
        "sbin/stekd",
        "lib/systemd/system/stekd.service",
        "lib/sysusers.d/stek.conf",
        "lib/tmpfiles.d/stek.conf",
        "share/man/man8/stekd.8",
        "share/man/man5/stekd.conf.5",
        "share/stek/stekd.conf",
        "share/stek/stek.json",
        "share/stek/stek.rules.yml",
    ],
)
def test_it_is_installed(installed, name):
    assert name in installed


def test_systemd_finds_nothing_wrong_with_the_unit(installed, folder):
    """The program is where it will be, so that the unit can be verified as it is."""
    text = installed["lib/systemd/system/stekd.service"].read_text()
    assert (
        "Type=notify" in text
        and "WatchdogSec=" in text
        and "@"
        not in text.replace("@system-service", "")
        .replace("@resources", "")
        .replace("@privileged", "")
        .replace("@chown", "")
    )
    unit = folder / "stekd.service"
    unit.write_text(text.replace("/usr/local/sbin/stekd", str(build.DAEMON)))
    done = run("systemd-analyze", "verify", "--man=no", unit)
    assert "stekd.service" not in done.stdout + done.stderr, done.stdout + done.stderr


def test_the_snippets_make_the_user_the_group_and_the_directories(installed, folder):
    users = run(
        "systemd-sysusers",
        "--dry-run",
        "--replace=/usr/lib/sysusers.d/stek.conf",
        installed["lib/sysusers.d/stek.conf"],
    )
    assert users.returncode == 0, users.stderr
    assert "stek" in users.stdout + users.stderr
    root = folder / "root"
    (root / "run").mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "var/lib").mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nstek:x:990:990::/:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nstek:x:990:\n")
    made = run(
        "systemd-tmpfiles", f"--root={root}", "--create", installed["lib/tmpfiles.d/stek.conf"]
    )
    assert made.returncode == 0, made.stderr
    about = (root / "run/stek").stat()
    assert (about.st_mode & 0o7777, about.st_uid) == (0o755, 990)
    about = (root / "var/lib/stek").stat()
    assert (about.st_mode & 0o7777, about.st_uid) == (0o700, 990)


def test_the_example_of_a_configuration_is_sound(installed):
    done = run(build.DAEMON, "--check-config", "--config", installed["share/stek/stekd.conf"])
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_starts_what_it_says(folder):
    """Its ExecStart line, apart from systemd: the options are known, the configuration is the
    compiled-in one."""
    line = (
        next(line for line in UNIT.read_text().splitlines() if line.startswith("ExecStart="))
        .split("=", 1)[1]
        .split()
    )
    assert line[1:] == ["--config", "/etc/stek/stekd.conf"]
    with Stekd(folder / "stekd", web={}) as daemon:
        wait_for(daemon.serves, "stekd")
