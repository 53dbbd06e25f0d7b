# SPDX-License-Identifier: Apache-2.0
"""Settings by which an operator says more than stek assumes by itself."""
import pytest

from harness import client, module
from harness.client import VERSIONS
from harness.servers import Nginx, Perl, Ports, Python
from harness.stekd import Stekd

each_version = pytest.mark.parametrize("tls", VERSIONS)


@pytest.fixture
def host_ring(folder):
    """The path of a ring that stekd keeps."""
    with Stekd(folder / "stekd", web={}) as daemon:
        yield daemon.ring("web")


def come_back_after_a_restart(server, tls, **options):
    session = server.folder / "session.pem"
    assert not server.visit(tls, sess_out=session, **options).failed()
    server.restart()
    return server.visit(tls, sess_in=session, **options)[0]


@each_version
def test_the_rings_session_id_context_lets_sessions_outlive_a_program(loaded, host_ring, tls):
    settings = {"ring": host_ring, "session_id_context": "ring"}
    assert come_back_after_a_restart(loaded(Perl, stek=settings), tls).resumed


@each_version
def test_control_a_session_id_context_of_each_process_ends_them(loaded, host_ring, tls):
    visit = come_back_after_a_restart(loaded(Perl, stek={"ring": host_ring}), tls)
    assert visit.ok and not visit.resumed


def test_status_says_when_a_session_id_context_is_the_reason(loaded, folder):
    with Stekd(folder / "stekd", web={}) as daemon:
        server = loaded(Perl, stek={"ring": daemon.ring("web")})
        assert "session_id_context" not in daemon.stek("status", "web").stdout
        come_back_after_a_restart(server, "1.3")
        assert "session_id_context = ring" in daemon.stek("status", "web").stdout


@each_version
def test_status_says_that_a_program_shares_as_openssl_does_since_it_verifies_peers(
    loaded, folder, tls
):
    """All workers inherit one SSL_CTX. Each of them counts it, and no more than once."""
    with Stekd(folder / "stekd", web={}) as daemon:
        server = loaded(
            Python, stek={"ring": daemon.ring("web")}, client_certificate=True, workers=2
        )
        assert "verified_peers" not in daemon.stek("status", "web").stdout
        assert not server.visit(tls, count=20).failed()
        counted = daemon.status("web")["tickets"]["verified_peers"]
        assert 1 <= counted <= 2
        said = f"verified_peers: {counted} SSL_CTXs share tickets as OpenSSL does"
        assert said in daemon.stek("status", "web").stdout


@each_version
@pytest.mark.parametrize(
    "stek, options",
    [
        ({}, {}),
        ({"verified_peers": "same-configuration"}, {"client_certificate": True}),
        ({"context": "label"}, {"client_certificate": True}),
    ],
    ids=["nobody-is-verified", "same-configuration", "label"],
)
def test_control_status_says_nothing_of_it_where_a_program_shares_further(
    loaded, folder, tls, stek, options
):
    with Stekd(folder / "stekd", web={}) as daemon:
        server = loaded(Python, stek={"ring": daemon.ring("web"), **stek}, **options)
        assert not server.visit(tls, count=5).failed()
        assert daemon.status("web")["tickets"]["verified_peers"] == 0
        assert "verified_peers" not in daemon.stek("status", "web").stdout


@each_version
def test_clients_that_are_verified_in_the_same_way_resume_after_a_restart(
    loaded, host_ring, certificates, tls
):
    settings = {"ring": host_ring, "verified_peers": "same-configuration"}
    server = loaded(Python, stek=settings, client_certificate=True)
    assert come_back_after_a_restart(server, tls).resumed


@each_version
def test_control_by_default_they_do_not(loaded, host_ring, tls):
    server = loaded(Python, stek={"ring": host_ring}, client_certificate=True)
    visit = come_back_after_a_restart(server, tls)
    assert visit.ok and not visit.resumed


@each_version
def test_nginx_with_the_same_configuration_resumes_over_a_reload(loaded, tls):
    server = loaded(Nginx, stek={"verified_peers": "same-configuration"}, client_certificate=True)
    session = server.folder / "session.pem"
    assert not server.visit(tls, sess_out=session).failed()
    server.reload()
    assert server.visit(tls, sess_in=session)[0].resumed


@each_version
def test_a_changed_configuration_ends_what_was_verified(
    loaded, host_ring, certificates, folder, tls
):
    """The same authority and one more: not the same configuration."""
    more = folder / "more.pem"
    more.write_text(certificates.ca.read_text() + certificates.server.cert.read_text())
    settings = {"ring": host_ring, "verified_peers": "same-configuration"}
    server = loaded(Ports, stek=settings, ports=[{"ca": certificates.ca}])
    session = server.folder / "session.pem"
    alice = {"cert": certificates.client.cert, "key": certificates.client.key}
    assert not client.visit(server.at(0), tls, sess_out=session, **alice).failed()
    server.ports[0]["ca"] = more
    server.restart()
    visit = client.visit(server.at(0), tls, sess_in=session, **alice)[0]
    assert visit.ok and not visit.resumed


@each_version
@pytest.mark.parametrize("sni", ["b.example", None])
def test_with_any_name_a_ticket_serves_a_connection_that_names_another_or_none(loaded, tls, sni):
    server = loaded(Python, stek={"names": "any"})
    session = server.folder / "session.pem"
    assert not server.visit(tls, sni="a.example", sess_out=session).failed()
    assert server.visit(tls, sni=sni, sess_in=session)[0].resumed


@each_version
@pytest.mark.parametrize("sni", ["b.example", None])
def test_control_by_default_it_does_not(loaded, tls, sni):
    server = loaded(Python)
    session = server.folder / "session.pem"
    assert not server.visit(tls, sni="a.example", sess_out=session).failed()
    assert not server.visit(tls, sni=sni, sess_in=session)[0].resumed


@each_version
def test_where_stek_is_required_a_mistake_leaves_no_tickets(running, folder, tls):
    conf = module.by_hand(folder / "bad.cnf", rotate="0s", required="yes")
    server = running(Python, conf)
    visits = server.visit(tls, count=5)
    assert not visits.failed() and not visits.resumed()
    assert {visit.tickets for visit in visits} == {0}
    said = [line for line in server.said().splitlines() if line.startswith("stek: ")]
    assert len(said) == 1 and said[0].endswith("; no tickets are given")


@each_version
def test_control_where_it_is_not_openssls_own_keys_give_some(running, folder, tls):
    visits = running(Python, module.by_hand(folder / "bad.cnf", rotate="0s")).visit(tls)
    assert visits[0].tickets > 0


@each_version
def test_where_stek_is_required_and_nothing_is_wrong_tickets_resume(loaded, tls):
    assert len(loaded(Python, stek={"required": "yes"}).visit(tls, count=5).resumed()) == 4
