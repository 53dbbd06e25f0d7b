# SPDX-License-Identifier: Apache-2.0
"""A certificate authority and certificates for one run, made with the `openssl` command."""
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .process import plain_environment


@dataclass(frozen=True)
class Identity:
    """A certificate with its key: apart, and as one file for programs that want that."""

    cert: Path
    key: Path
    both: Path


@dataclass(frozen=True)
class Pki:
    ca: Path
    server: Identity  # localhost and a.example
    renewed: Identity  # the same names, another key
    other: Identity  # b.example
    client: Identity


def _openssl(*args, days_ago=0):
    """With `days_ago`, as if it were as many days ago."""
    at = ["faketime", "-f", f"-{days_ago}d"] if days_ago else []
    argv = [*at, "openssl", *map(str, args)]
    subprocess.run(argv, check=True, capture_output=True, env=plain_environment())


def _new_key(path):
    _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)


def issue(folder, name, ca_cert, ca_key, extension, days=2, file=None):
    """A certificate with the common name `name` (or without any, if that is empty), in files called
    `file` (else `name`). Below 0 days it ended as many days ago; openssl(1) of today takes no such
    number itself."""
    file = file or name
    key, cert, both = (folder / f"{file}.{end}" for end in ("key", "crt", "pem"))
    request, extensions = folder / f"{file}.csr", folder / f"{file}.ext"
    _new_key(key)
    _openssl(
        "req", "-new", "-key", key, "-subj", f"/CN={name}" if name else "/O=stek", "-out", request
    )
    extensions.write_text(extension + "\n")
    _openssl(
        "x509",
        "-req",
        "-in",
        request,
        "-CA",
        ca_cert,
        "-CAkey",
        ca_key,
        "-CAcreateserial",
        "-days",
        max(days, 1),
        "-extfile",
        extensions,
        "-out",
        cert,
        days_ago=1 - days if days < 0 else 0,
    )
    both.write_text(key.read_text() + cert.read_text())
    return Identity(cert, key, both)


NAMES = "subjectAltName=DNS:localhost,DNS:a.example,IP:127.0.0.1"


def authority(folder, name="Test CA"):
    """The key and the certificate of a new certificate authority."""
    ca_key, ca = folder / "ca.key", folder / "ca.crt"
    _new_key(ca_key)
    request = ["req", "-x509", "-new", "-key", ca_key, "-subj", f"/CN={name}", "-days", "2"]
    # Python from 3.13 on takes no authority without it.
    _openssl(*request, "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", ca)
    return ca_key, ca


def make(folder):
    folder = Path(folder)
    ca_key, ca = authority(folder)
    return Pki(
        ca=ca,
        server=issue(folder, "localhost", ca, ca_key, NAMES),
        renewed=issue(folder, "renewed", ca, ca_key, NAMES),
        other=issue(folder, "b.example", ca, ca_key, "subjectAltName=DNS:b.example"),
        client=issue(folder, "client", ca, ca_key, "extendedKeyUsage=clientAuth"),
    )
