# SPDX-License-Identifier: Apache-2.0
"""A machine whose systemd starts, watches and reloads stekd by its unit, and nginx by what `stek
enable` wrote."""
import os
import signal

import pytest

from harness import build
from harness.client import VERSIONS
from harness.machine import PORT, Machine
from harness.process import wait_for

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot a machine"),
    pytest.mark.skipif(build.sanitized(), reason="the unit does not let a sanitizer work"),
]


@pytest.fixture(scope="module")
def machine(work, certificates):
    """As README says: installed, configured, started."""
    folder = work / "machine"
    folder.mkdir()
    with Machine(folder) as booted:
        booted.configure_nginx(certificates)
        booted.keep_ring()
        yield booted


@pytest.fixture
def nginx(machine):
    """As Debian's unit starts it."""
    machine.do("systemctl", "restart", "nginx")
    yield machine
    machine.run("stek", "disable", "nginx")
    machine.do("systemctl", "stop", "nginx")


def keys(machine):
    return [
        line.split()[0]
        for line in machine.do("stek", "status", "web").splitlines()
        if " published " in line and "|" in line
    ]


def test_the_unit_is_active_once_stekd_has_said_that_it_is_ready(machine):
    assert machine.shows("stekd", "ActiveState") == "active"
    assert machine.shows("stekd", "Type") == "notify"
    assert "Ring web: fine" in machine.do("stek", "status", "web")


def test_a_reload_brings_a_new_ring(machine):
    pid, before = machine.shows("stekd", "MainPID"), keys(machine)
    machine.write("/etc/stek/conf.d/mail.conf", "[ring mail]\n")
    machine.do("systemctl", "reload", "stekd")
    wait_for(lambda: machine.run("stek", "status", "mail").returncode == 0, "the ring mail")
    assert machine.shows("stekd", "MainPID") == pid
    assert keys(machine) == before


def test_a_reload_of_a_bad_configuration_fails_and_stekd_goes_on(machine):
    machine.write("/etc/stek/conf.d/bad.conf", "[ring web]\nrotate = never\n")
    assert machine.run("systemctl", "reload", "stekd").returncode != 0
    machine.path("/etc/stek/conf.d/bad.conf").unlink()
    assert machine.shows("stekd", "ActiveState") == "active"
    assert "Ring web: fine" in machine.do("stek", "status", "web")


@pytest.mark.parametrize(
    "number, result",
    [(signal.SIGKILL, "signal"), (signal.SIGSTOP, "watchdog")],
    ids=["killed", "hanging"],
)
def test_a_stekd_that_is_gone_or_hangs_is_started_again_with_the_same_keys(machine, number, result):
    machine.write("/etc/systemd/system/stekd.service.d/test.conf", "[Service]\nWatchdogSec=2\n")
    machine.do("systemctl", "daemon-reload")
    machine.do("systemctl", "restart", "stekd")
    before, pid = keys(machine), machine.shows("stekd", "MainPID")
    machine.do("kill", f"-{number.value}", pid)
    wait_for(
        lambda: machine.shows("stekd", "MainPID") not in (pid, "0")
        and machine.shows("stekd", "ActiveState") == "active",
        "systemd to start it again",
        timeout_s=60,
    )
    assert keys(machine) == before
    assert f"Failed with result '{result}'" in machine.said()


def test_what_enable_wrote_keeps_sessions_over_restarts_and_disable_takes_it_back(nginx):
    session = "/run/session.pem"

    def survives(tls, *units):
        assert not nginx.visit(PORT, tls, sess_out=session).failed()
        nginx.do("systemctl", "restart", *units)
        visits = nginx.visit(PORT, tls, sess_in=session)
        assert not visits.failed()
        return bool(visits.resumed())

    assert [survives(tls, "nginx") for tls in VERSIONS] == [False, False]  # the control
    nginx.do("stek", "enable", "nginx", "--ring", "web")
    nginx.do("systemctl", "restart", "nginx")
    assert [survives(tls, "nginx") for tls in VERSIONS] == [True, True]
    assert [survives(tls, "stekd", "nginx") for tls in VERSIONS] == [True, True]
    nginx.do("stek", "disable", "nginx")
    nginx.do("systemctl", "restart", "nginx")
    assert [survives(tls, "nginx") for tls in VERSIONS] == [False, False]
