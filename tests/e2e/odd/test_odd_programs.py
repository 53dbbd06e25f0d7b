# SPDX-License-Identifier: Apache-2.0
"""Programs that do with OpenSSL what few programs do (tests/odd) do with the module what they do
without it: same output, same exit status, nothing said."""
import pytest

from harness import build, module
from harness.programs import run

PROGRAMS = ["jobs", "forks", "freed", "clean-up", "at-exit"]
# Of how far apart SSL_CTXs are kept the program notices nothing.
SETTINGS = {"private": {}, "same-configuration": {"verified_peers": "same-configuration"}}


def odd(name, certificates, conf=None):
    return run([build.ODD, name, certificates.server.both], conf)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_it_does_what_it_did(name, settings, folder, certificates):
    plain = odd(name, certificates)
    assert (plain.status, plain.stderr) == (0, ""), plain
    loaded = odd(name, certificates, module.compose(folder / "stek.cnf", **SETTINGS[settings]))
    assert loaded == plain


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_does_what_it_did_with_a_ring_of_stekds(name, daemon, folder, certificates):
    conf = module.compose(folder / "stek.cnf", ring=daemon.ring("web"))
    assert odd(name, certificates, conf) == odd(name, certificates)


@pytest.mark.skipif(build.sanitized(), reason="a sanitizer makes frames larger")
def test_handshakes_need_little_more_stack(folder, certificates, figure):
    """libcrypto's jobs have 32 KiB, without a guard page, for libssl and all."""
    plain = int(odd("depth", certificates).stdout)
    loaded = int(odd("depth", certificates, module.compose(folder / "stek.cnf")).stdout)
    figure("stack of a server's handshakes", f"{loaded} bytes, without stek {plain}")
    assert loaded < max(plain, 20 * 1024)
