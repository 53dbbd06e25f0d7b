# SPDX-License-Identifier: Apache-2.0
"""
A process with two libcryptos: both read the same configuration and load the module, which serves
the one that it is
linked to, and for the other does nothing at all.
"""
import subprocess
from pathlib import Path

import pytest

from harness import libcryptos, module
from harness.libcryptos.others import Missing, libraries_of
from harness.process import plain_environment
from harness.programs import run
from harness.stekd import Stekd

PROGRAM = Path(libcryptos.__file__).parents[1] / "servers/programs/two_libcryptos.py"
ORDERS = ["fo", "of", "fofo", "oofffo"]
RUNS = 8  # without the judgement of the caller, every second one ends by a signal
MIXED = "this program brings a part of OpenSSL's functions, and another library the rest"


def from_archive(name):
    try:
        return libraries_of(name)
    except Missing as problem:
        pytest.skip(str(problem))


def same_release(folder):
    return libcryptos.extension(folder / "same.so", *libcryptos.STATIC[1:])


def openssl_4(folder):
    library = from_archive("openssl-4") / "libcrypto.a"
    return libcryptos.newer_extension(folder / "openssl-4.so", library)


def openssl_1(_):
    return from_archive("openssl-1.1") / "libcrypto.so.1.1"


LIBRARIES = {"same-release": same_release, "openssl-4": openssl_4, "openssl-1.1": openssl_1}


@pytest.fixture(scope="module")
def library_of(work):
    """library_of(name): a library with another libcrypto than the ssl module's."""
    folder = work / "libcryptos"
    folder.mkdir()
    made = {}

    def get(name):
        if name not in made:
            made[name] = LIBRARIES[name](folder)
        return made[name]

    return get


@pytest.fixture
def ring_conf(folder):
    """A configuration with a ring from a file: only that ring is shared between processes."""
    with Stekd(folder / "stekd", web={}) as daemon:
        yield module.compose(folder / "web.cnf", ring=daemon.ring("web"))


def two_libcryptos(order, library, certificates):
    return ["/usr/bin/python3", PROGRAM, order, library, certificates.server.both]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", LIBRARIES)
def test_a_foreign_libcrypto_neither_crashes_nor_takes_the_ring_away(
    name, order, library_of, ring_conf, certificates
):
    foreign = library_of(name)
    for _ in range(RUNS):
        ended = run(two_libcryptos(order, foreign, certificates), ring_conf)
        assert (ended.status, ended.stdout, ended.stderr) == (0, b"shared\n", "")


def test_nothing_of_a_foreign_caller_is_read(folder, stek_conf, certificates):
    poison = libcryptos.poison(folder / "poison.so")
    ended = run(two_libcryptos("poppo", poison, certificates), stek_conf)
    assert (ended.status, ended.stdout, ended.stderr) == (0, b"shared\n", "")


def test_valgrind_has_nothing_to_say_of_two_libcryptos(library_of, ring_conf, certificates):
    command = ["valgrind", "--quiet", "--error-exitcode=99"]
    command += two_libcryptos("fofo", library_of("openssl-4"), certificates)
    ended = subprocess.run(
        [str(arg) for arg in command],
        env=plain_environment(OPENSSL_CONF=ring_conf, PYTHONMALLOC="malloc"),
        capture_output=True,
        timeout=600,
    )
    assert (ended.returncode, ended.stdout) == (0, b"shared\n"), ended.stderr.decode()[-4000:]


# How OpenSSL is linked into a program, whether it then shares tickets, and what is said.
WAYS = {
    "shared libraries": (lambda _: ["-lssl", "-lcrypto"], b"shared\n", ""),
    "shared libraries at a fixed address": (
        lambda _: ["-no-pie", "-fno-pie", "-lssl", "-lcrypto"],
        b"shared\n",
        "",
    ),
    "static libraries": (
        lambda _: [*libcryptos.STATIC, "-Wl,--exclude-libs,ALL"],
        b"apart\n",
        "",
    ),
    "a static program": (
        lambda _: ["-static", *libcryptos.THREADS, *libcryptos.STATIC],
        b"apart\n",
        "",
    ),
    "exported like Node's": (lambda _: [*libcryptos.WHOLE, "-rdynamic"], b"shared\n", ""),
    "libcrypto exported, libssl not": (
        lambda folder: libcryptos.exporting(
            folder, *(f"{letter}*" for letter in "ABCEGHNOPRX"), "SHA*", "d2i_*", "i2d_*"
        ),
        b"apart\n",
        "",
    ),
    "a part exported": (
        lambda folder: libcryptos.exporting(folder, "EVP_*", "CONF_*", "NCONF_*", "OPENSSL_*"),
        b"apart\n",
        MIXED,
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_program_shares_tickets_if_the_module_is_linked_to_its_openssl(
    way, folder, stek_conf, certificates
):
    how, answer, said = WAYS[way]
    program = libcryptos.two_contexts(folder / "two_contexts", *how(folder))
    ended = run([program, certificates.server.both], stek_conf)
    assert (ended.status, ended.stdout) == (0, answer), ended.stderr
    assert (said in ended.stderr) if said else ended.stderr == ""


def test_a_second_libssl_on_the_same_libcrypto_is_left_alone(folder, stek_conf, certificates):
    other = libcryptos.renamed_libssl(folder)
    library = libcryptos.two_contexts(
        folder / "two_contexts.so", "-shared", "-fPIC", other, "-lcrypto", f"-Wl,-rpath,{folder}"
    )
    calls = (
        "import ctypes, ssl, sys\n"
        "ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
        "argv = (ctypes.c_char_p * 3)(b'x', sys.argv[2].encode(), None)\n"
        "ctypes.CDLL(sys.argv[1]).main(2, argv)\n"
        "ctypes.CDLL(None).fflush(None)\n"
    )
    ended = run(["/usr/bin/python3", "-c", calls, library, certificates.server.both], stek_conf)
    assert (ended.status, ended.stdout, ended.stderr) == (0, b"apart\n", "")
