# SPDX-License-Identifier: Apache-2.0
"""A fleet on one machine: stekds with run directories of their own on one etcd cluster."""
import contextlib
import hmac
import os
import shutil
import time
from pathlib import Path

from .process import Gone, wait_for
from .stekd import Stekd

QUICK_RING = {"rotate": "2s", "accept": "60s", "ahead": 2}


def revocation_s(hosts, ring="web"):
    """
    Revokes all keys through the first host; returns the seconds from when it says that the store
    has it until no host
    holds a key of before.
    """
    before = set(hosts[0].keys(ring))
    hosts[0].request(command="revoke", ring=ring, all=True)
    wait_for(lambda: hosts[0].fleet_ring(ring)["operation"] == "done", "the revocation")
    done = time.monotonic()
    wait_for(lambda: not any(before & set(host.keys(ring)) for host in hosts), "every host")
    return time.monotonic() - done


def make_kek(path):
    """A key-encryption key, as `stek fleet init` makes it."""
    path = Path(path)
    path.write_text(f"stek-kek-1 {os.urandom(32).hex()}\n")
    path.chmod(0o600)
    return path


def kek_id(path):
    """The id of a key-encryption key, in hex: docs/formats.md, "A fleet's store"."""
    key = bytes.fromhex(Path(path).read_text().split()[1])
    prk = hmac.digest(b"stek fleet v1", key, "sha256")
    return hmac.digest(prk, b"kek id\x01", "sha256")[:8].hex()


class Host(Stekd):
    """One host of a fleet."""

    def write_config(self, text=None):
        """Each host has key files of its own, for stekd rewrites them."""
        if text is None and self.fleet.get("kek"):
            self.fleet["kek"] = " ".join(map(self.own_key, str(self.fleet["kek"]).split()))
        super().write_config(text)

    def own_key(self, path):
        own = self.folder / Path(path).name
        if not path.startswith("credential:") and not own.exists():
            shutil.copy2(path, own)
        return path if path.startswith("credential:") else str(own)

    @property
    def state_folder(self):
        return Path(self.fleet["state"])

    def fleet_status(self, read=False):
        return self.request(command="fleet", read=read)

    def fleet_ring(self, ring="web"):
        return next(r for r in self.fleet_status()["rings"] if r["name"] == ring)

    def keys(self, ring="web"):
        """seq to fingerprint of the keys that open, without superseded ones."""
        return {
            key["seq"]: key["fingerprint"]
            for key in self.status(ring)["keys"]
            if key["origin"] != "superseded"
        }

    def active(self, ring="web"):
        """The seq that seals, or None."""
        return next(
            (key["seq"] for key in self.status(ring)["keys"] if key["state"] == "active"), None
        )

    def wait_in_step(self, ring="web", timeout_s=30):
        def in_step():
            self.process.check_alive()
            status = self.fleet_status()
            return status["online"] and self.fleet_ring(ring)["standing"] == "in-step"

        wait_for(in_step, f"{self.name} to be in step", timeout_s)


class Fleet:
    """
    with Fleet(folder, etcd) as fleet: host = fleet.host(); ...

    `settings` go into [fleet] of every host, `ring` into [ring web].
    """

    def __init__(self, folder, etcd, endpoints=None, ring=None, user="stek", **settings):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.etcd = etcd
        self.kek = make_kek(self.folder / "fleet.kek")
        self.identity = etcd.identity(user)
        self.endpoints = endpoints or etcd.endpoints()
        self.ring = {"source": "fleet", **(ring or {})}
        self.settings = settings
        self.hosts = []
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def section(self, name, **changes):
        said = {"endpoints": " ".join(self.endpoints), "kek": self.kek, "name": name}
        said["state"] = self.folder / name / "state"
        if self.identity:
            said.update(ca=self.etcd.pki.ca, cert=self.identity.cert, key=self.identity.key)
        said.update(self.settings)
        said.update(changes)
        return {k: v for k, v in said.items() if v is not None}

    def stored(self, name, ring="web"):
        """The name of a ring's value in the store: of a record by its seq, or of the floor."""
        tail = f"{name:020}" if isinstance(name, int) else name
        return f"/stek/v1/{ring}/{kek_id(self.kek)}/{tail}"

    def prepare(self, ring=None, **changes):
        """A host that is not started yet; `changes` replace settings of [fleet]."""
        name = f"host{len(self.hosts)}"
        host = Host(
            self.folder / name,
            fleet=self.section(name, **changes),
            web={**self.ring, **(ring or {})},
        )
        host.name = name
        self.hosts.append(host)
        return host

    def host(self, **changes):
        """A host that serves."""
        host = self.prepare(**changes)
        self.stack.enter_context(host)
        return host

    def wait_equal(self, hosts=None, timeout_s=30, ring="web"):
        """Waits until all hosts hold the same keys; returns them and how long it took."""
        hosts = hosts or self.hosts
        begun = time.monotonic()

        def equal():
            first = hosts[0].keys(ring)
            return first if first and all(host.keys(ring) == first for host in hosts[1:]) else None

        try:
            return wait_for(equal, "equal rings", timeout_s), time.monotonic() - begun
        except Gone as gone:
            raise Gone(
                f"{gone}: " + " ".join(f"{h.name} {sorted(h.keys(ring))}" for h in hosts)
            ) from None


@contextlib.contextmanager
def in_step(folder, etcd, hosts):
    """So many hosts, which hold the same keys; none is replaced soon."""
    with Fleet(folder / "fleet", etcd, ring={"rotate": "1h"}) as fleet:
        for _ in range(hosts):
            fleet.host()
        for host in fleet.hosts:
            host.wait_in_step()
        fleet.wait_equal()
        yield fleet
