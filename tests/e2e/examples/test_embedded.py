# SPDX-License-Identifier: Apache-2.0
"""The servers of examples/embed, as they are built here."""
import signal
import socket
import subprocess

import pytest

from harness import build
from harness.client import VERSIONS
from harness.documents import blocks
from harness.process import Process, free_port, plain_environment, wait_for
from harness.servers.embedded import Events, Forks, Threads

EACH = (Forks, Threads, Events)
each = pytest.mark.parametrize("program", EACH, ids=lambda each: each.name)
each_version = pytest.mark.parametrize("tls", VERSIONS)


def resumes(server, tls, session):
    visits = server.visit(tls, sess_in=session)
    assert not visits.failed()
    return bool(visits.resumed())


def keep_session(server, tls, session):
    assert not server.visit(tls, sess_out=session).failed()


def shell(line, folder):
    done = subprocess.run(
        ["sh", "-c", line], cwd=folder, capture_output=True, text=True, env=plain_environment()
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@each
@each_version
def test_every_client_that_comes_back_resumes(stock, program, tls):
    visits = stock(program).visit(tls, count=20)
    assert not visits.failed() and len(visits.resumed()) == 19
    assert len(visits.keys()) == 1


@pytest.mark.parametrize("program", (Forks, Threads), ids=lambda each: each.name)
def test_more_than_one_process_or_thread_answers(stock, program):
    server = stock(program)
    answers = set()

    def several():
        answers.update(server.visit("1.3", count=10).answers())
        return len(answers) > 1

    wait_for(several, "two that answer")


@each
@each_version
def test_with_a_ring_of_stekds_sessions_survive_a_restart(stock, daemon, folder, program, tls):
    server = stock(program, ring=daemon.ring("web"))
    keep_session(server, tls, folder / "session.pem")
    server.restart()
    assert resumes(server, tls, folder / "session.pem")
    assert server.stderr() == ""


@each
def test_control_without_one_they_do_not(stock, folder, program):
    server = stock(program)
    keep_session(server, "1.3", folder / "session.pem")
    server.restart()
    assert not resumes(server, "1.3", folder / "session.pem")


@each
def test_a_ring_that_is_not_there_is_said_and_a_private_one_serves(stock, folder, program):
    server = stock(program, ring=folder / "web.ring")
    assert len(server.visit("1.3", count=3).resumed()) == 2
    said = server.stderr().splitlines()
    assert len(said) == 1 and "using a private ring instead" in said[0]


@each
def test_a_client_that_only_connects_holds_up_nobody(stock, program):
    server = stock(program)
    with socket.create_connection(("127.0.0.1", server.port)):
        assert len(server.visit("1.3", count=5).resumed()) == 4


def test_the_event_loop_ends_with_a_client_that_said_nothing(stock):
    server = stock(Events)
    with socket.create_connection(("127.0.0.1", server.port)):
        server.visit("1.3", count=2)
        server.process.signal(signal.SIGTERM)
        assert server.process.popen.wait(timeout=60) == 0, server.stderr()


def start_and_wait(server, folder, port):
    process = Process(server, folder)
    process.wait_until_listening(int(port))
    return process


@pytest.mark.parametrize("restart", (False, True), ids=("on", "restarted"))
@pytest.mark.parametrize("ring", (False, True), ids=("private", "stekds"))
def test_the_commands_of_the_document_show_it(folder, daemon, ring, restart):
    """As they are written there, but for the port."""
    start, visits = blocks("examples/README.md", "Servers with the library in them")
    port = str(free_port())
    certificate, server = start.replace("\\\n", "").replace("8443", port).splitlines()
    shell(certificate, folder)
    server = server.replace("build/examples/embed", str(build.EXAMPLES)).split()
    server += [daemon.ring("web")] if ring else []
    seen = []
    process = start_and_wait(server, folder, port)
    try:
        for visit in visits.replace("\\\n", "").replace("8443", port).splitlines():
            if seen and restart:
                process.stop()
                process = start_and_wait(server, folder, port)
            seen.append(shell(visit, folder).split(",")[0])
    finally:
        process.stop()
    assert seen == ["New", "Reused" if ring or not restart else "New"]
