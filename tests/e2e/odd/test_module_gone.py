# SPDX-License-Identifier: Apache-2.0
"""A module that cannot be loaded takes nothing from a server but its ring. Debian's openssl.cnf
asks OpenSSL to fail in that case, and nginx goes on without its libssl being set up."""
import shutil

import pytest

from harness import build, module
from harness.process import Gone
from harness.servers import Nginx

SYSTEM = "config_diagnostics = 1\nopenssl_conf = start\n[start]\n"
WORDS = ["1", "0", "00", "no", "", "-1", "2"]
FAULTS = {
    "removed": lambda path: path.unlink(),
    "replaced by something else": lambda path: path.write_text("no module\n"),
    "of no length": lambda path: path.write_bytes(b""),
}


DEFAULTS = "ssl_conf = all\n[all]\nsystem_default = one\n[one]\nMinProtocol = TLSv9\n"


def starts(server):
    """Whether it serves."""
    try:
        with server:
            return True
    except Gone:
        return False


@pytest.fixture
def broken(folder):
    """A configuration whose module is broken in this way after it was written."""

    def make(fault, **settings):
        system, copy = folder / "system.cnf", folder / "stek.so"
        system.write_text(SYSTEM)
        shutil.copy(build.MODULE, copy)
        conf = module.compose(folder / "stek.cnf", system=system, module=copy, **settings)
        FAULTS[fault](copy)
        return conf

    return make


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
@pytest.mark.parametrize("fault", FAULTS)
def test_nginx_serves_as_without_it(running, broken, fault, tls):
    server = running(Nginx, broken(fault), workers=1)
    visits = server.visit(tls, count=5)
    assert not visits.failed() and len(visits.resumed()) == 4


@pytest.mark.parametrize("word", WORDS)
def test_a_fault_in_the_systems_defaults_ends_nginx_as_without_it(word, folder, certificates):
    """A version of TLS that there is not: since 3.4 OpenSSL refuses to make an SSL_CTX then."""
    system = folder / "system.cnf"
    system.write_text(SYSTEM.replace("= 1", f"= {word}") + DEFAULTS)
    plain = Nginx(folder / "plain", certificates, system)
    loaded = Nginx(folder / "loaded", certificates, module.compose(folder / "s.cnf", system=system))
    assert starts(plain) == starts(loaded)


def test_with_required_openssl_may_say_so(broken):
    assert "config_diagnostics" not in broken("removed", required="yes").read_text()
