# SPDX-License-Identifier: Apache-2.0
"""Programs that do with OpenSSL what few programs do (tests/odd) do with the module what they do
without it: same output, same exit status, nothing said."""
import functools

import pytest

from harness import build, module
from harness.programs import run

OF_PROCESSES = ["jobs", "forks", "freed", "clean-up", "at-exit"]
OF_PROTOCOLS = [
    "numbers",
    "timeouts",
    "later",
    "toggled",
    "reused",
    "datagrams",
    "both-roles",
    "own-callbacks",
    "indexes",
]
OF_CALLS = [
    "own-memory",
    "one-more",
    "given-session",
    "late-ids",
    "there-and-back",
    "holds",
    "thread-forks",
    "listens",
]
OF_DESCRIPTORS = ["closed", "closes", "spawns"]
ALL = OF_PROCESSES + OF_PROTOCOLS + OF_CALLS + OF_DESCRIPTORS


def odd(name, certificates, conf=None):
    return run([build.ODD, name, certificates.server.both], conf)


@pytest.fixture(scope="module")
def plainly(certificates):
    """plainly(name): what the program does without stek."""

    @functools.cache
    def ended(name):
        plain = odd(name, certificates)
        assert (plain.status, plain.stderr) == (0, ""), plain
        return plain

    return ended


@pytest.mark.parametrize("name", ALL)
def test_it_does_what_it_did(name, plainly, stek_conf, certificates):
    assert odd(name, certificates, stek_conf) == plainly(name)


@pytest.mark.parametrize("name", ALL)
def test_it_does_what_it_did_with_a_ring_of_stekds(name, plainly, daemon, folder, certificates):
    conf = module.compose(folder / "stek.cnf", ring=daemon.ring("web"))
    assert odd(name, certificates, conf) == plainly(name)


@pytest.mark.parametrize("name", OF_PROCESSES + OF_CALLS)
def test_it_does_what_it_did_where_configurations_are_compared(name, plainly, folder, certificates):
    conf = module.compose(folder / "stek.cnf", verified_peers="same-configuration")
    assert odd(name, certificates, conf) == plainly(name)


@pytest.mark.parametrize("kept", [False, True], ids=["private", "stekd"])
def test_libssl_may_come_and_go_with_a_plugin(kept, daemon, folder, certificates):
    ring = {"ring": daemon.ring("web")} if kept else {}
    argv = [build.ODD_UNLOADS, build.ODD_PLUGIN, certificates.server.both]
    plain = run(argv)
    assert (plain.status, plain.stderr) == (0, "") and plain.stdout.count(b"resumed") >= 6, plain
    assert run(argv, module.compose(folder / "stek.cnf", **ring)) == plain


@pytest.mark.skipif(build.sanitized(), reason="a sanitizer answers malloc(3) itself")
@pytest.mark.parametrize("verified_peers", ["as-openssl", "same-configuration"])
def test_a_handshake_in_which_memory_runs_out_harms_no_other(
    verified_peers, plainly, folder, certificates
):
    """Each allocation of an SSL_CTX's first handshake fails once, and some of later ones."""
    conf = module.compose(folder / "stek.cnf", verified_peers=verified_peers)
    assert odd("faults", certificates, conf) == plainly("faults")


@pytest.mark.skipif(build.sanitized(), reason="a sanitizer makes frames larger")
def test_handshakes_need_little_more_stack(folder, certificates, figure):
    """libcrypto's jobs have 32 KiB, without a guard page, for libssl and all."""
    plain = int(odd("depth", certificates).stdout)
    loaded = int(odd("depth", certificates, module.compose(folder / "stek.cnf")).stdout)
    figure("stack of a server's handshakes", f"{loaded} bytes, without stek {plain}")
    assert loaded < max(plain, 20 * 1024)
