# SPDX-License-Identifier: Apache-2.0
"""
Programs that set ticket keys of their own in unusual ways: after the SSL_CTX has made an SSL (h2o),
in each connection (Traffic Server), or one for all processes of a cluster (Node).
"""
import pytest

from harness.client import VERSIONS, Visitor
from harness.servers import Node
from harness.servers.late_keys import H2o, TrafficServer
from harness.stekd import Stekd

WORKERS = 4
ROUNDS = 6
REPLACED = (
    "stek: the program sets ticket keys of its own after the first handshake; they are used, "
    "not the ring's"
)

each_version = pytest.mark.parametrize("tls", VERSIONS)


is_there = {
    program: pytest.mark.skipif(not program.is_there(), reason=f"no {program.name} here")
    for program in (H2o, TrafficServer)
}


@pytest.fixture
def stekd(folder):
    with Stekd(folder / "stekd", web={}) as daemon:
        yield daemon


def resumed(visitor, server, count=ROUNDS):
    return [visitor.visit(server) for _ in range(count)]


ALL_BUT_THE_FIRST = [False] + [True] * (ROUNDS - 1)


@is_there[H2o]
@each_version
def test_h2o_resumes_after_a_restart(loaded, stekd, tls):
    server = loaded(H2o, stek={"ring": stekd.ring("web")})
    visitor = Visitor(tls)
    assert resumed(visitor, server) == ALL_BUT_THE_FIRST
    server.restart()
    assert visitor.visit(server)
    assert stekd.status("web")["tickets"]["replaced"] == 0


@is_there[H2o]
@each_version
def test_control_with_its_own_keys_h2o_does_not(stock, tls):
    server, visitor = stock(H2o), Visitor(tls)
    assert resumed(visitor, server) == ALL_BUT_THE_FIRST
    server.restart()
    assert not visitor.visit(server)


@is_there[H2o]
@each_version
def test_h2o_keeps_its_own_keys_with_a_private_ring(loaded, tls):
    assert resumed(Visitor(tls), loaded(H2o)) == ALL_BUT_THE_FIRST


@is_there[TrafficServer]
@each_version
def test_traffic_server_resumes_after_a_restart_where_clients_name_no_host(loaded, stekd, tls):
    server, visitor = loaded(TrafficServer, stek={"ring": stekd.ring("web")}), Visitor(tls)
    assert resumed(visitor, server) == ALL_BUT_THE_FIRST
    server.restart()
    assert visitor.visit(server)


@is_there[TrafficServer]
@each_version
def test_where_they_name_one_its_own_keys_serve_as_without_stek(loaded, stekd, tls):
    """It sets them in its servername callback, in each connection: later than stek can."""
    server = loaded(TrafficServer, stek={"ring": stekd.ring("web")})
    visitor = Visitor(tls, "localhost")
    assert resumed(visitor, server) == ALL_BUT_THE_FIRST
    server.restart()
    assert not visitor.visit(server)


@is_there[TrafficServer]
@each_version
def test_control_without_stek_traffic_server_resumes_until_a_restart(stock, tls):
    server, visitor = stock(TrafficServer), Visitor(tls, "localhost")
    assert resumed(visitor, server) == ALL_BUT_THE_FIRST
    server.restart()
    assert not visitor.visit(server)


@is_there[TrafficServer]
def test_that_its_own_keys_serve_is_counted_and_said_once(loaded, stekd):
    server = loaded(TrafficServer, stek={"ring": stekd.ring("web")})
    for tls in VERSIONS:
        resumed(Visitor(tls, "localhost"), server)
    said = [line for line in server.said().splitlines() if line.startswith("stek: ")]
    assert said == [REPLACED]
    assert stekd.status("web")["tickets"]["replaced"] > 0
    assert "replaced: the program set ticket keys" in stekd.stek("status", "web").stdout


@each_version
def test_a_cluster_of_node_resumes_as_without_stek(stock, loaded, tls):
    """Its workers are started anew, not forked: a private ring of each would share nothing. In TLS
    1.3 Node gives no new ticket to who resumes, so a client runs out of them."""
    plain, with_stek = [
        start(Node, workers=WORKERS).visit(tls, count=2 * WORKERS) for start in (stock, loaded)
    ]
    assert [visit.resumed for visit in with_stek] == [visit.resumed for visit in plain]
    assert len(plain.resumed()) >= WORKERS
    assert len(plain.answers()) > 1 and len(with_stek.answers()) > 1


@each_version
def test_a_cluster_of_node_resumes_after_a_restart_with_a_ring_of_stekds(loaded, stekd, tls):
    server = loaded(Node, stek={"ring": stekd.ring("web")}, workers=WORKERS)
    session = server.folder / "session.pem"
    assert len(server.visit(tls, count=2 * WORKERS, sess_out=session).resumed()) == 2 * WORKERS - 1
    server.restart()
    assert server.visit(tls, sess_in=session).resumed()
