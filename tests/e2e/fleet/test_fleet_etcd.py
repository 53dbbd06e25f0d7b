# SPDX-License-Identifier: Apache-2.0
"""The connection to etcd on its own: what it reads, watches and writes, and what it says when
something is wrong."""
import contextlib
import itertools
import socket
import time

import pytest
from harness.etcd import Etcd, EtcdPki, readings
from harness.probe import Probe
from harness.process import wait_for
from harness.proxy import Relay


@pytest.fixture
def plain(folder):
    """One member without any of that."""
    with Etcd(folder / "etcd") as cluster:
        yield cluster


@pytest.fixture
def three(folder):
    with Etcd(folder / "etcd", members=3) as cluster:
        yield cluster


@pytest.fixture
def probe(folder):
    """probe(cluster, identity): connects for the length of the test."""
    started = []

    def start(cluster, identity=None, endpoints=None, **options):
        identity = identity or cluster.identity("stek")
        made = Probe(
            folder,
            endpoints or cluster.endpoints(),
            identity,
            cluster.pki and cluster.pki.ca,
            **options,
        )
        started.append(made.__enter__())
        return made

    yield start
    for made in started:
        made.__exit__()


def test_put_if_absent_the_first_writer_wins(etcd, probe):
    one = probe(etcd)
    one.wait("online")
    assert one.ask("put", "/stek/v1/a", "first", 0, 0)["succeeded"]
    again = one.ask("put", "/stek/v1/a", "second", 0, 0)
    assert again["fault"] == "ok" and not again["succeeded"]
    assert etcd.ctl("get", "/stek/v1/a", "--print-value-only").stdout == "first\n"


def test_a_write_can_demand_that_its_folder_has_not_changed(etcd, probe):
    one = probe(etcd)
    one.wait("online")
    etcd.ctl("put", "/stek/v1/web/1", "theirs")
    seen = one.wait("item", key="/stek/v1/web/1")["revision"]
    demand = ("/stek/v1/web/", "/stek/v1/web0", seen)
    etcd.ctl("put", "/stek/v1/other/1", "of no concern")
    assert one.ask("put", "/stek/v1/web/2", "mine", 0, 0, *demand)["succeeded"]
    assert not one.ask("put", "/stek/v1/web/3", "made of old news", 0, 0, *demand)["succeeded"]
    assert etcd.ctl("get", "/stek/v1/web/3", "--print-value-only").stdout == ""


def test_what_others_write_and_delete_is_heard(etcd, probe):
    one = probe(etcd)
    one.wait("online")
    etcd.ctl("put", "/stek/v1/x", "theirs")
    etcd.ctl("put", "/elsewhere/x", "not ours")
    one.wait("item", key="/stek/v1/x", value="theirs", gone=False)
    etcd.ctl("del", "/stek/v1/x")
    one.wait("item", key="/stek/v1/x", gone=True)
    assert not [
        e for e in one.events() if e["event"] == "item" and e["key"].startswith("/elsewhere")
    ]


def test_more_keys_than_a_page_holds_are_all_read(plain, probe):
    commands = "".join(f"put /stek/v1/{number:05} value{number}\n" for number in range(300))
    for start in range(0, 300, 100):
        plain.ctl(
            "txn",
            input_text="\n" + "".join(commands.splitlines(True)[start : start + 100]) + "\n\n",
        )
    one = probe(plain)
    one.wait("online")
    assert len(one.holds()) == 300


def test_an_answer_that_is_too_large_is_read_in_smaller_pages(plain, probe):
    for number in range(12):
        plain.ctl("put", f"/stek/v1/big{number}", input_text="x" * 1_000_000)
    one = probe(plain)
    one.wait("online")
    assert len(one.holds()) == 12


def test_a_lease_that_is_not_renewed_takes_its_keys_away(etcd, probe):
    one = probe(etcd)
    one.wait("online")
    assert one.ask("lease", 77, 2)["ttl"] == 2
    assert one.ask("lease", 77, 2)["fault"] == "exists"
    assert one.ask("put", "/stek/v1/leased", "v", 0, 77)["succeeded"]
    assert one.ask("alive", 77)["ttl"] == 2
    one.wait("item", key="/stek/v1/leased", gone=True)
    assert one.ask("alive", 77)["ttl"] == 0


def test_a_member_that_is_killed_is_left_for_another(three, probe):
    one = probe(three)
    endpoint = one.wait("online")["endpoint"]
    victim = next(m for m in three.members if m.url() == endpoint)
    victim.kill()
    assert one.wait("offline")["fault"] == "unreachable"
    assert one.wait("online")["endpoint"] != endpoint
    # It may have led: then nothing is written until another one does. A key of its own for each
    # try: one may have been written.
    key = itertools.count()
    wait_for(
        lambda: one.ask("put", f"/stek/v1/{next(key)}", "v", 0, 0).get("succeeded"),
        "a write",
        timeout_s=60,
    )


def test_a_member_that_is_stopped_keeps_its_connection_open_and_is_left_all_the_same(three, probe):
    one = probe(three)
    endpoint = one.wait("online")["endpoint"]
    victim = next(m for m in three.members if m.url() == endpoint)
    victim.freeze()
    try:
        said = one.wait("offline")
        assert said["fault"] == "silent" and "no answer" in said["text"]
        assert one.wait("online")["endpoint"] != endpoint
    finally:
        victim.thaw()


def test_without_a_quorum_it_says_so_and_comes_back_with_it(three, probe):
    one = probe(three)
    one.wait("online")
    for member in three.members[:2]:
        member.kill()
    assert "leader" in one.wait("offline", fault="no-quorum", timeout_s=30)["text"]
    for member in three.members[:2]:
        member.start()
    one.wait("online", timeout_s=30)


def test_what_happened_while_it_was_away_is_read(plain, probe):
    with Relay([plain.members[0].port]) as relay:
        one = probe(plain, endpoints=[f"http://127.0.0.1:{relay.port}"])
        plain.ctl("put", "/stek/v1/gone", "v")
        one.wait("item", key="/stek/v1/gone")
        relay.cut()
        one.wait("offline")
        plain.ctl("del", "/stek/v1/gone")
        plain.ctl("put", "/stek/v1/new", "v")
        revision = plain.ctl("get", "/stek/v1/new", "-w", "fields").stdout
        revision = next(line.split()[-1] for line in revision.splitlines() if "ModRevision" in line)
        plain.ctl("compact", revision)  # the events are no longer there
        relay.heal()
        one.wait("online")
        assert one.holds() == {"/stek/v1/new": "v"}


def test_a_network_that_swallows_everything_is_noticed_in_time(plain, probe):
    with Relay([plain.members[0].port]) as relay:
        one = probe(plain, endpoints=[f"http://127.0.0.1:{relay.port}"])
        one.wait("online")
        relay.freeze()
        assert one.wait("offline")["fault"] == "silent"
        relay.heal()
        one.wait("online")


class StuckWatch(Relay):
    """Once `stuck`, nothing comes back on the connection that carries the watch: the second that
    speaks HTTP/2, after the first reading."""

    stuck = False

    def __init__(self, targets):
        super().__init__(targets)
        self.http2 = []  # etcd's ends, by order

    def _pass_on(self, end):
        server = self.pairs.get(end)
        with contextlib.suppress(OSError):
            if (
                server is not None
                and len(self.http2) < 2
                and end.recv(3, socket.MSG_PEEK) == b"PRI"
            ):
                self.http2.append(server)
        if self.stuck and end is self.http2[1]:
            end.recv(65536)
        else:
            super()._pass_on(end)


def test_a_watch_without_a_sign_is_believed_while_the_store_has_nothing_new_and_no_longer(
    plain, probe
):
    with StuckWatch(
        [plain.members[0].port]
    ) as relay:  # newer etcds answer no progress request while nothing is new
        one = probe(plain, endpoints=[f"http://127.0.0.1:{relay.port}"])
        one.wait("online")
        plain.ctl("put", "/stek/v1/w", "theirs")
        one.wait("item", key="/stek/v1/w")  # the watch stands
        relay.stuck = True
        first = readings(plain)
        wait_for(lambda: readings(plain) > first + 6, "readings in place of progress")
        assert not [event for event in one.events() if event["event"] == "offline"]
        plain.ctl("put", "/stek/v1/x", "theirs")
        assert one.wait("offline")["fault"] == "silent"
        one.wait("item", key="/stek/v1/x", value="theirs")


def test_a_watch_that_gives_signs_needs_no_readings(plain, probe):
    one = probe(plain, pace_ms=100)
    one.wait("online")
    plain.ctl("put", "/elsewhere/x", "v")  # so that newer etcds answer, too
    first = readings(plain)
    begun = time.monotonic()
    wait_for(lambda: time.monotonic() - begun > 2, "twenty progress requests")
    assert readings(plain) <= first + 2


def test_a_put_without_an_answer_is_called_ambiguous_never_refused(plain, probe):
    with Relay([plain.members[0].port]) as relay:
        one = probe(plain, endpoints=[f"http://127.0.0.1:{relay.port}"])
        one.wait("online")
        relay.freeze()
        assert one.ask("put", "/stek/v1/a", "v", 0, 0)["fault"] in ("silent", "unreachable")
        relay.heal()
        one.wait("online")


def test_nobody_listens(probe, plain):
    plain.stop()
    one = probe(plain)
    said = one.wait("offline")
    assert (
        said["fault"] == "unreachable"
        and "cannot connect" in said["text"]
        and "\n" not in said["text"]
    )


def test_a_certificate_of_another_authority_is_not_believed(folder, etcd):
    stranger = EtcdPki(folder / "stranger")
    with Probe(folder, etcd.endpoints(), etcd.identity("stek"), stranger.ca) as one:
        said = one.wait("offline")
    assert said["fault"] == "server-certificate" and "[fleet] ca" in said["text"]


def test_an_expired_certificate_of_ours_is_named(etcd, probe):
    one = probe(etcd, identity=etcd.identity("stek", days=-1, file="expired"))
    said = one.wait("offline")
    assert said["fault"] == "client-certificate" and "[fleet] cert expired on" in said["text"]


def test_a_certificate_file_that_is_not_there_is_named(etcd, probe):
    identity = etcd.identity("stek")
    identity.cert.unlink()
    said = probe(etcd, identity=identity).wait("offline")
    assert said["fault"] == "client-certificate" and "[fleet] cert" in said["text"]


def test_a_user_without_permission_may_neither_read_nor_write(etcd, probe):
    one = probe(etcd, identity=etcd.identity("nobody"))
    said = one.wait("read-end")
    assert said["fault"] == "permission-denied" and "[fleet] prefix" in said["text"]
    one.wait("online")
    assert one.ask("put", "/stek/v1/a", "v", 0, 0)["fault"] == "permission-denied"


def test_a_full_store_refuses_writes_and_goes_on_being_read(folder, probe):
    with Etcd(folder / "etcd", options=["--quota-backend-bytes", str(16 << 20)]) as cluster:
        one = probe(cluster)
        one.wait("online")
        wait_for(
            lambda: cluster.ctl("put", "/fill", check=False, input_text="x" * 1_000_000).returncode
            != 0,
            "etcd to be full",
            timeout_s=60,
        )
        said = one.ask("put", "/stek/v1/a", "v", 0, 0)
        assert said["fault"] == "no-space" and "alarm disarm" in said["text"]
        one.say("reread")
        one.wait("read-end", fault="ok")


def test_a_store_that_is_replaced_is_noticed(folder, probe):
    with Etcd(folder / "one") as first, Etcd(folder / "two") as second:
        second.ctl("put", "/stek/v1/other", "v")
        with Relay([first.members[0].port]) as relay:
            one = probe(first, endpoints=[f"http://127.0.0.1:{relay.port}"])
            one.wait("online")
            relay.cut()
            one.wait("offline")
            relay.targets = [second.members[0].port]
            relay.heal()
            said = one.wait("offline", fault="another-cluster")
            assert "another etcd cluster" in said["text"]
            one.wait("other-store")
            one.wait("online")
            assert one.holds() == {"/stek/v1/other": "v"}


@pytest.mark.parametrize("kind", ["etcd", "plain"])
def test_the_stores_clock_is_known_over_tls_and_in_the_clear(kind, request, probe):
    assert abs(probe(request.getfixturevalue(kind)).wait("clock")["ahead_s"]) <= 1


def test_a_server_that_is_not_etcd_is_called_so(folder, certificates):
    from harness.servers.nginx import Nginx

    with Nginx(folder / "nginx", certificates) as server:
        with Probe(folder, [f"https://127.0.0.1:{server.port}"], None, certificates.ca) as one:
            said = one.wait("offline")
    assert said["fault"] in ("protocol", "unreachable")
