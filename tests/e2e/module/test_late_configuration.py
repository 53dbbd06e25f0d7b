# SPDX-License-Identifier: Apache-2.0
"""A program that forks before it reads the OpenSSL configuration has a private ring in each
process: a line says so."""
import subprocess

import pytest

from harness import module
from harness.client import VERSIONS
from harness.process import plain_environment
from harness.servers import PythonAfterFork, python_for_a_private_ring, reads_late

SERVER, CLIENT = "ssl.PROTOCOL_TLS_SERVER", "ssl.PROTOCOL_TLS_CLIENT"
READS = "import ssl; ssl.SSLContext({})"
CHILD = "pid = os.fork()\nif pid == 0:\n    {}\n    os._exit(0)\nos.waitpid(pid, 0)"
LINE = "stek: this process was forked before it read the OpenSSL configuration"


@pytest.fixture
def said(folder):
    """said(program, **settings): what a Python program says on standard error."""

    def run(*program, **settings):
        conf = module.compose(folder / "stek.cnf", **settings)
        done = subprocess.run(
            ["/usr/bin/python3", "-c", "\n".join(("import os", *program))],
            env=plain_environment(OPENSSL_CONF=conf),
            check=True,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
        return done.stderr

    return run


def test_a_worker_that_reads_it_after_the_fork_says_so_once(said):
    twice = f"{READS.format(SERVER)}; ssl.SSLContext({SERVER})"
    assert said(CHILD.format(twice)).count(LINE) == 1


def test_each_worker_says_so(said):
    worker = CHILD.format(READS.format(SERVER))
    assert said(worker, worker).count(LINE) == 2


def test_nothing_is_said_where_the_parent_has_read_it(said):
    reads = READS.format(SERVER)
    assert said(reads, CHILD.format(reads)) == ""


def test_nothing_is_said_of_a_program_of_its_own(said):
    reads = READS.format(SERVER)
    assert said(f"os.spawnv(os.P_WAIT, '/usr/bin/python3', ['python3', '-c', '{reads}'])") == ""


def test_nothing_is_said_of_clients(said):
    assert said(CHILD.format(READS.format(CLIENT))) == ""


@pytest.mark.skipif(not reads_late(), reason="this release's Python reads it when it is imported")
@pytest.mark.parametrize("tls", VERSIONS)
def test_clients_of_such_a_server_resume_with_one_process_only(loaded, tls):
    server = loaded(PythonAfterFork)
    visits = server.visit(tls, count=40)
    assert visits.lost() and visits.resumed()
    assert server.stderr().count(LINE) == server.workers


@pytest.mark.parametrize("tls", VERSIONS)
def test_an_ssl_context_before_the_fork_mends_that(loaded, tls):
    server = loaded(python_for_a_private_ring())
    assert not server.visit(tls, count=40).lost()
    assert server.stderr() == ""
