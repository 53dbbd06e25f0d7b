# SPDX-License-Identifier: Apache-2.0
"""Writes of which the host cannot know what became of them: it reads back, and the fleet stays
one."""
import base64
import itertools
import json
import threading
import time

import pytest
from harness.etcd import Etcd
from harness.fleet import Fleet
from harness.interceptor import Interceptor
from harness.process import wait_for

SEALED = b"stkv"  # what every sealed value begins with: a host's bytes that contain it are a write
FATES = ("lose-answer", "lose-request", "late")


@pytest.fixture
def etcd(folder):
    with Etcd(folder / "etcd") as cluster:
        yield cluster


def records(etcd):
    """seq to how often it was written, of all records in the store."""
    items = json.loads(etcd.ctl("get", "--prefix", "/stek/v1/web/", "-w", "json").stdout).get(
        "kvs", []
    )
    named = {
        base64.b64decode(item["key"]).decode().rsplit("/", 1)[1]: item["version"] for item in items
    }
    return {int(name): version for name, version in named.items() if name.isdigit()}


class Watcher:
    """Which secret (by its fingerprint) each host ever held for which seq."""

    def __init__(self, hosts):
        self.hosts, self.seen, self.ending = hosts, {}, False
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.ending:
            for host in self.hosts:
                for seq, fingerprint in host.keys().items():
                    self.seen.setdefault(seq, set()).add(fingerprint)
            time.sleep(0.05)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        self.thread.join()


@pytest.mark.parametrize(
    "fates", [(fate,) for fate in FATES] + [FATES], ids=lambda fates: "+".join(fates)
)
def test_writes_without_an_answer_are_read_back_and_every_seq_has_one_secret(folder, etcd, fates):
    turns = itertools.cycle([*fates, "pass"])
    begun = threading.Event()

    def choose():
        return next(turns) if begun.is_set() else "pass"

    relay = Interceptor([etcd.members[0].port], SEALED, choose)
    with relay, Fleet(
        folder / "fleet",
        etcd,
        endpoints=[f"http://127.0.0.1:{relay.port}"],
        ring={"rotate": "2s", "accept": "60s", "ahead": 2},
    ) as fleet:
        for _ in range(2):
            fleet.host()
        for host in fleet.hosts:
            host.wait_in_step()
        with Watcher(fleet.hosts) as watcher:
            begun.set()
            wait_for(
                lambda: all(relay.done.get(fate, 0) >= 2 for fate in fates),
                f"writes with a fate {relay.done}",
                timeout_s=90,
            )
            begun.clear()
            for host in fleet.hosts:
                host.wait_in_step()
        # Asked when the watcher has ended: it may have seen a newer key than an earlier answer has.
        keys, _ = fleet.wait_equal()
        ambiguous = sum(host.fleet_status()["writes"]["ambiguous"] for host in fleet.hosts)
        stored = records(etcd)
        assert ambiguous >= 2 * len(fates)
        assert {seq: names for seq, names in watcher.seen.items() if len(names) > 1} == {}
        assert set(watcher.seen) <= set(keys), "no key went before its time"
        assert set(stored) >= set(keys) and set(stored.values()) == {
            1
        }, "every record was written once"
