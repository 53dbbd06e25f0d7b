# SPDX-License-Identifier: Apache-2.0
"""The packages on a machine that systemd has booted: installed, upgraded, removed, purged, while
nginx uses a ring."""
import os

import pytest

from harness import build, packages
from harness.machine import PORT, Machine

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot a machine"),
    pytest.mark.skipif(build.sanitized(), reason="packages are built without sanitizers"),
]

SESSION = "/run/session.pem"
PARTS = ("libstek0", "stek", "stekd", "stek-fleet")


@pytest.fixture(scope="module")
def bare(work, certificates, built):
    """nginx is there, and nothing of stek; the packages lie in /srv."""
    folder = work / "machine-for-packages"
    folder.mkdir()
    with Machine(folder, bare=True) as machine:
        # The first forbids to start services; the second has all manuals indexed at each change.
        machine.run("rm", "-f", "/usr/sbin/policy-rc.d", "/var/lib/man-db/auto-update")
        machine.configure_nginx(certificates)
        before = packages.as_before(built, work / "packages-before")
        for name, place in ("now", built), ("before", before):
            for part in PARTS:
                file = packages.find(place, part)
                machine.path(f"/srv/{name}").mkdir(exist_ok=True)
                machine.path(f"/srv/{name}/{part}.deb").write_bytes(file.read_bytes())
        yield machine


@pytest.fixture
def machine(bare):
    yield bare
    bare.run("systemctl", "stop", "nginx")
    if bare.path("/var/lib/dpkg/info/stekd.list").exists():
        dpkg(bare, "--purge")


def dpkg(machine, act, parts=PARTS):
    """Nothing waits for a disk: there is none."""
    return machine.do("dpkg", "--force-unsafe-io", act, *parts)


def install(machine, which):
    return dpkg(machine, "--install", [f"/srv/{which}/{part}.deb" for part in PARTS])


def start_with_ring(machine):
    """The ring web, and nginx that uses it."""
    machine.write("/etc/stek/conf.d/web.conf", "[ring web]\ngroup = www-data\n")
    machine.do("systemctl", "reload", "stekd")
    machine.do("stek", "enable", "nginx", "--ring", "web")
    machine.do("systemctl", "restart", "nginx")


def keep_session(machine):
    assert not machine.visit(PORT, "1.3", sess_out=SESSION).failed()


def resumes(machine):
    visits = machine.visit(PORT, "1.3", sess_in=SESSION)
    assert not visits.failed()
    return bool(visits.resumed())


def ring_file(machine):
    return machine.path("/run/stek/web.ring").stat().st_ino


def loaded(machine):
    """Whether nginx has our module."""
    pid = machine.shows("nginx", "MainPID")
    return "stek.so" in machine.do("cat", f"/proc/{pid}/maps")


def test_an_upgrade_changes_stekd_and_keeps_rings_and_sessions(machine):
    install(machine, "before")
    assert machine.shows("stekd", "ActiveState") == "active"
    assert machine.shows("stekd", "UnitFileState") == "enabled"
    start_with_ring(machine)
    assert loaded(machine)
    keep_session(machine)
    stekd, nginx = machine.shows("stekd", "MainPID"), machine.shows("nginx", "MainPID")
    ring = ring_file(machine)
    install(machine, "now")
    assert machine.shows("stekd", "ActiveState") == "active"
    assert machine.shows("stekd", "MainPID") != stekd
    assert machine.shows("nginx", "MainPID") == nginx
    assert ring_file(machine) == ring
    assert "Ring web: fine" in machine.do("stek", "status", "web")
    assert resumes(machine)
    machine.do("systemctl", "restart", "nginx")
    assert loaded(machine) and resumes(machine)


def test_a_service_goes_on_with_its_ring_when_all_is_removed(machine):
    install(machine, "now")
    start_with_ring(machine)
    keep_session(machine)
    said = dpkg(machine, "--remove")
    drop_in = "/etc/systemd/system/nginx.service.d/stek.conf"
    named = [line for line in said.splitlines() if drop_in in line]
    assert len(named) == 1 and "nginx.service" in named[0]
    assert not machine.path(drop_in).exists()
    assert not machine.path("/etc/stek/openssl").exists()
    assert machine.shows("stekd", "ActiveState") != "active"
    assert loaded(machine) and resumes(machine)
    machine.do("systemctl", "restart", "nginx")
    assert not loaded(machine) and not resumes(machine)


def test_the_ring_of_a_removed_stekd_is_there_when_it_comes_back(machine):
    install(machine, "now")
    start_with_ring(machine)
    keep_session(machine)
    dpkg(machine, "--remove", ["stek-fleet", "stekd"])
    machine.do("systemctl", "restart", "nginx")
    assert resumes(machine)
    install(machine, "now")
    assert "Ring web: fine" in machine.do("stek", "status", "web")
    assert resumes(machine)


def of_stek(machine):
    """What lies there of ours, beside files of the packages."""
    folders = ["/etc", "/run", "/var/lib/stek", "/var/lib/dpkg/info", "/var/lib/systemd"]
    found = machine.run("find", *folders, "-name", "*stek*").stdout.splitlines()
    accounts = machine.do("cat", "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow")
    return found, [line for line in accounts.splitlines() if "stek" in line]


def test_nothing_is_left_after_a_purge(machine):
    assert of_stek(machine) == ([], [])
    install(machine, "now")
    start_with_ring(machine)
    machine.write("/etc/stek/fleet.kek", "")
    files = machine.do("dpkg", "--listfiles", *PARTS).splitlines()
    ours = [file for file in files if "stek" in file]
    assert "/usr/sbin/stekd" in ours and of_stek(machine)[0]
    dpkg(machine, "--purge")
    assert [file for file in ours if machine.path(file).exists()] == []
    assert of_stek(machine) == ([], [])
