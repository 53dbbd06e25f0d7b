# SPDX-License-Identifier: Apache-2.0
"""Ticket key files of programs that have them. Each starts its tickets with NAME."""
import base64
import json
import os
import struct
import subprocess

from . import build
from .process import plain_environment

NAME = b"key name in file"
assert len(NAME) == 16


def nginx(path):
    """name, 32 bytes of HMAC key, 32 bytes of AES key."""
    path.write_bytes(NAME + os.urandom(64))
    path.chmod(0o600)
    return path


def apache(path):
    """name, 16 bytes of HMAC key, 16 bytes of AES key."""
    path.write_bytes(NAME + os.urandom(32))
    path.chmod(0o600)
    return path


def lighttpd(path):
    """Version 0, the times from and until which it seals (signed), then as nginx; in the machine's
    byte order."""
    path.write_bytes(struct.pack("=3i", 0, 0, 0x7FFFFFFF) + NAME + os.urandom(64))
    path.chmod(0o600)
    return path


def haproxy(path):
    """Three keys in base64 at least; the last but one seals."""
    names = [b"the previous key", NAME, b"the key after it"]
    path.write_text(
        "".join(base64.b64encode(name + os.urandom(64)).decode() + "\n" for name in names)
    )
    return path


def run(*words, **options):
    """Runs `stek keyfile`."""
    return subprocess.run(
        [build.COMMAND, "keyfile", *words],
        capture_output=True,
        env=plain_environment(),
        timeout=60,
        **options,
    )


def lint(*words):
    """The report on one file, and the exit code."""
    done = run("lint", "--json", *words)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)[0], done.returncode


def opening(session, keys):
    """The layouts as which a file of keys opens a server's ticket."""
    report, _ = lint("--ticket", session, keys)
    return {fit["layout"] for fit in report["layouts"] if fit["opens_ticket"]}
