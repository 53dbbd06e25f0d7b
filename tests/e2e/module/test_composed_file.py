# SPDX-License-Identifier: Apache-2.0
"""`stek openssl-cnf` composes with whatever the system's openssl.cnf is."""
import ssl

import pytest

from harness import build, module
from harness.programs import run, shares_tickets
from harness.servers import Node, SServer

# A section of libcrypto's own.
OTHER_MODULE = (
    "providers = list\n[list]\ndefault = on\n[on]\nactivate = 1\n"
    if ssl.OPENSSL_VERSION_INFO >= (3,)
    else "alg_section = algorithms\n[algorithms]\nfips_mode = no\n"
)
SYSTEM_FILES = {
    "empty": "",
    "no_init_section": "HOME = .\n[req]\ndistinguished_name = dn\n[dn]\n",
    "own_name": "openssl_conf = my_init\n[my_init]\n[other]\nx = y\n",
    "own_name_with_blanks": "openssl_conf=my_init # the start\n\n[ my_init ]\n" + OTHER_MODULE,
    "in_default_section": "[default]\nopenssl_conf = default_conf\n[default_conf]\n[last]\nopenssl_conf = decoy\n",
    "openssl_init_without_use": "[openssl_init]\nnothing = here\n",
}
TLS13_ONLY = """
openssl_conf = my_init
[my_init]
ssl_conf = my_ssl
[my_ssl]
system_default = my_defaults
[my_defaults]
MinProtocol = TLSv1.3
[something_else]
"""


def system_file(folder, text):
    path = folder / "system.cnf"
    path.write_text(text)
    return path


def test_the_module_serves_with_the_systems_own_file(stek_conf, certificates):
    assert shares_tickets(stek_conf, certificates.server)


@pytest.mark.parametrize("kind", SYSTEM_FILES)
def test_the_module_serves_with_other_system_files(folder, certificates, kind):
    conf = module.compose(folder / "stek.cnf", system=system_file(folder, SYSTEM_FILES[kind]))
    assert shares_tickets(conf, certificates.server)


def test_the_systems_file_still_counts(running, folder):
    conf = module.compose(folder / "stek.cnf", system=system_file(folder, TLS13_ONLY))
    server = running(SServer, conf)
    assert server.visit("1.2")[0].alert == "protocol version"
    assert len(server.visit("1.3", count=5).resumed()) == 4


def test_control_the_systems_file_refuses_tls12_by_itself(running, folder):
    server = running(SServer, system_file(folder, TLS13_ONLY))
    assert server.visit("1.2")[0].alert == "protocol version"


def test_node_starts_from_its_own_init_section(running, folder):
    text = "nodejs_conf = node_init\nopenssl_conf = init\n[node_init]\n[init]\n[last]\n"
    conf = module.compose(folder / "stek.cnf", override="yes", system=system_file(folder, text))
    visits = running(Node, conf).visit("1.3", count=5)
    assert [c.tickets for c in visits.resumed()] == [1] * 4


def test_the_settings_asked_for_are_in_the_file(folder):
    conf = module.compose(folder / "stek.cnf", rotate="15m", accept="90s", override="no", ahead="3")
    lines = conf.read_text().splitlines()
    assert {"rotate = 15m", "accept = 90s", "override = no", "ahead = 3"} <= set(lines)


@pytest.mark.parametrize(
    "option, value",
    [
        ("rotate", "0s"),
        ("ahead", "17"),
        ("override", "perhaps"),
        ("ring", "-x"),
        ("module", "stek.so"),
        ("system", "/nonexistent"),
        ("colour", "blue"),
    ],
)
def test_a_mistake_prints_no_file_at_all(option, value):
    options = {"module": build.MODULE, option: value}
    ended = run(
        [
            build.COMMAND,
            "openssl-cnf",
            *(a for pair in options.items() for a in (f"--{pair[0].replace('_', '-')}", pair[1])),
        ]
    )
    assert ended.status != 0
    assert ended.stdout == b""
    assert option in ended.stderr


@pytest.mark.parametrize(
    "label", ["shop", "all of us", "a # b ; c", "100% {x} (y) [z]", "it's", "=", "auto "]
)
def test_a_label_arrives_as_it_was_given(folder, certificates, label):
    """Tickets cross from one identity to another only under one label."""
    conf = module.compose(folder / "stek.cnf", context=label)
    assert run(["openssl", "version"], conf).stderr == ""
    assert shares_tickets(conf, certificates.server, certificates.other)


def test_a_short_rotate_alone_gets_the_accept_that_fits_and_it_is_said(folder, certificates):
    args = [build.COMMAND, "openssl-cnf", "--module", build.MODULE, "--rotate", "3s"]
    made = run(args, None)
    assert b"\nrotate = 3s\naccept = 180s\n" in made.stdout
    assert made.stderr.splitlines() == [
        "stek openssl-cnf: accept is 180s, which is shorter than its default: "
        "a ring holds at most 64 keys"
    ]
    conf = folder / "stek.cnf"
    conf.write_bytes(made.stdout)
    assert shares_tickets(conf, certificates.server)
