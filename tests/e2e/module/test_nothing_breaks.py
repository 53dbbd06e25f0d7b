# SPDX-License-Identifier: Apache-2.0
"""Programs do with the module what they do without: same output, same exit status."""
import ssl

import pytest

from harness.programs import python, run
from harness.servers import Haproxy

# What openssl(1) lists: OpenSSL 1.1.1 has no providers.
WHAT = "-providers" if ssl.OPENSSL_VERSION_INFO >= (3,) else "-commands"

# {cert} and the like are filled in by fill() below.
NO_NETWORK = {
    "openssl version": ["openssl", "version", "-a"],
    "openssl list": ["openssl", "list", WHAT],
    "openssl ciphers": ["openssl", "ciphers", "-v"],
    "openssl x509": ["openssl", "x509", "-in", "{cert}", "-noout", "-text"],
    "openssl verify": ["openssl", "verify", "-CAfile", "{ca}", "{cert}"],
    "openssl req": [
        "openssl",
        "req",
        "-new",
        "-key",
        "{key}",
        "-subj",
        "/CN=x",
        "-noout",
        "-text",
        "-reqopt",
        "no_sigdump",
    ],
    "openssl req -x509": [
        "openssl",
        "req",
        "-x509",
        "-key",
        "{key}",
        "-subj",
        "/CN=x",
        "-noout",
        "-subject",
    ],
    "openssl pkey": ["openssl", "pkey", "-in", "{key}"],
    "openssl dgst": ["openssl", "dgst", "-sha256", "{cert}"],
    "openssl enc": [
        "openssl",
        "enc",
        "-aes-256-cbc",
        "-K",
        "11" * 32,
        "-iv",
        "22" * 16,
        "-in",
        "{cert}",
        "-a",
    ],
    "openssl nonsense": ["openssl", "nonsense"],
    "true": ["/bin/true"],
    "python hashlib": python("import hashlib; print(hashlib.sha256(b'x').hexdigest())"),
    "python import ssl": python("import ssl; print(ssl.OPENSSL_VERSION)"),
    "python client contexts": python(
        "import ssl; [ssl.create_default_context() for _ in range(5)]"
    ),
    "python server contexts": python(
        "import ssl; [ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(50)]"
    ),
    "python threads": python(
        "import ssl, threading as t\n"
        "[t.Thread(target=ssl.SSLContext, args=(ssl.PROTOCOL_TLS_SERVER,)).start()"
        " for _ in range(50)]"
    ),
    "python abrupt end": python(
        "import os, ssl; ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); os._exit(3)"
    ),
    "python failure": python(
        "import ssl; ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); raise SystemExit(5)"
    ),
    "php": ["php", "-r", "echo hash('sha256', 'x'), openssl_digest('x', 'sha512');"],
    "node": [
        "node",
        "-e",
        "console.log(require('crypto').createHash('sha256').update('x').digest('hex'))",
    ],
    "curl without tls": ["curl", "-s", "file://{cert}"],
    "nginx -V": ["nginx", "-V"],
}
FETCH = (
    "import ssl, sys, urllib.request as r\n"
    "c = ssl.create_default_context(cafile=sys.argv[2])\n"
    "for _ in range(3): print(r.urlopen(sys.argv[1], context=c).read())"
)
# The programs that fail with and without the module, and how.
FAILURES = {
    "openssl nonsense": 1,
    "python abrupt end": 3,
    "python failure": 5,
    "curl that trusts nobody": 60,
}
OVER_TLS = {
    "curl": ["curl", "-sS", "--cacert", "{ca}", "{url}"],
    "curl again and again": ["curl", "-sS", "--cacert", "{ca}", "{url}", "{url}", "{url}"],
    "curl with tls 1.2": ["curl", "-sS", "--tls-max", "1.2", "--cacert", "{ca}", "{url}"],
    "curl that trusts nobody": ["curl", "-sS", "{url}"],
    "python": python(FETCH, "{url}", "{ca}"),
    "openssl s_client": [
        "openssl",
        "s_client",
        "-connect",
        "{address}",
        "-CAfile",
        "{ca}",
        "-brief",
        "-verify_return_error",
    ],
    "openssl s_client with tls 1.2": [
        "openssl",
        "s_client",
        "-connect",
        "{address}",
        "-CAfile",
        "{ca}",
        "-brief",
        "-tls1_2",
    ],
    "openssl s_client -reconnect": [
        "openssl",
        "s_client",
        "-connect",
        "{address}",
        "-CAfile",
        "{ca}",
        "-tls1_2",
        "-reconnect",
        "-quiet",
    ],
}


def fill(args, certificates, port=0):
    known = {
        "cert": certificates.server.cert,
        "key": certificates.server.key,
        "ca": certificates.ca,
        "url": f"https://localhost:{port}/",
        "address": f"localhost:{port}",
    }
    return [a if "\n" in a or " " in a else a.format(**known) for a in args]


@pytest.mark.parametrize("name", NO_NETWORK)
def test_a_program_does_what_it_did(stek_conf, certificates, name):
    args = fill(NO_NETWORK[name], certificates)
    with_module = run(args, stek_conf)
    assert with_module.status == FAILURES.get(name, 0)
    assert with_module == run(args)


@pytest.mark.parametrize("name", OVER_TLS)
def test_a_client_does_what_it_did(stock, stek_conf, certificates, name):
    args = fill(OVER_TLS[name], certificates, stock(Haproxy).port)
    with_module = run(args, stek_conf, stdin=b"Q\n")
    assert with_module.status == FAILURES.get(name, 0)
    assert with_module == run(args, stdin=b"Q\n")


def test_a_client_with_the_module_resumes_as_it_did(stock, stek_conf, certificates):
    """openssl s_client keeps its session in a file and offers it again."""
    server = stock(Haproxy)
    session = server.folder / "session.pem"
    args = fill(
        ["openssl", "s_client", "-connect", "{address}", "-tls1_2"], certificates, server.port
    )
    assert b"New, TLSv1.2" in run([*args, "-sess_out", session], stek_conf).stdout
    assert b"Reused, TLSv1.2" in run([*args, "-sess_in", session], stek_conf).stdout
