# SPDX-License-Identifier: Apache-2.0
"""Real servers on a ring that stekd keeps: what the restart of either would have cost, and does
not."""
import json
import os
import signal
import time

import pytest

from harness import module
from harness.client import VERSIONS
from harness.process import quickest_s, wait_for
from harness.servers import Apache, Haproxy, Lighttpd, Nginx, Node, Python, PythonAfterFork, Stunnel

PROGRAMS = [Nginx, Apache, Haproxy, Stunnel, Python, PythonAfterFork, Lighttpd, Node]

each = pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
# stunnel keeps session-ticket callbacks of its own: its tickets end with its SSL_CTX, as without
# stek.
each_that_shares = pytest.mark.parametrize(
    "program", [p for p in PROGRAMS if p is not Stunnel], ids=lambda p: p.name
)
each_version = pytest.mark.parametrize("tls", VERSIONS)


@pytest.fixture
def on_ring(running, folder, daemon):
    """on_ring(Program, **options): a server whose configuration names the ring file."""

    def start(program, **options):
        settings = {"ring": daemon.ring("web"), **module.host_settings(program)}
        conf = module.compose(folder / f"{program.name}.cnf", **settings)
        return running(program, conf, **options)

    return start


def get_sessions(server):
    """A session in each version, as files."""
    files = {tls: server.folder / f"session-{tls}.pem" for tls in VERSIONS}
    for tls, file in files.items():
        assert not server.visit(tls, sess_out=file).failed()
    return files


def resumed(server, sessions):
    return [tls for tls, file in sessions.items() if server.visit(tls, sess_in=file).resumed()]


def both_down_then_up(server, daemon):
    server.process.stop()
    daemon.restart()
    server.launch()


RESTARTS = {
    "of-the-server": lambda server, daemon: server.restart(),
    "of-stekd": lambda server, daemon: daemon.restart(),
    "of-the-server-then-stekd": lambda server, daemon: (server.restart(), daemon.restart()),
    "of-stekd-then-the-server": lambda server, daemon: (daemon.restart(), server.restart()),
    "of-both-at-once": both_down_then_up,
    "of-stekd-by-sigkill": lambda server, daemon: (
        daemon.kill(),
        server.restart(),
        daemon.launch(),
    ),
}


@each_that_shares
@pytest.mark.parametrize("restart", RESTARTS)
def test_sessions_survive_a_restart(on_ring, daemon, program, restart):
    server = on_ring(program)
    sessions = get_sessions(server)
    RESTARTS[restart](server, daemon)
    assert resumed(server, sessions) == list(VERSIONS)


@each
def test_control_sessions_of_a_server_as_it_comes_die_with_its_restart(stock, program):
    server = stock(program)
    sessions = get_sessions(server)
    server.restart()
    assert resumed(server, sessions) == []


@each_that_shares
def test_a_server_that_starts_while_stekd_is_down_finds_the_ring(on_ring, daemon, program):
    server = on_ring(program)
    sessions = get_sessions(server)
    daemon.stop()
    server.restart()
    assert resumed(server, sessions) == list(VERSIONS)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up root")
@each_version
def test_nginx_workers_that_dropped_to_www_data_open_tickets_of_before_the_restart(on_ring, tls):
    server = on_ring(Nginx, user="www-data")
    session = server.folder / "session.pem"
    server.visit(tls, sess_out=session)
    server.restart()
    visits = server.visit(tls, sess_in=session, count=40)
    assert len(visits.resumed()) == 40
    assert len(server.answered_by(visits)) > 1


def resumes_no_more_s(server, daemon):
    """From the order to a visit that did not resume."""
    session = get_sessions(server)
    began = time.monotonic()
    daemon.stek("revoke", "web", "--all", "--yes")
    assert resumed(server, session) == []
    return time.monotonic() - began


def test_a_revocation_ends_resumption_in_every_running_server_within_a_second(on_ring, daemon):
    servers = [on_ring(program) for program in PROGRAMS]
    sessions = [get_sessions(server) for server in servers]
    daemon.stek("revoke", "web", "--all", "--yes")
    for server, session in zip(servers, sessions):
        assert resumed(server, session) == [], server.name
    assert quickest_s(lambda: resumes_no_more_s(servers[0], daemon), 1) < 1
    for server in servers:
        assert not server.visit("1.3", count=3).lost(), server.name


def test_control_without_a_revocation_the_same_servers_all_resume(on_ring):
    servers = [on_ring(program) for program in PROGRAMS]
    sessions = [get_sessions(server) for server in servers]
    for server, session in zip(servers, sessions):
        assert resumed(server, session) == list(VERSIONS), server.name


def tickets(daemon):
    status = json.loads(daemon.stek("status", "web", "--json").stdout)
    return status["rings"][0]["tickets"]


def test_counters_of_an_unmodified_nginx_are_what_its_clients_saw(on_ring, daemon):
    server = on_ring(Nginx, user="www-data" if os.geteuid() == 0 else None)
    seen = [server.visit(tls, count=50, clients=7) for tls in VERSIONS]
    for pid in server.process.children():
        os.kill(pid, signal.SIGKILL)
    wait_for(server.is_ready, "nginx's new workers")
    seen += [server.visit(tls, count=50, clients=7) for tls in VERSIONS]
    counted = tickets(daemon)
    assert counted["sealed"] == sum(c.tickets for visits in seen for c in visits)
    assert counted["opened"] == sum(len(visits.resumed()) for visits in seen)
    assert sum(counted["refused"].values()) == 0


def test_counters_go_on_over_restarts_of_server_and_stekd(on_ring, daemon):
    server = on_ring(Nginx)
    sealed = 0
    for restart in (server.restart, daemon.restart, lambda: None):
        sealed += sum(c.tickets for c in server.visit("1.3", count=10))
        restart()
    assert tickets(daemon)["sealed"] == sealed


def test_a_refused_ticket_is_counted_with_its_reason(on_ring, daemon):
    server = on_ring(Nginx)
    sessions = get_sessions(server)
    daemon.stek("revoke", "web", "--all", "--yes")
    assert resumed(server, sessions) == []
    assert tickets(daemon)["refused"]["unknown"] == 2
