# SPDX-License-Identifier: Apache-2.0
"""All of OpenSSL 3 has one name for the dynamic linker: what was built for one is loaded into
another. Debian 12's 3.0 and this release's own serve each other's module."""
import ssl

import pytest

from harness import build, module
from harness.client import VERSIONS
from harness.libcryptos import others
from harness.servers import SServer
from harness.stekd import Stekd

pytestmark = pytest.mark.skipif(
    not (3, 1) <= ssl.OPENSSL_VERSION_INFO[:2] < (4, 0), reason="there is no other OpenSSL 3 here"
)
each_version = pytest.mark.parametrize("tls", VERSIONS)


class OlderServer(SServer):
    """Debian 12's `openssl s_server` with its own libraries."""

    def command(self):
        program = others.tree_of("openssl-3.0-program") / "usr/bin/openssl"
        return [program, *super().command()[1:]]

    def environment(self):
        libraries = others.libraries_of("openssl-3.0")
        return {**super().environment(), "LD_LIBRARY_PATH": str(libraries)}


@pytest.fixture(scope="module", autouse=True)
def archive():
    try:
        for name in ("openssl-3.0", "openssl-3.0-program", "openssl-3.0-headers"):
            others.tree_of(name)
    except others.Missing as problem:
        pytest.skip(str(problem))


@pytest.fixture(scope="module")
def module_for_3_0(work):
    return others.module_for_3_0(work / "stek-3.0.so")


@pytest.fixture
def daemon(folder):
    with Stekd(folder / "stekd", web={}) as started:
        yield started


def conf_with(folder, daemon, path=build.MODULE):
    conf = module.compose(folder / "web.cnf", ring=daemon.ring("web"))
    conf.write_text(conf.read_text().replace(str(build.MODULE), str(path)))
    return conf


def assert_serves(server, daemon, tls, built, runs):
    """The ring serves, and one line names both versions."""
    assert len(server.visit(tls, count=5).resumed()) == 4
    said = [line for line in server.said().splitlines() if line.startswith("stek: ")]
    assert len(said) == 1
    assert said[0].startswith(f"stek: built for OpenSSL {built}.")
    assert f", and running with OpenSSL {runs}." in said[0]
    assert daemon.status("web")["tickets"]["sealed"] > 0


OWN = ".".join(map(str, ssl.OPENSSL_VERSION_INFO[:2]))


@each_version
def test_a_build_for_a_newer_openssl_serves_3_0(running, folder, daemon, tls):
    server = running(OlderServer, conf_with(folder, daemon))
    assert_serves(server, daemon, tls, OWN, "3.0")


@each_version
def test_a_build_for_3_0_serves_a_newer_openssl(running, folder, daemon, module_for_3_0, tls):
    server = running(SServer, conf_with(folder, daemon, module_for_3_0))
    assert_serves(server, daemon, tls, "3.0", OWN)


@each_version
def test_control_a_build_for_3_0_serves_3_0_without_a_word(
    running, folder, daemon, module_for_3_0, tls
):
    server = running(OlderServer, conf_with(folder, daemon, module_for_3_0))
    assert len(server.visit(tls, count=5).resumed()) == 4
    assert "stek: " not in server.said()
