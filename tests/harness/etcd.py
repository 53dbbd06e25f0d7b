# SPDX-License-Identifier: Apache-2.0
"""Real etcd clusters on loopback, of one or more members, in the clear or with TLS and client
certificates."""
import base64
import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
from pathlib import Path

from . import pki
from .process import Process, free_port, plain_environment, wait_for

# STEK_ETCD_BIN: the folder of another etcd and etcdctl than the system's, to run the tests with.
BIN = os.environ.get("STEK_ETCD_BIN")
ETCD, ETCDCTL = (f"{BIN}/{name}" if BIN else name for name in ("etcd", "etcdctl"))

SERVER = "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth"
CLIENT = "extendedKeyUsage=clientAuth"
TXN_OPS, TXN_BYTES = 128, 1 << 20  # what etcd takes in one transaction, with room to spare


def version():
    """(3, 5)"""
    said = subprocess.run(
        [ETCD, "--version"], capture_output=True, text=True, check=True, env=plain_environment()
    ).stdout
    return tuple(map(int, re.search(r"(\d+)\.(\d+)", said).groups()))


class EtcdPki:
    """A certificate authority of its own, with certificates for the members and for users by common
    name."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca_key, self.ca = pki.authority(self.folder)
        self.server = self.issue("member", SERVER)

    def issue(self, name, extension=CLIENT, days=2, file=None):
        return pki.issue(self.folder, name, self.ca, self.ca_key, extension, days=days, file=file)


class Member:
    def __init__(self, cluster, number):
        self.cluster = cluster
        self.name = f"m{number}"
        self.folder = cluster.folder / self.name
        self.port, self.peer_port = free_port(), free_port()
        self.process = None

    @property
    def data(self):
        return self.folder / "data"

    def url(self, port=None):
        return f"{self.cluster.scheme}://127.0.0.1:{port or self.port}"

    def peer_url(self):
        return f"http://127.0.0.1:{self.peer_port}"

    def command(self):
        args = [
            ETCD,
            "--name",
            self.name,
            "--data-dir",
            self.data,
            "--log-level",
            "warn",
            "--logger",
            "zap",
            "--listen-client-urls",
            self.url(),
            "--advertise-client-urls",
            self.url(),
            "--listen-peer-urls",
            self.peer_url(),
            "--initial-advertise-peer-urls",
            self.peer_url(),
            "--initial-cluster",
            ",".join(f"{m.name}={m.peer_url()}" for m in self.cluster.members),
            "--initial-cluster-state",
            "new",
            "--initial-cluster-token",
            str(self.cluster.folder),
            *self.cluster.options,
        ]
        if self.cluster.pki:
            server = self.cluster.pki.server
            args += [
                "--client-cert-auth",
                "--trusted-ca-file",
                self.cluster.pki.ca,
                "--cert-file",
                server.cert,
                "--key-file",
                server.key,
            ]
        return args

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = Process(self.command(), self.folder, plain_environment())
        return self

    def wait(self):
        self.process.wait_until_listening(self.port)
        return self

    def kill(self):
        """As by the OOM killer; start() brings it back with its data."""
        if self.process:
            try:
                self.process.signal(signal.SIGCONT)
                self.process.signal(signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.stop()
            self.process = None

    def freeze(self):
        self.process.signal(signal.SIGSTOP)

    def thaw(self):
        self.process.signal(signal.SIGCONT)


class Etcd:
    """with Etcd(folder, members=3, tls=True) as etcd: ... etcd.endpoints()"""

    def __init__(self, folder, members=1, tls=False, auth=False, options=()):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pki = EtcdPki(self.folder / "pki") if tls or auth else None
        self.auth = auth
        self.options = list(options)
        self.scheme = "https" if self.pki else "http"
        self.members = [Member(self, number) for number in range(members)]
        self.root = self.pki.issue("root") if self.pki else None

    def endpoints(self):
        return [member.url() for member in self.members]

    def identity(self, name, **kwargs):
        """A certificate for the user `name`; None without TLS."""
        return self.pki.issue(name, **kwargs) if self.pki else None

    def ctl(self, *args, check=True, timeout=60, input_text=None):
        command = [ETCDCTL, "--endpoints", ",".join(self.endpoints()), "--command-timeout", "40s"]
        if self.pki:
            command += ["--cacert", self.pki.ca, "--cert", self.root.cert, "--key", self.root.key]
        done = subprocess.run(
            [str(a) for a in command + list(args)],
            input=input_text,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
            timeout=timeout,
            env=plain_environment(ETCDCTL_API="3"),
        )
        if check and done.returncode:
            raise RuntimeError(f"etcdctl {args}: {done.stderr}")
        return done

    def copy(self, source, target):
        """Puts the value of one key under another."""
        found = json.loads(self.ctl("get", source, "-w", "json").stdout)["kvs"][0]["value"]
        value = base64.b64decode(found).decode("utf-8", "surrogateescape")
        self.ctl("put", target, input_text=value)

    def keys(self, prefix="/stek"):
        return self.ctl("get", "--prefix", "--keys-only", prefix).stdout.split()

    def enable_auth(self, prefix="/stek/v1/", user="stek"):
        self.ctl("user", "add", "root", "--no-password")
        self.ctl("user", "grant-role", "root", "root", check=False)
        self.ctl("role", "add", user)
        self.ctl("role", "grant-permission", user, "readwrite", "--prefix=true", prefix)
        self.ctl("user", "add", user, "--no-password")
        self.ctl("user", "grant-role", user, user)
        self.ctl("auth", "enable")

    def is_healthy(self):
        return self.ctl("endpoint", "health", check=False).returncode == 0

    def start(self):
        try:
            for member in self.members:
                member.start()
            for member in self.members:
                member.wait()
            wait_for(self.is_healthy, "etcd to be healthy", timeout_s=60, pause_s=0.1)
            if self.auth:
                self.enable_auth()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        for member in self.members:
            member.kill()

    def data_files(self):
        return [
            path for member in self.members for path in member.data.rglob("*") if path.is_file()
        ]

    def holds(self, needle):
        """Whether these bytes stand anywhere in the members' data directories."""
        return any(needle in path.read_bytes() for path in self.data_files())

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class GrpcProxy:
    """with GrpcProxy(folder, etcd) as proxy: `etcd grpc-proxy` before a cluster, or before some
    `endpoints` of it."""

    def __init__(self, folder, etcd, endpoints=None):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.etcd = etcd
        self.port = free_port()
        self.args = [
            ETCD,
            "grpc-proxy",
            "start",
            "--endpoints",
            ",".join(endpoints or etcd.endpoints()),
            "--listen-addr",
            f"127.0.0.1:{self.port}",
            "--advertise-client-url",
            f"127.0.0.1:{self.port}",
        ]
        if (
            etcd.pki
        ):  # towards the members a certificate without a common name: the proxy takes no other
            own = etcd.pki.issue("", file=f"proxy{self.port}")
            server = etcd.pki.server
            self.args += [
                "--cacert",
                etcd.pki.ca,
                "--cert",
                own.cert,
                "--key",
                own.key,
                "--trusted-ca-file",
                etcd.pki.ca,
                "--cert-file",
                server.cert,
                "--key-file",
                server.key,
            ]
        self.process = None

    def url(self):
        return f"{self.etcd.scheme}://127.0.0.1:{self.port}"

    def start(self):
        self.process = Process(self.args, self.folder, plain_environment())
        self.process.wait_until_listening(self.port)
        return self

    def kill(self):
        if self.process:
            self.process.signal(signal.SIGCONT)
            self.process.signal(signal.SIGKILL)
            self.process.stop()
            self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()


def metric(etcd, name):
    """What the members say of themselves, added up."""
    as_whom = (
        ["--cacert", etcd.pki.ca, "--cert", etcd.root.cert, "--key", etcd.root.key]
        if etcd.pki
        else []
    )
    total = 0
    for member in etcd.members:
        text = subprocess.run(
            ["curl", "-s", *as_whom, member.url() + "/metrics"],
            check=True,
            capture_output=True,
            text=True,
            env=plain_environment(),
        ).stdout
        total += int(re.search(rf"^{re.escape(name)} (\d+)", text, re.M).group(1))
    return total


def readings(etcd):
    """How often the members were asked for a key."""
    return metric(
        etcd,
        'grpc_server_started_total{grpc_method="Range",grpc_service="etcdserverpb.KV",grpc_type="unary"}',
    )


def disk_size(path):
    return sum(os.stat(p).st_blocks * 512 for p in Path(path).rglob("*") if p.is_file())


def fill(etcd, names, value=b"x"):
    """Puts a value under many names at once. The cluster is one without TLS."""
    member = etcd.members[0]
    most = max(1, min(TXN_OPS, TXN_BYTES // len(value)))
    connection = http.client.HTTPConnection("127.0.0.1", member.port, timeout=60)
    with contextlib.closing(connection):
        for begin in range(0, len(names), most):
            puts = [
                {"requestPut": {"key": coded(name.encode()), "value": coded(value)}}
                for name in names[begin : begin + most]
            ]
            connection.request("POST", "/v3/kv/txn", json.dumps({"success": puts}))
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"etcd does not take the keys: {said}")


def coded(data):
    return base64.b64encode(data).decode()
