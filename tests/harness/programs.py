# SPDX-License-Identifier: Apache-2.0
"""Programs that run once and end."""
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .process import plain_environment

TWO_CONTEXTS = Path(__file__).parent / "servers/programs/two_contexts.py"


@dataclass(frozen=True)
class Ended:
    status: int
    stdout: bytes
    stderr: str


def run(args, openssl_conf=None, stdin=b"", user=None, limits=None):
    """Runs a program to its end, with or without an OPENSSL_CONF; limits are {RLIMIT_…: (soft,
    hard)}."""

    def limit():
        for what, values in (limits or {}).items():
            resource.setrlimit(what, values)

    done = subprocess.run(
        [str(a) for a in args],
        input=stdin,
        capture_output=True,
        timeout=60,
        user=user,
        cwd="/",
        preexec_fn=limit,
        env=plain_environment(OPENSSL_CONF=openssl_conf),
    )
    return Ended(done.returncode, done.stdout, done.stderr.decode(errors="replace"))


def python(code, *args):
    return ["/usr/bin/python3", "-c", code, *args]


def shares_tickets(openssl_conf, first, second=None, ca=None):
    """
    Whether two SSL_CTXs of one program, with these identities, open each other's tickets. OpenSSL's
    own keys belong to
    one SSL_CTX, so this also tells whether the module serves at all. With `ca` the second verifies
    its peers.
    """
    args = [
        "/usr/bin/python3",
        TWO_CONTEXTS,
        first.both,
        (second or first).both,
        *([ca] if ca else []),
    ]
    ended = run(args, openssl_conf)
    assert ended.status == 0, ended.stderr
    return {b"shared\n": True, b"apart\n": False}[ended.stdout]
