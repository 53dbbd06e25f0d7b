# SPDX-License-Identifier: Apache-2.0
"""Programs whose default library context is not the usual one."""
from harness import build, libcryptos
from harness.programs import run

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
