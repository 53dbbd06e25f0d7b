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
MOMENTS_MAX = 100  # of older ones every second is forgotten


class Refused(Exception):
    """The store did not answer, or did not take it."""


def quoted(data):
    """Bytes as etcdctl reads them in a transaction."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in data) + '"'


class Adversary:
    """
    adversary = Adversary(etcd); adversary.record(); ...; adversary.bring_back_any()

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
            raise Refused(f"{path}: {said}")
        return json.loads(said)

    def command(self, *args, **options):
        done = self.etcd.ctl(*args, "--command-timeout", "3s", check=False, **options)
        if done.returncode:
            raise Refused(f"{args[0]}: {done.stderr}")
        return done.stdout

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
            answer = json.loads(self.command("get", "--prefix", self.prefix, "-w", "json"))
        return {
            base64.b64decode(entry["key"]): base64.b64decode(entry.get("value", ""))
            for entry in answer.get("kvs", [])
        }

    def write(self, puts, deletes=()):
        """One transaction."""
        if self.gateway:
            acts = [{"requestPut": {"key": coded(k), "value": coded(v)}} for k, v in puts.items()]
            acts += [{"requestDeleteRange": {"key": coded(key)}} for key in deletes]
            self.ask("/v3/kv/txn", success=acts)
        else:
            lines = [f"put {quoted(key)} {quoted(value)}" for key, value in puts.items()]
            lines += [f"del {quoted(key)}" for key in deletes]
            self.command("txn", input_text="\n" + "\n".join(lines) + "\n\n\n")
        self.done += 1

    # -- what he does --

    def record(self):
        """Notes what stands there. What hosts say of themselves does not count."""
        if len(self.moments) >= MOMENTS_MAX:
            del self.moments[: MOMENTS_MAX // 2 : 2]
        self.moments.append({k: v for k, v in self.read().items() if b"/.members/" not in k})

    def history(self):
        """Each value that was recorded, with its name."""
        return sorted({item for moment in self.moments for item in moment.items()})

    def bring_back_one(self):
        name, value = self.random.choice(self.history())
        self.write({name: value})

    def bring_back(self, moment):
        """All is as it was."""
        now = [name for name in self.read() if name not in moment and b"/.members/" not in name]
        assert len(now) + len(moment) <= TXN_OPS
        self.write(moment, now)

    def bring_back_any(self):
        self.bring_back(self.random.choice(self.moments))

    def mix(self):
        """Each value from one of two moments, by chance."""
        one, other = self.random.choice(self.moments), self.random.choice(self.moments)
        names = sorted(one.keys() | other.keys())
        chosen = [(name, self.random.choice((one, other)).get(name)) for name in names]
        self.bring_back({name: value for name, value in chosen if value is not None})

    def delete_one(self):
        names = [name for name in self.read() if b"/.members/" not in name]
        if names:
            self.write({}, [self.random.choice(names)])

    def garbage(self):
        """In place of something, and under a seq that none has."""
        name = self.random.choice(self.history())[0]
        far = name.rsplit(b"/", 1)[0] + b"/%020d" % self.random.randrange(1 << 62)
        self.write({name: self.random.randbytes(40), far: b"garbage"})

    def delete_all(self):
        self.bring_back({})

    def disturb(self):
        """Deletes, or puts garbage, if the store takes it; and goes on recording."""
        acts = [self.delete_one] * 3 + [self.garbage] * 3 + [self.delete_all]
        try:
            self.record()
            self.random.choice(acts)()
        except Refused:
            pass


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
