# SPDX-License-Identifier: Apache-2.0
"""Whoever copies a server of examples/embed copies how it ends: each gives back its ring and all
else, built by Meson or by CMake, with the shared library or with the archive."""
import os
import signal
from pathlib import Path

import pytest

from harness import build
from harness.servers import embedded
from harness.servers.embedded import Events, Forks, Threads

pytestmark = pytest.mark.skipif(
    build.sanitized(), reason="valgrind and a sanitizer do not go together"
)

# A ring that nobody freed is still reachable: the library lists rings, for their forks.
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--error-exitcode=99"]
VALGRIND += ["--show-leak-kinds=all", "--errors-for-leak-kinds=all"]
VALGRIND += [f"--suppressions={Path(embedded.__file__).with_name('kept.supp')}"]


def end_with_sigterm(server):
    server.process.signal(signal.SIGTERM)
    return 0


def end_with_its_workers(server):
    """The parent gives back its part when the last worker is gone, and fails."""
    for worker in server.process.children():
        os.kill(worker, signal.SIGTERM)
    return 1


ENDS = {Threads: end_with_sigterm, Events: end_with_sigterm, Forks: end_with_its_workers}


def gives_all_back(server):
    for tls in "1.3", "1.2":
        assert not server.visit(tls, count=3).failed()
    status = ENDS[type(server)](server)
    assert server.process.popen.wait(timeout=120) == status, server.stderr()


@pytest.mark.parametrize("with_ring", (False, True), ids=("private", "stekds"))
@pytest.mark.parametrize("program", ENDS, ids=lambda each: each.name)
def test_a_server_that_ends_gives_back_its_ring(stock, daemon, program, with_ring):
    ring = daemon.ring("web") if with_ring else None
    gives_all_back(stock(program, ring=ring, wrapper=VALGRIND))


@pytest.mark.parametrize("linked", ("cmake_shared", "cmake_static"))
def test_one_that_cmake_built_gives_it_back_too(request, stock, linked):
    gives_all_back(stock(Threads, where=request.getfixturevalue(linked), wrapper=VALGRIND))
