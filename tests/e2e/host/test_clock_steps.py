# SPDX-License-Identifier: Apache-2.0
"""
The clock of stekd and of a server on its ring is set, far ahead and far back, while both run. Only
these processes see
that (libfaketime). In place of the kernel, which wakes stekd when somebody sets the clock, the test
sends SIGHUP: that
stekd has asked the kernel for it is for test_stekd_idle.py to show.
"""
import pytest

from harness import module
from harness.client import VERSIONS
from harness.process import Clock, plain_environment
from harness.servers import Nginx
from harness.stekd import Stekd

HOUR_S = 3600
each_version = pytest.mark.parametrize("tls", VERSIONS)


class Scene:
    """nginx on the ring `web`, rotated every hour."""

    def __init__(self, clock, daemon, server):
        self.clock, self.daemon, self.server = clock, daemon, server

    def step(self, ahead_s):
        self.clock.set(ahead_s)
        self.daemon.reload()

    def session(self, tls, name):
        file = self.server.folder / f"{name}.pem"
        assert not self.server.visit(tls, sess_out=file).failed()
        return file

    def resumes(self, tls, file):
        visits = self.server.visit(tls, sess_in=file)
        assert not visits.failed()
        return bool(visits.resumed())

    def active(self):
        return next(key for key in self.daemon.status("web")["keys"] if key["state"] == "active")

    def loses_nothing_from_now_on(self, tls):
        visits = self.server.visit(tls, count=20)
        return not visits.failed() and len(visits.resumed()) == 19


@pytest.fixture
def scene(folder, certificates):
    clock = Clock(folder)
    with Stekd(
        folder / "stekd", env=clock.environment, web={"rotate": "1h", "accept": "12h", "ahead": "2"}
    ) as daemon:
        server = Nginx(
            folder / "nginx",
            certificates,
            module.compose(folder / "web.cnf", ring=daemon.ring("web")),
            directives="ssl_session_timeout 1d;",
            main="env FAKETIME_TIMESTAMP_FILE; env FAKETIME_NO_CACHE;",
        )
        server.environment = lambda: plain_environment(
            OPENSSL_CONF=server.openssl_conf, **clock.environment
        )
        with server:
            yield Scene(clock, daemon, server)


@each_version
def test_hours_ahead_the_key_has_changed_and_its_tickets_still_open(scene, tls):
    before, session = scene.active(), scene.session(tls, "before")
    scene.step(5 * HOUR_S)
    assert scene.active()["seq"] == before["seq"] + 5
    assert scene.resumes(tls, session)
    assert scene.loses_nothing_from_now_on(tls)


@each_version
def test_days_ahead_no_old_ticket_opens_and_none_is_lost_from_then_on(scene, tls):
    session = scene.session(tls, "before")
    scene.step(72 * HOUR_S)
    assert not scene.resumes(tls, session)
    assert scene.loses_nothing_from_now_on(tls)


@each_version
def test_set_back_by_less_than_an_hour_no_ticket_is_lost(scene, tls):
    """Also not one under a key that is pending again."""
    scene.step(HOUR_S)
    session, sealed_under = scene.session(tls, "late"), scene.active()
    scene.step(HOUR_S // 6)
    assert scene.active()["seq"] == sealed_under["seq"] - 1
    assert scene.resumes(tls, session)
    assert scene.loses_nothing_from_now_on(tls)


@each_version
def test_set_back_by_hours_only_the_tickets_of_hours_that_did_not_happen_are_lost(scene, tls):
    early = scene.session(tls, "early")
    scene.step(5 * HOUR_S)
    late = scene.session(tls, "late")
    scene.step(0)
    assert scene.resumes(tls, early)
    assert not scene.resumes(tls, late)
    assert scene.daemon.status("web")["tickets"]["refused"]["max_session_age"] == 1
    assert scene.loses_nothing_from_now_on(tls)


@each_version
@pytest.mark.parametrize("hours", [2, 72])
def test_a_clock_before_all_keys_stops_nobody(scene, tls, hours):
    scene.session(tls, "before")
    scene.step(-hours * HOUR_S)
    assert scene.loses_nothing_from_now_on(tls)
    assert scene.daemon.stek("status", "web").returncode == 0


@each_version
def test_without_stekd_the_server_follows_the_clock_by_itself(scene, tls):
    before = scene.server.visit(tls).keys()
    scene.daemon.stop()
    scene.clock.set(5 * HOUR_S)
    after = scene.server.visit(tls, count=20)
    assert not after.failed() and not after.lost()
    assert set(before).isdisjoint(after.keys())
