# SPDX-License-Identifier: Apache-2.0
"""Programs with a ticket key file of their own: whose key is in the ticket tells whose callback
won."""
import pytest

from harness import keyfile
from harness.client import VERSIONS
from harness.servers import Apache, Haproxy, Lighttpd, Nginx

OWN_NAME = keyfile.NAME.hex()
PROGRAMS = [
    (Nginx, "ticket_key", keyfile.nginx),
    (Apache, "ticket_key", keyfile.apache),
    (Lighttpd, "stek_file", keyfile.lighttpd),
    (Haproxy, "ticket_keys", keyfile.haproxy),
]

each_version = pytest.mark.parametrize("tls", VERSIONS)
each_with_a_key_file = pytest.mark.parametrize(
    "program, option, write", PROGRAMS, ids=[p[0].name for p in PROGRAMS]
)


@each_version
@each_with_a_key_file
def test_with_a_private_ring_the_program_wins_by_default(
    loaded, folder, program, option, write, tls
):
    server = loaded(program, **{option: write(folder / "own.key")})
    visits = server.visit(tls, count=5)
    assert not visits.failed()
    assert visits.keys() == [OWN_NAME]


@each_version
@each_with_a_key_file
def test_stek_wins_with_override_yes(loaded, folder, program, option, write, tls):
    server = loaded(program, stek={"override": "yes"}, **{option: write(folder / "own.key")})
    visits = server.visit(tls, count=5)
    assert OWN_NAME not in visits.keys()
    assert len(visits.resumed()) == 4


@each_version
@each_with_a_key_file
def test_the_program_wins_with_override_no(loaded, folder, program, option, write, tls):
    server = loaded(program, stek={"override": "no"}, **{option: write(folder / "own.key")})
    visits = server.visit(tls, count=5)
    assert not visits.failed()
    assert visits.keys() == [OWN_NAME]


@each_version
@each_with_a_key_file
def test_control_the_key_file_names_the_tickets(stock, folder, program, option, write, tls):
    server = stock(program, **{option: write(folder / "own.key")})
    visits = server.visit(tls, count=5)
    assert not visits.failed()
    assert visits.keys() == [OWN_NAME]


@each_version
def test_with_override_no_a_program_without_keys_of_its_own_still_gets_the_ring(loaded, tls):
    server = loaded(Nginx, stek={"override": "no"})
    session = server.folder / "session.pem"
    server.visit(tls, sess_out=session)
    server.reload()
    assert server.visit(tls, sess_in=session).resumed()
