# SPDX-License-Identifier: Apache-2.0
"""Whom a service lets in with a ticket: nobody whom the same service without stek would turn
away."""
import dataclasses
import subprocess

import pytest

from harness import client, pki
from harness.client import VERSIONS
from harness.process import plain_environment
from harness.programs import shares_tickets
from harness.servers import Nginx, Ports
from harness.stekd import Stekd

each_version = pytest.mark.parametrize("tls", VERSIONS)


@pytest.fixture(scope="module")
def other_ca(work):
    """Another authority of the same name."""
    folder = work / "other-ca"
    folder.mkdir()
    return pki.authority(folder)[1]


@pytest.fixture(scope="module")
def crl(work, certificates):
    """A list of the usual authority's on which the client's certificate is."""
    folder = work / "crl"
    folder.mkdir()
    (folder / "index.txt").write_text("")
    (folder / "ca.cnf").write_text(
        f"[ca]\ndefault_ca = d\n[d]\ndatabase = {folder}/index.txt\ndefault_md = sha256\n"
    )
    key = certificates.ca.with_suffix(".key")
    base = [
        "openssl",
        "ca",
        "-config",
        folder / "ca.cnf",
        "-cert",
        certificates.ca,
        "-keyfile",
        key,
    ]
    for args in (["-revoke", certificates.client.cert], ["-gencrl", "-crldays", "2", "-out"]):
        args += [folder / "crl.pem"] if args[0] == "-gencrl" else []
        subprocess.run(
            [*map(str, base + args)], check=True, capture_output=True, env=plain_environment()
        )
    return folder / "crl.pem"


@pytest.fixture
def host_ring(folder):
    """The path of a ring that stekd keeps."""
    with Stekd(folder / "stekd", web={}) as daemon:
        yield daemon.ring("web")


def alice(certificates):
    return {"cert": certificates.client.cert, "key": certificates.client.key}


def carry(server, tls, certificates):
    """A client with a certificate visits the first port, and takes its ticket to the second,
    without one."""
    session = server.folder / "session.pem"
    first = client.visit(server.at(0), tls, sess_out=session, **alice(certificates))
    assert not first.failed() and first.answers() == {"client"}
    return client.visit(server.at(1), tls, sess_in=session)


@each_version
def test_a_client_of_one_authority_is_not_let_in_where_another_is_trusted(
    loaded, certificates, other_ca, tls
):
    server = loaded(Ports, ports=[{"ca": certificates.ca}, {"ca": other_ca}])
    visit = carry(server, tls, certificates)[0]
    assert not visit.ok and not visit.resumed


@each_version
def test_a_client_whose_certificate_is_revoked_is_not_let_in_where_that_is_checked(
    loaded, certificates, crl, tls
):
    server = loaded(Ports, ports=[{"ca": certificates.ca}, {"ca": certificates.ca, "crl": crl}])
    visit = carry(server, tls, certificates)[0]
    assert not visit.ok and not visit.resumed


@each_version
def test_a_client_whose_authority_was_removed_is_not_let_in_after_a_restart(
    loaded, certificates, other_ca, tls, host_ring
):
    """The ring outlives the program; what the program trusts does not."""
    server = loaded(Ports, stek={"ring": host_ring}, ports=[{"ca": certificates.ca}])
    session = server.folder / "session.pem"
    assert client.visit(server.at(0), tls, sess_out=session, **alice(certificates))[0].ok
    server.ports[0]["ca"] = other_ca
    server.restart()
    visit = client.visit(server.at(0), tls, sess_in=session)[0]
    assert not visit.ok and not visit.resumed


@each_version
def test_control_where_nobody_is_verified_a_ticket_outlives_a_restart(loaded, tls, host_ring):
    server = loaded(Ports, stek={"ring": host_ring}, ports=[{}])
    session = server.folder / "session.pem"
    assert client.visit(server.at(0), tls, sess_out=session)[0].ok
    server.restart()
    assert client.visit(server.at(0), tls, sess_in=session)[0].resumed


@each_version
def test_a_client_still_resumes_at_its_own_port(loaded, certificates, other_ca, tls):
    server = loaded(Ports, ports=[{"ca": certificates.ca}, {"ca": other_ca}])
    visits = client.visit(server.at(0), tls, count=10, **alice(certificates))
    assert len(visits.resumed()) == 9 and visits.answers() == {"client"}


@each_version
def test_behind_a_host_that_verifies_nobody_a_replaced_authority_ends_tickets_at_a_reload(
    loaded, certificates, other_ca, tls
):
    """Tickets open before the servername callback, under an SSL_CTX that has no authority at
    all."""
    server = loaded(Nginx, second_host=True, second_verifies=True)
    session = server.folder / "session.pem"
    first = server.visit(tls, sni="b.example", sess_out=session, **alice(certificates))
    assert not first.failed()
    server.pki = dataclasses.replace(certificates, ca=other_ca)
    server.prepare()
    server.reload()
    visit = server.visit(tls, sni="b.example", sess_in=session)[0]
    assert not visit.resumed


@each_version
def test_control_behind_a_host_that_verifies_nobody_tickets_resume(loaded, certificates, tls):
    server = loaded(Nginx, second_host=True, second_verifies=True)
    visits = server.visit(tls, sni="b.example", count=10, **alice(certificates))
    assert len(visits.resumed()) == 9


def issued(folder, certificates, name, alternatives):
    """A certificate without a common name."""
    key = certificates.ca.with_suffix(".key")
    return pki.issue(folder, "", certificates.ca, key, alternatives, file=name)


@pytest.mark.parametrize(
    "alternatives",
    [
        ("subjectAltName=IP:192.0.2.1", "subjectAltName=IP:192.0.2.2"),
        ("subjectAltName=URI:spiffe://a/1", "subjectAltName=URI:spiffe://a/2"),
        ("subjectAltName=email:a@a.example", "subjectAltName=email:b@a.example"),
        ("basicConstraints=CA:FALSE", "basicConstraints=CA:FALSE"),
    ],
    ids=["address", "uri", "e-mail", "nameless"],
)
def test_certificates_for_different_things_do_not_share(
    stek_conf, folder, certificates, alternatives
):
    one, other = (
        issued(folder, certificates, f"c{number}", extension)
        for number, extension in enumerate(alternatives)
    )
    assert not shares_tickets(stek_conf, one, other)
    assert shares_tickets(stek_conf, one)
