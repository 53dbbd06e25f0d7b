# SPDX-License-Identifier: Apache-2.0
"""stekd --check-config --connect: each endpoint, certificate, key and permission in a line."""
import json
import re
import subprocess
import tempfile

import pytest
from harness import build, fleet as fleets
from harness.etcd import SERVER, Etcd, EtcdPki
from harness.fleet import Fleet
from harness.servers.nginx import Nginx
from harness.process import free_port, plain_environment
from harness.stekd import check_config

READ, WRITE = "ring web: read and watch: fine", "ring web: write: fine"


@pytest.fixture(scope="module")
def etcd(work):
    """One store for all tests, with a user who may do nothing and one who may only read."""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        with Etcd(folder, tls=True, auth=True) as cluster:
            for user in ("guest", "reader"):
                cluster.ctl("user", "add", user, "--no-password")
            cluster.ctl("role", "add", "reader")
            cluster.ctl("role", "grant-permission", "reader", "read", "--prefix=true", "/stek/v1/")
            cluster.ctl("user", "grant-role", "reader", "reader")
            yield cluster


@pytest.fixture
def fleet(folder, etcd):
    """Each test has a prefix of its own."""
    prefix = f"/stek/v1/{folder.name}"
    with Fleet(folder / "fleet", etcd, ring={"rotate": "1h"}, prefix=prefix) as made:
        yield made


def connect(fleet, ring=None, wrapper=(), **changes):
    """Exit status, what is fine, and what is not."""
    host = fleet.prepare(ring=ring, **changes)
    host.folder.mkdir(exist_ok=True)
    host.write_config()
    done = subprocess.run(
        [
            *wrapper,
            str(build.DAEMON),
            "--check-config",
            "--connect",
            "--config",
            str(host.config),
            "--run-dir",
            str(host.folder / "run"),
            "--fleet-library",
            str(build.FLEET_LIBRARY),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
        env=plain_environment(),
    )
    return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()


def test_what_is_fine_is_said_step_by_step_and_nothing_is_written(fleet, etcd):
    code, fine, wrong = connect(fleet)
    steps = (
        READ,
        "ring web: is not there yet: fine",
        "connection and certificates: fine",
        "lease: fine",
        WRITE,
        "members: write: fine",
    )
    assert (code, wrong) == (0, [])
    assert fine == [f'{fleet.hosts[0].fleet["kek"]}: key {fleets.kek_id(fleet.kek)}: fine'] + [
        f"{fleet.endpoints[0]}: {step}" for step in steps
    ]
    assert etcd.keys(fleet.settings["prefix"]) == []


def stored(fleet, etcd):
    """The ring's values, with their revisions."""
    folder = fleet.settings["prefix"] + "/web/"
    return json.loads(etcd.ctl("get", "--prefix", folder, "-w", "json").stdout)["kvs"]


def test_a_host_that_serves_is_not_disturbed(fleet, etcd):
    host = fleet.host()
    host.wait_in_step()
    before = stored(fleet, etcd)
    code, fine, wrong = connect(fleet)
    assert (code, wrong) == (0, [])
    assert f"{fleet.endpoints[0]}: ring web: is there under this host's key: fine" in fine
    assert stored(fleet, etcd) == before
    assert host.fleet_ring()["standing"] == "in-step"


def test_each_endpoint_is_tried(fleet):
    dead = f"https://127.0.0.1:{free_port()}"
    code, fine, wrong = connect(fleet, endpoints=f"{dead} {fleet.endpoints[0]}")
    assert code == 1
    assert len(wrong) == 1 and f"{dead}: cannot connect" in wrong[0]
    assert f"{fleet.endpoints[0]}: {WRITE}" in fine


def a_name_that_does_not_resolve(_fleet, _etcd, _folder):
    return {"endpoints": "https://nowhere.invalid:2379"}


def a_port_where_nobody_listens(_fleet, _etcd, _folder):
    return {"endpoints": f"https://[::1]:{free_port()}"}


def http_to_https(_fleet, etcd, _folder):
    return {"endpoints": f"http://127.0.0.1:{etcd.members[0].port}"}


def https_to_the_port_for_peers(_fleet, etcd, _folder):
    return {"endpoints": f"https://127.0.0.1:{etcd.members[0].peer_port}"}


def a_certificate_that_has_expired(_fleet, etcd, _folder):
    identity = etcd.identity("stek", days=-1, file="expired")
    return {"cert": identity.cert, "key": identity.key}


def no_certificate(_fleet, _etcd, _folder):
    return {"cert": None, "key": None}


def another_authority(_fleet, _etcd, folder):
    return {"ca": EtcdPki(folder / "other").ca}


def a_certificate_of_another_authority(_fleet, _etcd, folder):
    identity = EtcdPki(folder / "other").issue("stek")
    return {"cert": identity.cert, "key": identity.key}


def a_key_that_is_not_the_certificates(_fleet, etcd, _folder):
    return {"key": etcd.identity("guest").key}


def no_file(_fleet, _etcd, folder):
    return {"ca": folder / "nothing.pem"}


def certificate_of(user, etcd):
    identity = etcd.identity(user)
    return {"cert": identity.cert, "key": identity.key}


def a_user_who_may_do_nothing(_fleet, etcd, _folder):
    return certificate_of("guest", etcd)


def a_user_who_may_only_read(_fleet, etcd, _folder):
    return certificate_of("reader", etcd)


def another_fleets_key(fleet, _etcd, folder):
    fleet.host().wait_in_step()
    return {"kek": fleets.make_kek(folder / "other.kek")}


DENIED = "permission denied: grant the certificate's user read and write"


@pytest.mark.parametrize(
    "make, expected",
    [
        (a_name_that_does_not_resolve, ["nowhere.invalid:2379: the host name does not resolve"]),
        (a_port_where_nobody_listens, [r"\[::1\]:\d+: cannot connect .Connection refused.$"]),
        (http_to_https, ["the connection broke.*perhaps it speaks TLS: https:// in endpoints$"]),
        (https_to_the_port_for_peers, ["no TLS connection.*perhaps it speaks no TLS"]),
        (a_certificate_that_has_expired, ["the certificate of .fleet. cert expired on "]),
        (no_certificate, ["cert and key are not set"]),
        (another_authority, ["does not lead to the CA"]),
        (a_certificate_of_another_authority, ["etcd refuses the certificate of .fleet. cert"]),
        (a_key_that_is_not_the_certificates, ["cannot be read or do not belong together"]),
        (no_file, ["ca = .*: ENOENT", "the file of .fleet. ca cannot be read"]),
        (
            a_user_who_may_do_nothing,
            [
                f"ring web: read and watch: {DENIED}",
                f"ring web: write: {DENIED}",
                f"members: write: {DENIED}",
            ],
        ),
        (a_user_who_may_only_read, [f"ring web: write: {DENIED}", f"members: write: {DENIED}"]),
        (another_fleets_key, ["key-encryption key [0-9a-f]{16} only, which this host does not"]),
    ],
)
def test_what_is_wrong_is_said_in_a_line(fleet, etcd, folder, make, expected):
    code, _, wrong = connect(fleet, **make(fleet, etcd, folder))
    assert code == 1
    assert len(wrong) == len(expected), wrong
    for line, words in zip(wrong, expected):
        assert re.search(words, line), line


@pytest.mark.parametrize(
    "extension, days, words",
    [
        (SERVER, -1, "its certificate, or an authority's over it, has expired"),
        ("subjectAltName=DNS:other.example", 2, "its certificate is for other names"),
    ],
)
def test_what_is_wrong_with_etcds_certificate_is_said(folder, extension, days, words):
    cluster = Etcd(folder / "etcd", tls=True)
    cluster.pki.server = cluster.pki.issue("other", extension, days=days)
    member = cluster.members[0]
    try:
        member.start().wait()
        with Fleet(folder / "fleet", cluster) as fleet:
            code, _, wrong = connect(fleet)
    finally:
        cluster.stop()
    assert code == 1 and len(wrong) == 1 and words in wrong[0], wrong


def test_an_address_without_a_way_to_it_is_said(fleet):
    """In a network namespace of its own, where even loopback is down."""
    alone = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system gives no network namespace")
    code, _, wrong = connect(fleet, wrapper=alone, endpoints="https://192.0.2.1:2379")
    assert code == 1 and len(wrong) == 1, wrong
    assert "192.0.2.1:2379: cannot connect (Network is unreachable)" in wrong[0]


@pytest.mark.parametrize(
    "endpoint", ["https://[::1:2379", "https://::1:2379", "https://]:2379", "https://[]:2379"]
)
def test_an_ipv6_address_stands_in_brackets(fleet, endpoint):
    code, fine, wrong = connect(fleet, endpoints=endpoint)
    assert (code, fine, len(wrong)) == (2, [], 1)
    assert "an IPv6 address as [ADDRESS]:PORT" in wrong[0]


def test_something_else_than_etcd_is_said(fleet, certificates, stock):
    server = stock(Nginx)
    code, _, wrong = connect(
        fleet, endpoints=f"https://127.0.0.1:{server.port}", ca=certificates.ca
    )
    assert code == 1 and len(wrong) == 1, wrong


def test_a_key_that_cannot_be_used_is_a_fault_of_the_configuration(fleet, folder):
    kek = fleets.make_kek(folder / "loose.kek")
    kek.chmod(0o644)
    code, fine, wrong = connect(fleet, kek=kek)
    assert (code, fine, len(wrong)) == (2, [], 1)


def test_a_full_store_is_said(folder):
    with Etcd(folder / "etcd", options=["--quota-backend-bytes", "1048576"]) as etcd:
        with Fleet(folder / "fleet", etcd) as fleet:
            while etcd.ctl("put", "/filler", input_text="x" * 200000, check=False).returncode == 0:
                pass
            code, _, wrong = connect(fleet)
            assert code == 1
            assert any("etcd is full" in line for line in wrong), wrong


def test_a_configuration_that_is_not_sound_is_not_tried(fleet):
    code, fine, wrong = connect(fleet, ring={"rotate": "never"})
    assert (code, fine, len(wrong)) == (2, [], 1)


def test_without_a_fleet_there_is_nothing_to_try(folder):
    run_dir = ("--run-dir", str(folder / "run"))
    assert check_config(folder, "[ring web]\n", "--connect", *run_dir) == (0, "")


def test_connect_alone_is_a_usage_error():
    done = subprocess.run(
        [str(build.DAEMON), "--connect"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=plain_environment(),
    )
    assert done.returncode == 2 and "--check-config" in done.stderr
