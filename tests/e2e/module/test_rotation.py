# SPDX-License-Identifier: Apache-2.0
"""Keys rotate every two seconds for half a minute, under load, in all programs at the same time."""
import contextlib

import pytest

from harness import client, module
from harness.client import VERSIONS
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

RUN_S = 30
ROTATE_S = 2
POLICY = {"rotate": f"{ROTATE_S}s", "accept": "60s"}
LOADED = [
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
STOCK = [Nginx, Apache, Lighttpd, Python, SServer, Stunnel, Haproxy]

each_loaded = pytest.mark.parametrize("program", LOADED, ids=lambda p: p.name)
each_stock = pytest.mark.parametrize("program", STOCK, ids=lambda p: p.name)
each_version = pytest.mark.parametrize("tls", VERSIONS)


@pytest.fixture(scope="module")
def visits(work, certificates):
    """{(program, version, loaded): what its client saw}; servers and clients all run side by
    side."""
    folder = work / "rotation"
    folder.mkdir()
    clients = {}
    with contextlib.ExitStack() as stack:

        def run(program, openssl_conf, interval_ms):
            place = folder / f"{program.name}-{'loaded' if openssl_conf else 'stock'}"
            server = stack.enter_context(program(place, certificates, openssl_conf))
            for tls in VERSIONS:
                visitor = client.Background(
                    server.port, tls, seconds=RUN_S, interval_ms=interval_ms
                )
                stack.callback(visitor.stop)
                clients[program, tls, bool(openssl_conf)] = visitor

        for program in LOADED:
            settings = {**POLICY, **module.private_settings(program)}
            conf = module.compose(folder / f"{program.name}.cnf", **settings)
            run(program, conf, interval_ms=40)
        for program in STOCK:
            run(program, None, interval_ms=500)
        yield {key: visitor.results() for key, visitor in clients.items()}


@each_version
@each_loaded
def test_no_handshake_fails_while_keys_rotate(visits, program, tls):
    assert len(visits[program, tls, True]) > RUN_S * 10
    assert not visits[program, tls, True].failed()


@each_version
@each_loaded
def test_no_resumption_is_lost_while_keys_rotate(visits, program, tls):
    assert not visits[program, tls, True].lost()


@each_version
@each_loaded
def test_tickets_follow_the_rotation(visits, program, tls):
    assert RUN_S / ROTATE_S - 2 <= len(visits[program, tls, True].keys()) <= RUN_S / ROTATE_S + 2


@each_version
@each_loaded
def test_a_key_that_has_stopped_sealing_never_seals_again(visits, program, tls):
    sealed_by = [c.key for c in visits[program, tls, True] if c.tickets]
    changes = [key for before, key in zip([None, *sealed_by], sealed_by) if key != before]
    assert len(changes) == len(set(changes))


@each_version
@each_stock
def test_control_a_program_as_it_comes_seals_under_one_key(visits, program, tls):
    assert not visits[program, tls, False].failed()
    assert len(visits[program, tls, False].keys()) == 1
