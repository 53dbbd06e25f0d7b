# SPDX-License-Identifier: Apache-2.0
"""`stek enable` and `stek doctor` with units of every kind, on a booted systemd: what cannot work
is refused in one true line, and what is typed for one name works for the unit that it means."""
import os

import pytest

from harness import build
from harness.machine import with_nginx

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot a machine"),
    pytest.mark.skipif(build.sanitized(), reason="the unit does not let a sanitizer work"),
]

FINE, FAILED, USAGE, WRONG = 0, 1, 2, 3
UNITS = "/etc/systemd/system"
SLEEPS = "[Service]\nExecStart=/bin/sleep infinity\n"


@pytest.fixture(scope="module")
def machine(work, certificates):
    with with_nginx(work / "units", certificates) as booted:
        yield booted


@pytest.fixture
def unit(machine):
    """Writes units, and forgets them with what was enabled."""
    written = []

    def write(name, text=SLEEPS):
        machine.write(f"{UNITS}/{name}", text)
        machine.do("systemctl", "daemon-reload")
        written.append(name)

    yield write
    for name in written:
        machine.run("stek", "disable", name)
        machine.run("systemctl", "stop", name)
        machine.run("rm", "-rf", f"{UNITS}/{name}", f"{UNITS}/{name}.d")
    machine.do("systemctl", "daemon-reload")


def refused(machine, *words, code=FAILED):
    """The one line of a command that refuses."""
    done = machine.run("stek", *words)
    assert (done.returncode, done.stdout) == (code, ""), done
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def enable(machine, name):
    return machine.do("stek", "enable", name, "--ring", "web")


def test_a_masked_unit_is_refused_with_what_to_type(machine, unit):
    unit("shop.service")
    machine.run("mv", f"{UNITS}/shop.service", "/run/systemd/system/shop.service")
    machine.do("systemctl", "mask", "shop")
    assert "systemctl unmask shop.service" in refused(machine, "enable", "shop", "--ring", "web")
    assert "systemctl unmask shop.service" in machine.run("stek", "doctor", "shop").stdout
    machine.do("systemctl", "unmask", "shop")
    assert "systemctl restart shop.service" in enable(machine, "shop")


def test_an_alias_stands_for_its_unit(machine, unit):
    unit("shop.service", f"{SLEEPS}[Install]\nAlias=store.service\n")
    machine.do("systemctl", "enable", "shop")
    said = enable(machine, "store")
    assert said.startswith("store.service is another name of shop.service.\n")
    assert machine.path(f"{UNITS}/shop.service.d/stek.conf").exists()
    assert not machine.path(f"{UNITS}/store.service.d").exists()
    assert machine.run("stek", "doctor", "store").stdout.startswith("shop.service\n")
    machine.do("stek", "disable", "store")
    assert not machine.path(f"{UNITS}/shop.service.d").exists()
    machine.do("systemctl", "disable", "shop")


def test_a_template_serves_all_its_instances(machine, unit):
    unit("shop@.service", f"{SLEEPS}NoExecPaths=/\nExecPaths=/bin /usr /lib\n")
    said = enable(machine, "shop@")
    assert "systemctl restart 'shop@*.service'" in said
    assert "ExecPaths=-" in machine.path(f"{UNITS}/shop@.service.d/stek.conf").read_text()
    machine.do("systemctl", "start", "shop@one")
    environment = machine.shows("shop@one", "Environment")
    assert environment == "OPENSSL_CONF=/etc/stek/openssl/shop@.service.cnf"
    assert "not enabled" not in machine.run("stek", "doctor", "shop@one").stdout
    assert "such as shop@NAME" in machine.run("stek", "doctor", "shop@").stdout
    machine.do("systemctl", "stop", "shop@one")


@pytest.mark.parametrize("name", ["shop.socket", "shop.timer", "shop.target"])
def test_what_is_no_service_is_said_to_be_none(machine, name):
    said = refused(machine, "enable", name, "--ring", "web", code=USAGE)
    assert f"'{name}' is not a service: give the service that it starts" in said


def test_a_unit_that_sysv_made_is_enabled(machine):
    header = "### BEGIN INIT INFO\n# Provides: old\n# Required-Start:\n# Required-Stop:\n"
    header += "# Default-Start: 2 3 4 5\n# Default-Stop:\n### END INIT INFO\n"
    machine.write("/etc/init.d/old", f"#!/bin/sh\n{header}exit 0\n")
    machine.do("chmod", "755", "/etc/init.d/old")
    machine.do("systemctl", "daemon-reload")
    enable(machine, "old")
    assert "OPENSSL_CONF" in machine.shows("old", "Environment")
    machine.do("stek", "disable", "old")
    machine.do("rm", "/etc/init.d/old")


@pytest.mark.parametrize("command", [("enable", "--ring", "web"), ("disable",)])
def test_a_drop_in_by_another_hand_stays_as_it_is(machine, unit, command):
    unit("shop.service")
    theirs = "[Service]\nNice=3\n"
    machine.write(f"{UNITS}/shop.service.d/stek.conf", theirs)
    said = refused(machine, *command[:1], "shop", *command[1:])
    assert "was not made by 'stek enable'" in said
    assert machine.path(f"{UNITS}/shop.service.d/stek.conf").read_text() == theirs


def test_a_setting_that_wins_over_the_drop_in_is_named(machine, unit):
    unit("shop.service")
    machine.write(
        f"{UNITS}/shop.service.d/zz.conf",
        "[Service]\nEnvironment=OPENSSL_CONF=/etc/other.cnf\n",
    )
    said = enable(machine, "shop")
    assert "Fault: the unit sets OPENSSL_CONF=/etc/other.cnf after stek's drop-in" in said
    assert "'systemctl cat shop.service' shows where" in said


def test_a_read_only_etc_is_said_by_its_error(machine, unit):
    unit("shop.service")
    line = "mount --bind /etc /etc && mount -o remount,ro,bind /etc && "
    line += "stek enable shop --ring web 2>&1; umount /etc"
    assert "shop.service.cnf: Read-only file system" in machine.do("sh", "-c", line)


def test_who_is_not_root_is_told_so(machine):
    enable(machine, "nginx")
    machine.do("systemctl", "restart", "nginx")
    user = ["setpriv", "--reuid=33", "--clear-groups", "stek"]
    done = machine.run(*user, "doctor", "nginx")
    assert done.returncode == WRONG and "run 'stek doctor nginx.service' as root" in done.stdout
    done = machine.run(*user, "enable", "apache2", "--ring", "web")
    assert done.returncode == FAILED and "Permission denied: run it as root" in done.stderr
    machine.do("stek", "disable", "nginx")
    machine.do("systemctl", "stop", "nginx")


@pytest.mark.parametrize("name", ["stekd", "stek-feed"])
def test_parts_of_stek_load_no_module(machine, name):
    said = refused(machine, "enable", name, "--ring", "web")
    assert f"{name}.service is a part of stek" in said


def test_a_unit_that_failed_is_not_told_to_start(machine, unit):
    unit("shop.service", "[Service]\nExecStart=/bin/false\n")
    enable(machine, "shop")
    machine.do("systemctl", "start", "shop")
    line = "until systemctl -q is-failed shop; do sleep 0.05; done; stek doctor shop"
    assert "'systemctl status shop.service' says why" in machine.do("sh", "-c", line)


def module_in(machine, folder):
    """A copy of the module there."""
    installed = machine.do("sh", "-c", "find /usr /usr/local -xdev -path '*/stek/stek.so'").split()
    machine.do("install", "-D", "-m", "644", installed[0], f"{folder}/stek.so")
    return f"{folder}/stek.so"


def test_a_module_that_its_user_may_not_read_is_refused(machine, unit):
    unit("shop.service", f"{SLEEPS}User=www-data\n")
    module = module_in(machine, "/srv/closed")
    machine.do("chmod", "700", "/srv/closed")
    args = ["enable", "shop", "--ring", "web", "--module", module]
    said = refused(machine, *args)
    assert "the user of shop.service, www-data, may not read it: 'namei -l" in said
    machine.do("chmod", "755", "/srv/closed")
    machine.do("stek", *args)


def test_a_module_that_a_user_of_systemds_may_not_read_is_refused(machine, unit):
    unit("shop.service", f"{SLEEPS}DynamicUser=yes\n")
    module = module_in(machine, "/srv/own")
    machine.do("chmod", "600", module)
    said = refused(machine, "enable", "shop", "--ring", "web", "--module", module)
    assert "the user of shop.service, which systemd makes, may not read it" in said


def test_a_module_on_a_file_system_without_execution_is_refused(machine, unit):
    unit("shop.service")
    machine.do("sh", "-c", "mkdir -p /srv/data && mount -t tmpfs -o noexec data /srv/data")
    module = module_in(machine, "/srv/data")
    try:
        said = refused(machine, "enable", "shop", "--ring", "web", "--module", module)
        assert f"--module {module} is on a file system that is mounted noexec" in said
    finally:
        machine.do("umount", "/srv/data")


def test_who_else_decides_what_the_server_executes_is_told(machine, unit):
    unit("shop.service")
    module = module_in(machine, "/srv/shop")
    args = ["enable", "shop", "--ring", "web", "--module", module]
    assert "Note: " not in machine.do("stek", *args)
    machine.do("chown", "www-data", "/srv/shop")
    said = machine.do("stek", *args)
    assert "Note: /srv/shop belongs to www-data, who thereby decides what shop.service" in said
