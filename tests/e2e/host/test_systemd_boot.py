# SPDX-License-Identifier: Apache-2.0
"""A machine whose systemd starts, watches and reloads stekd and stek feed by their units, and nginx
by what `stek enable` wrote."""
import json
import os
import signal

import pytest

from harness import build
from harness.client import VERSIONS
from harness.machine import NGINX, PORT, Machine, with_nginx
from harness.process import wait_for

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot a machine"),
    pytest.mark.skipif(build.sanitized(), reason="the unit does not let a sanitizer work"),
]


@pytest.fixture(scope="module")
def machine(work, certificates):
    """As README says: installed, configured, started."""
    with with_nginx(work / "machine", certificates) as booted:
        yield booted


@pytest.fixture
def nginx(machine):
    """As Debian's unit starts it."""
    machine.do("systemctl", "restart", "nginx")
    yield machine
    machine.run("stek", "disable", "nginx")
    machine.do("systemctl", "stop", "nginx")


FEED = """
[feed nginx]
ring = web
context = shared
to = nginx
directory = /run/stek-feed/nginx
signal = HUP
pid_file = /run/nginx.pid
"""


@pytest.fixture
def fed_nginx(machine, certificates):
    """As docs/servers.md says: nginx without the module includes what stek-feed.service keeps."""
    machine.run("systemctl", "stop", "nginx")
    machine.write("/etc/stek/feed.conf", FEED)
    machine.starts_freely("stek-feed")
    machine.do("systemctl", "start", "stek-feed")
    include = "http {\n    include /run/stek-feed/nginx/keys.conf;"
    wait_for(machine.path("/run/stek-feed/nginx/keys.conf").exists, "the list of keys")
    machine.configure_nginx(certificates, NGINX.replace("http {", include))
    machine.do("systemctl", "start", "nginx")
    wait_until_fed(machine)
    yield machine
    machine.do("systemctl", "stop", "nginx", "stek-feed")
    machine.configure_nginx(certificates)


def feeds(machine):
    """What `stek feed status` says of each, by name."""
    text = machine.run("stek", "feed", "status", "--json").stdout
    return {feed["name"]: feed for feed in json.loads(text)["feeds"]} if text else {}


def wait_until_fed(machine):
    wait_for(lambda: machine.run("stek", "feed", "status").returncode == 0, "the feeds to be fed")


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
    machine.write("/etc/systemd/system/stekd.service.d/watchdog.conf", "[Service]\nWatchdogSec=2\n")
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


def key_files(machine):
    return {path.name: path.read_bytes() for path in feed_folder(machine).glob("*.key")}


def feed_folder(machine):
    return machine.path("/run/stek-feed/nginx")


@pytest.mark.parametrize("tls", VERSIONS)
def test_a_fed_nginx_keeps_sessions_over_its_restart_and_seals_with_the_ring_s_key(fed_nginx, tls):
    session = "/run/session.pem"
    visit = fed_nginx.visit(PORT, tls, sess_out=session)[0]
    assert visit.key == feeds(fed_nginx)["nginx"]["sealing_key"]
    fed_nginx.do("systemctl", "restart", "nginx")
    assert fed_nginx.visit(PORT, tls, sess_in=session).resumed()


def test_stek_feed_runs_without_root_and_nobody_else_reads_its_keys(fed_nginx):
    pid = fed_nginx.shows("stek-feed", "MainPID")
    assert fed_nginx.do("ps", "-o", "user=", "-p", pid).strip() == "stek-feed"
    modes = {path.stat().st_mode & 0o777 for path in feed_folder(fed_nginx).glob("*.key")}
    assert modes == {0o600}
    reader = ["setpriv", "--reuid=www-data", "--clear-groups", "cat"]
    one = next(iter(key_files(fed_nginx)))
    assert "Permission denied" in fed_nginx.run(*reader, f"/run/stek-feed/nginx/{one}").stderr


def test_a_reload_of_stek_feed_brings_a_new_feed_and_a_faulty_one_changes_nothing(fed_nginx):
    pid = fed_nginx.shows("stek-feed", "MainPID")
    more = "[feed h2o]\nring = web\ncontext = shared\nto = h2o\nfile = /run/stek-feed/h2o\n"
    fed_nginx.write("/etc/stek/feed.conf", FEED + more)
    fed_nginx.do("systemctl", "reload", "stek-feed")
    wait_for(lambda: "h2o" in feeds(fed_nginx), "the feed h2o")
    wait_until_fed(fed_nginx)
    fed_nginx.write("/etc/stek/feed.conf", FEED + "to = iis\n")
    assert fed_nginx.run("systemctl", "reload", "stek-feed").returncode != 0
    assert set(feeds(fed_nginx)) == {"nginx", "h2o"}
    assert fed_nginx.shows("stek-feed", "MainPID") == pid


def test_files_stay_when_stek_feed_stops_so_nginx_starts_and_later_it_goes_on(fed_nginx):
    session = "/run/session.pem"
    before = key_files(fed_nginx)
    fed_nginx.visit(PORT, "1.3", sess_out=session)
    fed_nginx.do("systemctl", "stop", "stek-feed")
    assert key_files(fed_nginx) == before
    fed_nginx.do("systemctl", "restart", "nginx")
    assert fed_nginx.visit(PORT, "1.3", sess_in=session).resumed()
    fed_nginx.do("systemctl", "start", "stek-feed")
    wait_until_fed(fed_nginx)
    assert key_files(fed_nginx) == before


def test_root_wipes_a_feed_that_is_gone_with_the_rights_of_stek_feed(fed_nginx):
    """What that user could not write, root does not write at its word either."""
    h2o = "[feed h2o]\nring = web\ncontext = shared\nto = h2o\nfile = /run/stek-feed/h2o\n"
    fed_nginx.write("/etc/stek/feed.conf", FEED + h2o)
    fed_nginx.do("systemctl", "reload", "stek-feed")
    wait_for(fed_nginx.path("/run/stek-feed/h2o").exists, "the keys of h2o")
    fed_nginx.write("/etc/stek/feed.conf", FEED)
    fed_nginx.do("systemctl", "reload", "stek-feed")
    wait_for(lambda: set(feeds(fed_nginx)) == {"nginx"}, "the feed to be gone")
    fed_nginx.do("chown", "root", "/run/stek-feed/h2o")
    refused = fed_nginx.run("stek", "feed", "wipe")
    assert (refused.returncode, refused.stderr) == (
        1,
        "stek feed: h2o: Permission denied\n",
    )
    fed_nginx.do("chown", "stek-feed", "/run/stek-feed/h2o")
    assert fed_nginx.do("stek", "feed", "wipe") == "wiped /run/stek-feed/h2o\n"
    assert not fed_nginx.path("/run/stek-feed/h2o").exists() and key_files(fed_nginx)


def test_revoked_keys_are_gone_from_the_files_and_nginx(fed_nginx):
    session = "/run/session.pem"
    before = key_files(fed_nginx)
    fed_nginx.visit(PORT, "1.3", sess_out=session)
    fed_nginx.do("stek", "revoke", "web", "--all", "--yes")
    wait_for(lambda: not set(key_files(fed_nginx)) & set(before), "other keys in the files")
    wait_for(
        lambda: not fed_nginx.visit(PORT, "1.3", sess_in=session).resumed(), "nginx to have them"
    )


@pytest.mark.parametrize("running", (True, False), ids=("running", "stopped"))
def test_root_who_checks_the_configuration_means_the_stekd_of_the_unit(machine, running):
    """It found the unit's own run directory to be another user's."""
    machine.do("systemctl", "start" if running else "stop", "stekd")
    done = machine.run("stekd", "--check-config")
    machine.do("systemctl", "start", "stekd")
    assert (done.returncode, done.stderr) == (0, "")
