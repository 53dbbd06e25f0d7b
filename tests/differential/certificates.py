# SPDX-License-Identifier: Apache-2.0
"""
The certificates of a run. Three authorities: A, B, and A2, which has A's name and another key.
Their
clients are called alice, bob and alice again. Authority A signs through an intermediate one.
"""
from dataclasses import dataclass
from pathlib import Path

from ground import pki

# What stands in each server certificate. `a2` has the names of `a` and a key of its own.
SERVERS = {
    "a": ("a.example", "subjectAltName=DNS:a.example,DNS:v.example,DNS:w.example"),
    "a2": ("a.example", "subjectAltName=DNS:a.example,DNS:v.example,DNS:w.example"),
    "b": ("b.example", "subjectAltName=DNS:b.example"),
    "ip1": ("", "subjectAltName=IP:127.0.0.1"),
    "ip2": ("", "subjectAltName=IP:127.0.0.2"),
    "nameless1": ("", "basicConstraints=CA:FALSE"),
    "nameless2": ("", "basicConstraints=CA:FALSE"),
}
SAME_NAMES = {"a2": "a"}
CLIENT = "extendedKeyUsage=clientAuth"
INTERMEDIATE = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign"
REVOKED = "R\t301231235959Z\t260101000000Z\t{serial}\tunknown\t/CN=alice\n"


@dataclass(frozen=True)
class Client:
    """A client's certificate, its chain and its key, as files."""

    name: str
    chain: Path
    key: Path


def same_names(one, other):
    """Whether two server certificates carry the same names."""
    return SAME_NAMES.get(one, one) == SAME_NAMES.get(other, other)


def _authority(folder, name):
    folder.mkdir()
    return pki.authority(folder, name)


def _crl(folder, cert, key, revoked):
    """A revocation list of this authority with these serial numbers."""
    base = folder / f"{Path(cert).stem}-crl"
    base.mkdir()
    (base / "index").write_text("".join(REVOKED.format(serial=serial) for serial in revoked))
    (base / "number").write_text("01\n")
    (base / "conf").write_text(
        f"[ca]\ndefault_ca=x\n[x]\ndatabase={base}/index\ncrlnumber={base}/number\ndefault_md=sha256\n"
    )
    options = ("-config", base / "conf", "-cert", cert, "-keyfile", key, "-crldays", 2)
    pki._openssl("ca", "-gencrl", *options, "-out", base / "crl")
    return (base / "crl").read_text()


def _serial(folder, cert):
    pki._openssl("x509", "-in", cert, "-noout", "-serial", "-out", folder / "serial")
    return (folder / "serial").read_text().split("=")[1].strip()


def _chained(identity, *more):
    path = identity.cert.with_suffix(".chain")
    path.write_text("".join(Path(cert).read_text() for cert in (identity.cert, *more)))
    return path


class Certificates:
    """servers[name] is an Identity, clients[name] a Client; trust[name] and crl are files."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir()
        self.trust, self.keys, self.clients = {}, {}, {}
        for short, name in (("A", "Authority A"), ("B", "Authority B"), ("A2", "Authority A")):
            self.keys[short], self.trust[short] = _authority(self.folder / short, name)
        self.trust["AB"] = self.folder / "AB.crt"
        self.trust["AB"].write_text(self.trust["A"].read_text() + self.trust["B"].read_text())
        self.servers = {
            file: pki.issue(
                self.folder, name, self.trust["A"], self.keys["A"], extension, file=f"server-{file}"
            )
            for file, (name, extension) in SERVERS.items()
        }
        self._make_clients()

    def _make_clients(self):
        middle = pki.issue(
            self.folder,
            "Intermediate of A",
            self.trust["A"],
            self.keys["A"],
            INTERMEDIATE,
            file="middle",
        )
        alice = pki.issue(self.folder, "alice", middle.cert, middle.key, CLIENT)
        self.clients["alice"] = Client("alice", _chained(alice, middle.cert), alice.key)
        for name, subject, authority in (("bob", "bob", "B"), ("alice2", "alice", "A2")):
            made = pki.issue(
                self.folder, subject, self.trust[authority], self.keys[authority], CLIENT, file=name
            )
            self.clients[name] = Client(name, _chained(made), made.key)
        self.clients["nobody"] = None
        self.crl = self.folder / "A.crl"
        self.crl.write_text(
            _crl(self.folder, self.trust["A"], self.keys["A"], ())
            + _crl(self.folder, middle.cert, middle.key, (_serial(self.folder, alice.cert),))
        )
