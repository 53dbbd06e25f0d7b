# SPDX-License-Identifier: Apache-2.0
"""What stekd gives up: root, capabilities, system calls, being looked into."""
import grp
import os
import pwd
import re
import resource
import signal
import subprocess

import pytest

from harness import build
from harness.process import plain_environment, wait_for
from harness.stekd import Stekd

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="becomes other users"),
    pytest.mark.skipif(build.sanitized(), reason="a sanitizer needs what stekd gives up"),
]

CHOWN_ONLY = "0000000000000001"
USER = "games"  # some user that every Debian has


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        return dict(re.findall(r"^(\w+):\s*(.*)$", lines.read(), re.MULTILINE))


def test_as_root_it_keeps_no_capability_but_chown(daemon):
    status = status_of(daemon.pid)
    assert {status[name] for name in ("CapPrm", "CapEff", "CapBnd")} == {CHOWN_ONLY}
    assert int(status["CapInh"], 16) == int(status["CapAmb"], 16) == 0
    assert status["NoNewPrivs"] == "1"


def test_it_becomes_the_user_of_its_configuration_and_still_serves_groups(folder):
    folder.chmod(0o755)
    entry = pwd.getpwnam(USER)
    with Stekd(folder / "stekd", user=USER, web={"group": "www-data"}) as daemon:
        daemon.stop()
        for path in daemon.run_dir.iterdir():
            subprocess.run(["rm", "-rf", str(path)], check=True)
        daemon.run_dir.rmdir()
        daemon.launch()
        status = status_of(daemon.pid)
        assert (
            status["Uid"].split() == [str(entry.pw_uid)] * 4
            and status["Gid"].split() == [str(entry.pw_gid)] * 4
        )
        assert {status[name] for name in ("CapPrm", "CapEff", "CapBnd")} == {CHOWN_ONLY}
        about = daemon.ring("web").stat()
        assert (about.st_uid, about.st_gid) == (entry.pw_uid, grp.getgrnam("www-data").gr_gid)
        assert daemon.run_dir.stat().st_uid == entry.pw_uid
        daemon.rings["mail"] = {"group": "daemon"}
        assert "configuration loaded: 2 rings" in daemon.reload()


@pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 6000, reason="the limit here is lower"
)
def test_it_takes_all_that_its_limits_allow(folder):
    """More files than it would ask for by itself, as many rings need."""
    wrapper = ["prlimit", "--nofile=5000:6000", "--memlock=65536:4194304"]
    with Stekd(folder / "stekd", wrapper=wrapper) as daemon:
        assert resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE) == (6000, 6000)
        assert resource.prlimit(daemon.pid, resource.RLIMIT_MEMLOCK)[0] >= 4194304


def test_a_user_that_there_is_not_is_refused(folder):
    with Stekd(folder / "stekd", web={}) as daemon:
        daemon.stop()
        daemon.settings["user"] = "no-such-user"
        daemon.launch(wait=False)
        assert daemon.popen.wait(60) == 1
        assert (
            daemon.process.stderr()
            == f"<3>stekd: {daemon.config}: user = no-such-user: there is no such user: "
            "create it, or name another\n"
        )


def as_user():
    """The command line that gives up root and all capabilities before what follows it."""
    return [
        "setpriv",
        "--reuid",
        USER,
        "--regid",
        USER,
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
    ]


@pytest.fixture
def unprivileged(folder):
    """stekd that some user starts, without any capability."""
    with Stekd(folder / "stekd", web={}) as daemon:
        daemon.stop()
        subprocess.run(["chown", "-R", f"{USER}:", str(daemon.run_dir)], check=True)
        daemon.wrapper = as_user()
        yield daemon.launch()


def test_as_another_user_without_capabilities_it_serves_with_its_own_group(unprivileged):
    entry = pwd.getpwnam(USER)
    status = status_of(unprivileged.pid)
    assert int(status["CapPrm"], 16) == 0 and status["Uid"].split()[0] == str(entry.pw_uid)
    assert unprivileged.ring("web").stat().st_gid == entry.pw_gid
    unprivileged.rings["mail"] = {"group": "www-data"}
    said = unprivileged.reload()
    assert "ring mail: cannot be kept" in said and "group is www-data" in said
    assert not unprivileged.ring("mail").exists()


# -- system calls --


def test_its_system_calls_are_filtered(daemon):
    assert status_of(daemon.pid)["Seccomp"] == "2"


def test_no_code_needs_to_be_loaded_to_look_a_group_up_later(folder):
    """What the C library asks for groups last, it has loaded before the filter forbids that, needed
    or not."""
    with open("/etc/nsswitch.conf", encoding="ascii") as lines:
        services = next(line for line in lines if line.startswith("group:")).split()[1:]
    with Stekd(
        folder / "stekd", settings={"admin_group": "games"}, web={"group": "daemon"}
    ) as daemon:
        with open(f"/proc/{daemon.pid}/maps", encoding="ascii") as maps:
            loaded = maps.read()
        for service in set(services) - {"files", "compat"}:
            if os.path.exists(f"/lib/x86_64-linux-gnu/libnss_{service}.so.2"):
                assert f"libnss_{service}.so.2" in loaded
        said = daemon.reload("[ring web]\ngroup = no-such-group\n")
        assert "there is no such group" in said


def test_control_without_the_sandbox_they_are_not(folder):
    with Stekd(folder / "stekd", options=["--no-sandbox"], web={}) as daemon:
        assert status_of(daemon.pid)["Seccomp"] == "0"
        assert "--no-sandbox: no system call filter" in daemon.stderr()


def test_all_that_it_does_works_inside_the_filter(folder):
    with Stekd(
        folder / "stekd",
        settings={"listen": f"unix:{folder}/m.sock"},
        web={"rotate": "1s", "accept": "20s"},
    ) as daemon:
        first = daemon.status("web")["keys"][-1]["seq"]
        daemon.rings["mail"] = {"group": "daemon"}
        daemon.reload()
        daemon.settings["admin_group"] = "daemon"
        daemon.reload()
        daemon.rings.pop("mail")
        daemon.reload()
        wait_for(lambda: daemon.status("web")["keys"][-1]["seq"] > first + 1, "rotations")
        curl = subprocess.run(
            ["curl", "-s", "--unix-socket", f"{folder}/m.sock", "http://stekd/metrics"],
            capture_output=True,
            check=True,
            env=plain_environment(),
        )
        assert b"stek_ring_up" in curl.stdout
        assert daemon.socket.stat().st_mode & 0o777 == 0o660
        assert daemon.stop() == 0
        assert not re.search("not permitted|cannot|could not", daemon.stderr())


# -- being looked into --


def test_it_writes_no_core_dump_and_only_root_may_look_into_it(daemon):
    assert resource.prlimit(daemon.pid, resource.RLIMIT_CORE) == (0, 0)
    # A process that may be dumped has its /proc files; one that may not has root's. As the same
    # user without
    # capabilities nobody gets at its memory then.
    code = f"open('/proc/{daemon.pid}/mem', 'rb')"
    done = subprocess.run(
        ["setpriv", "--inh-caps=-all", "--bounding-set=-all", "/usr/bin/python3", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=plain_environment(),
    )
    assert "PermissionError" in done.stderr


def test_not_even_its_own_user_may_look_into_it(unprivileged):
    """The control is the sandbox left out, which lets debuggers attach."""
    reader = [*as_user(), "/usr/bin/python3", "-c", "import sys\nopen(sys.argv[1], 'rb').read(1)"]

    def read(name):
        done = subprocess.run(
            [*reader, f"/proc/{unprivileged.pid}/{name}"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=plain_environment(),
        )
        return done.stderr.splitlines()[-1] if done.returncode else ""

    assert "PermissionError" in read("maps") and "PermissionError" in read("mem")
    unprivileged.options.append("--no-sandbox")
    unprivileged.restart()
    assert read("maps") == ""


def test_a_crash_leaves_no_file(daemon, folder):
    daemon.process.signal(signal.SIGABRT)
    assert daemon.popen.wait(60) == -signal.SIGABRT
    assert not [path for path in (folder / "stekd").iterdir() if "core" in path.name]
