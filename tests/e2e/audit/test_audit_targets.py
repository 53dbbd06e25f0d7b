# SPDX-License-Identifier: Apache-2.0
"""Several targets: whose tickets serve where, and what a full handshake there would have brought
instead."""
import base64
import os

import pytest

from harness.audit import run
from harness.servers import Broken, Haproxy, Nginx, Stunnel


def audit(pki, *targets, **options):
    return run(*targets, ca=pki.ca, **options)


def addresses(*servers):
    return [f"127.0.0.1:{server.port}" for server in servers]


def test_shared_keys_of_servers_with_different_names_are_found(stock, certificates):
    """Two servers with the same keys and each a certificate of its own."""
    a = stock(Broken, seed=7)
    b = stock(Broken, seed=7, identity=certificates.other)
    report = audit(certificates, *addresses(a, b), sni=["a.example", "b.example"])
    assert report.severities("shared-keys") >= {"high"}
    assert report.status == 3


def test_control_servers_with_keys_of_their_own(stock, certificates):
    a = stock(Broken, seed=7)
    b = stock(Broken, seed=8, identity=certificates.other)
    report = audit(certificates, *addresses(a, b), sni=["a.example", "b.example"])
    assert "shared-keys" not in report.ids("low")
    assert "cross-name" not in report.ids("medium")


def test_control_two_hosts_of_one_site_share_keys_on_purpose(stock, certificates):
    """The control arm: a full handshake at the other host is answered with a certificate for the
    same name."""
    a, b = stock(Broken, seed=7), stock(Broken, seed=7)
    report = audit(certificates, *addresses(a, b), sni="a.example")
    assert report.severities("shared-keys") == {"info"}
    assert report.status == 0


def test_haproxy_hosts_with_one_key_file(stock, folder, certificates):
    """The same through HAProxy's own configuration: told, and a flaw only where the name is not the
    host's own."""
    keys = folder / "keys"
    keys.write_text("".join(base64.b64encode(os.urandom(80)).decode() + "\n" for _ in range(3)))
    a = stock(Haproxy, ticket_keys=keys)
    b = stock(Haproxy, ticket_keys=keys, identity=certificates.other)
    report = audit(certificates, *addresses(a, b), sni=["a.example", "b.example"])
    assert report.of("shared-keys"), report.findings


# What they did wrong, and newer ones do no more.
careless_nginx = pytest.mark.skipif(
    Nginx.version() >= (1, 30), reason="nginx 1.30 takes no other name's ticket"
)
careless_haproxy = pytest.mark.skipif(
    Haproxy.version() >= (3, 2), reason="HAProxy 3.2 takes no ticket for a certificate"
)


@pytest.mark.parametrize(
    "program", [pytest.param(Nginx, marks=careless_nginx), Broken], ids=lambda program: program.name
)
def test_a_ticket_that_serves_under_another_name_is_found(stock, certificates, program):
    server = stock(program, second_host=True)
    report = audit(certificates, *addresses(server), sni=["a.example", "b.example"])
    assert report.severities("cross-name") == {"medium"}


def test_control_with_the_module_names_are_kept_apart(loaded, certificates):
    server = loaded(Nginx, second_host=True)
    report = audit(certificates, *addresses(server), sni=["a.example", "b.example"])
    assert "cross-name" not in report.ids()
    assert {"offered", "resumes"} <= report.ids()


@pytest.mark.parametrize(
    "program, options",
    [
        (Broken, {"fault": "client-auth-bypass", "second_host": True}),
        pytest.param(Haproxy, {"second_verifies": True}, marks=careless_haproxy),
        (Stunnel, {"second_verifies": True}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_ticket_in_place_of_a_client_certificate_is_found(stock, certificates, program, options):
    """HAProxy and stunnel as Debian 12 has them, where one of two names at an address demands a
    certificate."""
    server = stock(program, **options)
    report = audit(certificates, *addresses(server), sni=["a.example", "b.example"])
    assert report.severities("client-auth-bypass") == {"high"}
    assert {(found.other, found.target) for found in report.of("client-auth-bypass")} == {(0, 1)}
    assert report.status == 3


@careless_nginx
def test_control_a_host_that_turns_the_ticket_away_itself(stock, folder, certificates):
    """This nginx resumes in TLS 1.2, but answers 421 or an alert: as little as without a ticket."""
    key = folder / "key"
    key.write_bytes(os.urandom(80))
    server = stock(Nginx, second_host=True, second_verifies=True, ticket_key=key)
    report = audit(certificates, *addresses(server), sni=["a.example", "b.example"])
    assert "client-auth-bypass" not in report.ids()
    assert "cross-name" in report.ids()


def test_control_with_the_module_no_ticket_stands_in_for_a_certificate(loaded, certificates):
    server = loaded(Haproxy, second_verifies=True)
    report = audit(certificates, *addresses(server), sni=["a.example", "b.example"])
    assert "client-auth-bypass" not in report.ids()
