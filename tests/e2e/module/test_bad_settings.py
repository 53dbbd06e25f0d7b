# SPDX-License-Identifier: Apache-2.0
"""A mistake in the settings is said in one line, and the program goes on with OpenSSL's own
keys."""
import re

import pytest

from harness import module
from harness.programs import run, shares_tickets
from harness.servers import Nginx, Python

# (setting, value, words of what is allowed)
MISTAKES = [
    ("ring", "", "private"),
    ("ring", "-public", "private"),
    ("rotate", "0s", "1s 7d"),
    ("rotate", "8d", "1s 7d"),
    ("rotate", "3600", "1s 7d"),
    ("rotate", "1 h", "1s 7d"),
    ("rotate", "-1h", "1s 7d"),
    ("rotate", "1y", "1s 7d"),
    ("rotate", "99999999999999999999d", "1s 7d"),
    ("accept", "0s", "1s 7d"),
    ("accept", "169h", "1s 7d"),
    ("accept", "soon", "1s 7d"),
    ("ahead", "0", "1 16"),
    ("ahead", "17", "1 16"),
    ("ahead", "two", "1 16"),
    ("max_session_age", "0s", "1s 30d"),
    ("max_session_age", "31d", "1s 30d"),
    ("context", "x" * 256, "auto 255 printable"),
    ("context", "b\u00fccher", "auto 255 printable"),
    ("override", "maybe", "auto yes no"),
    ("override", "YES", "auto yes no"),
    ("verified_peers", "all", "as-openssl same-configuration"),
    ("early_data", "twice", "once as-is never"),
    ("session_id_context", "stek", "program ring"),
    ("names", "none", "same any"),
    ("colour", "blue", "ring rotate accept ahead max_session_age context override names"),
    ("Rotate", "1h", "ring rotate accept ahead max_session_age context override names"),
]
each_mistake = pytest.mark.parametrize(
    "name, value, allowed", MISTAKES, ids=[f"{name}={value[:12]}" for name, value, _ in MISTAKES]
)


def assert_one_line(stderr, name, value, allowed):
    said = [line for line in stderr.splitlines() if "stek" in line]
    assert len(said) == 1
    start = f"stek: openssl configuration: section 'stek_settings': {name} = {value}: allowed: "
    assert said[0].startswith(start)
    assert [word for word in allowed.split() if word not in said[0][len(start) :]] == []


@each_mistake
def test_a_mistake_is_said_in_one_line(folder, name, value, allowed):
    ended = run(["openssl", "version"], module.by_hand(folder / "bad.cnf", **{name: value}))
    assert ended.status == 0
    assert ended.stdout.startswith(b"OpenSSL ")
    assert_one_line(ended.stderr, name, value, allowed)
    assert ended.stderr.count("\n") == 1


@each_mistake
def test_a_program_with_a_mistake_has_openssls_own_keys(folder, certificates, name, value, allowed):
    assert not shares_tickets(
        module.by_hand(folder / "bad.cnf", **{name: value}), certificates.server
    )


def test_control_without_a_mistake_nothing_is_said_and_the_ring_is_shared(folder, certificates):
    conf = module.by_hand(
        folder / "good.cnf",
        rotate="90s",
        accept="15m",
        ahead="16",
        max_session_age="7d",
        context="x",
        override="no",
        ring="private",
    )
    assert run(["openssl", "version"], conf).stderr == ""
    assert shares_tickets(conf, certificates.server)


def test_more_keys_than_a_ring_holds_are_a_mistake(folder, certificates):
    conf = module.by_hand(folder / "bad.cnf", rotate="1s", accept="12h")
    ended = run(["openssl", "version"], conf)
    assert ended.status == 0
    assert re.fullmatch(
        r"stek: openssl configuration: section 'stek_settings': rotate = 1s.*12h.*: allowed: .*\n",
        ended.stderr,
    )
    assert not shares_tickets(conf, certificates.server)


def test_the_first_of_several_mistakes_is_said(folder):
    conf = module.by_hand(folder / "bad.cnf", rotate="0s", accept="never", colour="blue")
    assert_one_line(run(["openssl", "version"], conf).stderr, "rotate", "0s", "1s 7d")


def test_the_line_names_the_section(folder):
    conf = module.by_hand(folder / "bad.cnf", section="my_own_name", rotate="0s")
    assert "section 'my_own_name': rotate = 0s" in run(["openssl", "version"], conf).stderr


@pytest.mark.parametrize("program", [Nginx, Python], ids=lambda p: p.name)
@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_a_server_goes_on_with_openssls_own_keys(running, folder, program, tls):
    server = running(program, module.by_hand(folder / "bad.cnf", rotate="0s"))
    visits = server.visit(tls, count=10)
    assert not visits.failed()
    assert len(visits.resumed()) == 9
    assert_one_line(server.stderr(), "rotate", "0s", "1s 7d")


def test_nginx_with_a_mistake_loses_its_tickets_in_a_reload_like_any_nginx(running, folder):
    server = running(Nginx, module.by_hand(folder / "bad.cnf", rotate="0s"))
    session = server.folder / "session.pem"
    server.visit("1.3", sess_out=session)
    server.reload()
    assert server.visit("1.3", sess_in=session).lost()
