# SPDX-License-Identifier: Apache-2.0
"""Somebody who may do anything to a fleet's store, and has no key of the fleet: records what stands
there, and brings it back later."""
import base64
import contextlib
import http.client
import json
import random
import threading

from ..etcd import TXN_OPS, coded

PREFIX = "/stek/v1/"


def quoted(data):
    """Bytes as etcdctl reads them in a transaction."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in data) + '"'


class Adversary:
    """
    adversary = Adversary(etcd); moment = adversary.record(); ...; adversary.bring_back(moment)

    A moment is all that stood in the store, by name. Its dice are its own.
    """

    def __init__(self, etcd, prefix=PREFIX, seed=0):
        self.etcd = etcd
        self.prefix = prefix
        self.random = random.Random(seed)
        self.moments = []
        self.done = 0  # transactions that the store took
        self.gateway = None
        if not etcd.pki:  # etcd's gateway knows no users; it takes a thousandth of etcdctl's time
            self.gateway = http.client.HTTPConnection("127.0.0.1", etcd.members[0].port, timeout=60)

    def close(self):
        if self.gateway:
            self.gateway.close()

    # -- the store --

    def ask(self, path, **body):
        self.gateway.request("POST", path, json.dumps(body))
        answer = self.gateway.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"etcd refuses {path}: {said}")
        return json.loads(said)

    def read(self):
        """What stands in the store now."""
        if self.gateway:
            end = self.prefix[:-1] + chr(ord(self.prefix[-1]) + 1)
            answer = self.ask(
                "/v3/kv/range",
                key=coded(self.prefix.encode()),
                range_end=coded(end.encode()),
            )
        else:
            said = self.etcd.ctl("get", "--prefix", self.prefix, "-w", "json", timeout=20)
            answer = json.loads(said.stdout)
        return {
            base64.b64decode(entry["key"]): base64.b64decode(entry.get("value", ""))
            for entry in answer.get("kvs", [])
        }

    def write(self, puts, deletes=()):
        """One transaction; returns whether the store took it."""
        if self.gateway:
            acts = [{"requestPut": {"key": coded(k), "value": coded(v)}} for k, v in puts.items()]
            acts += [{"requestDeleteRange": {"key": coded(key)}} for key in deletes]
            self.ask("/v3/kv/txn", success=acts)
        else:
            lines = [f"put {quoted(key)} {quoted(value)}" for key, value in puts.items()]
            lines += [f"del {quoted(key)}" for key in deletes]
            text = "\n" + "\n".join(lines) + "\n\n\n"
            if self.etcd.ctl("txn", check=False, timeout=20, input_text=text).returncode:
                return False
        self.done += 1
        return True

    # -- what he does --

    def record(self):
        """Notes what stands there. What hosts say of themselves does not count."""
        moment = {k: v for k, v in self.read().items() if b"/.members/" not in k}
        self.moments.append(moment)
        return moment

    def history(self):
        """Each value that was recorded, with its name."""
        return sorted({item for moment in self.moments for item in moment.items()})

    def bring_back_one(self):
        name, value = self.random.choice(self.history())
        return self.write({name: value})

    def bring_back(self, moment):
        """All is as it was."""
        now = [name for name in self.read() if name not in moment and b"/.members/" not in name]
        assert len(now) + len(moment) <= TXN_OPS
        return self.write(moment, now)

    def bring_back_any(self):
        return self.bring_back(self.random.choice(self.moments))

    def mix(self):
        """Each value from one of two moments, by chance."""
        one, other = self.random.choice(self.moments), self.random.choice(self.moments)
        names = sorted(one.keys() | other.keys())
        chosen = [(name, self.random.choice((one, other)).get(name)) for name in names]
        return self.bring_back({name: value for name, value in chosen if value is not None})

    def delete_one(self):
        names = [name for name in self.read() if b"/.members/" not in name]
        return not names or self.write({}, [self.random.choice(names)])

    def garbage(self):
        """In place of something, and under a seq that none has."""
        name = self.random.choice(self.history())[0]
        far = name.rsplit(b"/", 1)[0] + b"/%020d" % self.random.randrange(1 << 62)
        return self.write({name: self.random.randbytes(40), far: b"garbage"})


@contextlib.contextmanager
def over_and_over(act, pause_s=0.0):
    """Does something again and again while the body runs; the body sees that it was done."""
    ending, done = threading.Event(), threading.Event()
    failed = []

    def run():
        try:
            while not ending.is_set():
                act()
                done.set()
                ending.wait(pause_s)
        except BaseException as fault:  # pylint: disable=broad-except
            failed.append(fault)
            done.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert done.wait(60) and not failed, failed
        yield
    finally:
        ending.set()
        thread.join()
    assert not failed, failed
