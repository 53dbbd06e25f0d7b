# SPDX-License-Identifier: Apache-2.0
"""Programs whose default library context is not the usual one."""
import ssl
import subprocess
from pathlib import Path

import pytest

from harness import build, libcryptos
from harness.programs import run

pytestmark = pytest.mark.skipif(
    ssl.OPENSSL_VERSION_INFO < (3,), reason="OpenSSL 1.1.1 has no library contexts"
)

REFUSED = "stek: the OpenSSL configuration leaves no provider with AES-256-CBC, SHA2-256 and HKDF; "


def write_conf(path, *lines):
    path.write_text(
        "\n".join(["openssl_conf = init", "[init]", *lines, "[stek]", f"path = {build.MODULE}", ""])
    )
    return path


def in_own_context(folder, certificates, first_lines):
    """Two servers in a library context of the program's own, while the default one holds
    nothing."""
    conf = write_conf(folder / "own.cnf", "stek = stek", *first_lines)
    program = libcryptos.two_contexts(
        folder / "own_context", "-DIN_OWN_CONTEXT", "-lssl", "-lcrypto"
    )
    return run([program, certificates.server.both], conf)


def test_a_program_with_an_empty_default_context_shares_tickets(folder, certificates):
    ended = in_own_context(folder, certificates, [])
    assert (ended.status, ended.stdout, ended.stderr) == (0, b"shared\n", "")


def test_where_fips_is_demanded_and_not_there_one_line_says_so(folder, certificates):
    ended = in_own_context(
        folder,
        certificates,
        ["alg_section = demands", "[demands]", "default_properties = fips=yes"],
    )
    assert (ended.status, ended.stdout) == (0, b"apart\n")
    assert ended.stderr == REFUSED + "going on with OpenSSL's own keys\n"


def openssls_fips():
    """OpenSSL's own FIPS provider, which Debian has since 13 (openssl-provider-fips)."""
    said = subprocess.run(["openssl", "version", "-m"], capture_output=True, text=True, check=True)
    return Path(said.stdout.split('"')[1]) / "fips.so"


def what_it_wants(provider, folder):
    """The lines of its section: that its tests have passed, and what they were made with."""
    made = folder / "fipsmodule.cnf"
    subprocess.run(
        ["openssl", "fipsinstall", "-module", provider, "-out", made],
        check=True,
        capture_output=True,
    )
    lines = made.read_text().splitlines()
    return [line for line in lines if "=" in line and not line.startswith("activate")]


def where_fips_is_all(folder, certificates, *settings, lacks=None, real=None):
    """Two servers in a program that may use a FIPS provider only, with stek and without."""
    provider = real or libcryptos.fips_like(folder / "fips.so")
    program = libcryptos.two_contexts(folder / "fips_only", "-lssl", "-lcrypto")
    lines = [
        "providers = providers",
        "alg_section = demands",
        "[demands]",
        "default_properties = fips=yes",
        "[providers]",
        "fips = fips",
        "base = base",
        "[base]",
        "activate = 1",
        "[fips]",
        f"module = {provider}",
        "activate = 1",
        *(what_it_wants(provider, folder) if real else []),
    ]
    command = ["env", *([f"FIPS_LIKE_LACKS={lacks}"] if lacks else [])]
    command += [program, certificates.server.both]
    plain = folder / "plain.cnf"
    plain.write_text("\n".join(["openssl_conf = init", "[init]", *lines, ""]))
    conf = write_conf(folder / "fips.cnf", "stek = stek", *lines)
    conf.write_text(conf.read_text() + "\n".join([*settings, ""]))
    return run(command, conf), run(command, plain)


def test_a_program_that_may_use_fips_only_shares_tickets(folder, certificates):
    ended, plain = where_fips_is_all(folder, certificates)
    assert (plain.status, plain.stdout, plain.stderr) == (0, b"apart\n", "")
    assert (ended.status, ended.stdout, ended.stderr) == (0, b"shared\n", "")


def test_a_program_with_openssls_own_fips_provider_shares_tickets(folder, certificates):
    real = openssls_fips()
    if not real.exists():
        pytest.skip("no FIPS provider here: Debian has one since 13, openssl-provider-fips")
    ended, plain = where_fips_is_all(folder, certificates, "required = yes", real=real)
    assert (plain.status, plain.stdout, plain.stderr) == (0, b"apart\n", "")
    assert (ended.status, ended.stdout, ended.stderr) == (0, b"shared\n", "")


@pytest.mark.parametrize(
    "settings, instead",
    [((), "going on with OpenSSL's own keys"), (("required = yes",), "no tickets are given")],
)
def test_where_its_fips_provider_lacks_something_one_line_says_so(
    settings, instead, folder, certificates
):
    ended, plain = where_fips_is_all(folder, certificates, *settings, lacks="HKDF")
    assert (plain.status, plain.stdout) == (0, b"apart\n")
    assert (ended.status, ended.stdout) == (0, b"apart\n")
    assert ended.stderr == REFUSED + instead + "\n"


def test_a_program_whose_default_context_has_no_algorithms_at_all_shares_tickets(
    folder, certificates
):
    ended = in_own_context(
        folder,
        certificates,
        ["providers = providers", "[providers]", "base = base", "[base]", "activate = 1"],
    )
    assert (ended.status, ended.stdout, ended.stderr) == (0, b"shared\n", "")
