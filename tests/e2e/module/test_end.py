# SPDX-License-Identifier: Apache-2.0
"""Programs end with the module as they end without: no crash, no leak, nothing said."""
import os
import resource
import shutil

import pytest

from harness import build, client, module
from harness.process import Process, free_port, plain_environment
from harness.programs import run
from harness.servers import (
    Apache,
    Haproxy,
    Lighttpd,
    Nginx,
    Node,
    Php,
    Python,
    SServer,
    Stunnel,
    python_for_a_private_ring,
)

ALL = [
    Nginx,
    Apache,
    Lighttpd,
    Python,
    python_for_a_private_ring(),
    Php,
    SServer,
    Stunnel,
    Haproxy,
    Node,
]
VALGRIND = [
    "valgrind",
    "-q",
    "--error-exitcode=9",
    "--leak-check=full",
    "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite",
]


def stopped_after_visits(server):
    for tls in client.VERSIONS:
        assert not server.visit(tls, count=5).failed()
    return server.stop()


@pytest.mark.parametrize("program", ALL, ids=lambda p: p.name)
def test_a_server_ends_as_it_did(loaded, stock, work, program):
    server = loaded(program)
    assert stopped_after_visits(server) == stopped_after_visits(stock(program))
    assert "stek" not in server.stderr().replace(str(work), "")


@pytest.mark.parametrize(
    "args", [["version"], ["dgst", "/dev/null"], ["ciphers"]], ids=lambda a: a[0]
)
def test_valgrind_finds_nothing_in_a_program_without_tls(stek_conf, args):
    ended = run([*VALGRIND, "openssl", *args], stek_conf)
    assert (ended.status, ended.stderr) == (0, "")


def test_valgrind_finds_nothing_in_a_client(stock, stek_conf):
    server = stock(Haproxy)
    ended = run(
        [*VALGRIND, "openssl", "s_client", "-connect", f"127.0.0.1:{server.port}"],
        stek_conf,
        stdin=b"Q\n",
    )
    assert ended.status == 0


@pytest.mark.parametrize("tls", client.VERSIONS)
def test_valgrind_finds_nothing_in_a_server(folder, certificates, tls):
    """Four connections, three of them resumed, then the server ends by itself."""
    conf = module.compose(folder / "stek.cnf", rotate="1s", accept="50s")
    port = free_port()
    server = Process(
        [
            *VALGRIND,
            "openssl",
            "s_server",
            "-accept",
            f"127.0.0.1:{port}",
            "-www",
            "-quiet",
            "-naccept",
            "4",
            "-cert",
            certificates.server.cert,
            "-key",
            certificates.server.key,
        ],
        folder,
        plain_environment(OPENSSL_CONF=conf),
    )
    try:
        server.wait_until_listening(port)
        visits = client.visit(port, tls, count=4, timeout_ms=20000)
        assert server.popen.wait(timeout=30) == 0, server.stderr()
    finally:
        server.stop()
    assert len(visits.resumed()) == 3
    promised = [visit for visit in visits if visit.tickets > 0 and visit.hint_s > 0]
    # Before TLS 1.3 a promise counts from the handshake's beginning, which is slow under valgrind.
    assert promised
    assert all(visit.hint_s <= 52 + visit.took_ms // 1000 for visit in promised)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_program_that_may_lock_no_memory_says_so_and_goes_on(folder):
    """The user that it runs as must be able to read the module."""
    place = folder / "stek.so"
    shutil.copy(build.MODULE, place)
    place.chmod(0o755)
    conf = module.by_hand(folder / "stek.cnf")
    conf.write_text(conf.read_text().replace(str(build.MODULE), str(place)))
    ended = run(
        ["openssl", "version"], conf, user="nobody", limits={resource.RLIMIT_MEMLOCK: (0, 0)}
    )
    assert ended.status == 0
    assert ended.stderr.startswith("stek: ")
    assert ended.stderr.count("\n") == 1
