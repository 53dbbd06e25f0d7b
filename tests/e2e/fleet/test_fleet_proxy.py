# SPDX-License-Identifier: Apache-2.0
"""Fleets whose hosts speak to etcd's own proxy, `etcd grpc-proxy`, in place of the members."""
import signal
import time

import pytest
from harness.etcd import Etcd, GrpcProxy, metric, readings
from harness.fleet import QUICK_RING, Fleet, revocation_s
from harness.probe import Probe
from harness.process import quickest_s, wait_for
from harness.proxy import Relay


@pytest.fixture
def etcd(folder):
    with Etcd(folder / "etcd", members=3, tls=True) as cluster:
        yield cluster


@pytest.fixture
def proxies(folder, etcd):
    with GrpcProxy(folder / "proxy0", etcd) as one, GrpcProxy(folder / "proxy1", etcd) as two:
        yield [one, two]


def watchers(etcd):
    """How many watches the members hold."""
    return metric(etcd, "etcd_debugging_mvcc_watcher_total")


def reconnects(fleet):
    return [host.fleet_status()["reconnects"] for host in fleet.hosts]


def rotations_pass_unbroken(fleet):
    """Whether no host loses its connection over some rotations. A busy machine may break one."""
    first, before = fleet.hosts[0].active(), reconnects(fleet)
    wait_for(
        lambda: all(h.active() > first + 3 for h in fleet.hosts), "some rotations", timeout_s=60
    )
    return reconnects(fleet) == before


def test_hosts_behind_a_proxy_are_one_watch_and_hold_the_same_keys(folder, etcd, proxies):
    before = watchers(etcd)  # of the proxies themselves
    with Fleet(folder / "fleet", etcd, endpoints=[proxies[0].url()], ring=QUICK_RING) as fleet:
        for _ in range(4):
            fleet.host()
        for host in fleet.hosts:
            host.wait_in_step()
        wait_for(lambda: rotations_pass_unbroken(fleet), "rotations over one connection each", 120)
        fleet.wait_equal()
        wait_for(
            lambda: watchers(etcd) == before + 1,
            "the watches of four hosts to be joined",
            timeout_s=30,
            pause_s=0.2,
        )


def test_a_revocation_reaches_hosts_behind_proxies_within_a_second(folder, etcd, proxies):
    with Fleet(folder / "fleet", etcd, ring={"rotate": "1h"}) as fleet:
        for number in range(4):
            fleet.host(endpoints=proxies[number % 2].url())
        for host in fleet.hosts:
            host.wait_in_step()
        assert quickest_s(lambda: revocation_s(fleet.hosts), 1) < 1


def test_several_rings_are_told_apart(folder, etcd, proxies):
    with Fleet(folder / "fleet", etcd, endpoints=[proxies[0].url()], ring=QUICK_RING) as fleet:
        hosts = [fleet.prepare() for _ in range(2)]
        for host in hosts:
            host.rings.update({name: dict(host.rings["web"]) for name in ("mail", "shop")})
            fleet.stack.enter_context(host)
        for ring in ("web", "mail", "shop"):
            for host in hosts:
                host.wait_in_step(ring)
            first = hosts[0].active(ring)
            wait_for(
                lambda r=ring, f=first: hosts[0].active(r) > f + 2, "some rotations", timeout_s=60
            )
            fleet.wait_equal(ring=ring)
            assert hosts[1].fleet_ring(ring)["standing"] == "in-step"


def test_a_lease_is_renewed_through_a_proxy(folder, etcd, proxies):
    with Probe(folder, [proxies[0].url()], etcd.identity("stek"), etcd.pki.ca) as one:
        one.wait("online")
        assert one.ask("lease", 77, 5)["ttl"] == 5
        assert one.ask("put", "/stek/v1/leased", "v", 0, 77)["succeeded"]
        until = time.monotonic() + 8
        while time.monotonic() < until:
            assert one.ask("alive", 77)["ttl"] == 5
        one.wait("item", key="/stek/v1/leased", gone=True, timeout_s=30)
        assert one.ask("alive", 77)["ttl"] <= 0


def test_a_proxy_that_is_killed_or_stopped_is_left_for_another(folder, etcd, proxies):
    with Probe(
        folder, [proxy.url() for proxy in proxies], etcd.identity("stek"), etcd.pki.ca
    ) as one:
        endpoint = one.wait("online")["endpoint"]
        in_use = next(proxy for proxy in proxies if proxy.url() == endpoint)
        in_use.process.signal(signal.SIGSTOP)
        assert one.wait("offline")["fault"] == "silent"
        endpoint = one.wait("online")["endpoint"]
        assert endpoint != in_use.url()
        in_use.process.signal(signal.SIGCONT)
        next(proxy for proxy in proxies if proxy.url() == endpoint).kill()
        assert one.wait("offline")["fault"] == "unreachable"
        assert one.wait("online")["endpoint"] == in_use.url()


def offline(one):
    """How often it gave a connection up."""
    return sum(event["event"] == "offline" for event in one.events())


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "clear"])
def test_a_proxys_own_answers_are_signs_of_life_however_fast_they_come(folder, probe_of, tls):
    with Etcd(folder / "etcd", tls=tls) as etcd, GrpcProxy(folder / "proxy", etcd) as proxy:
        one = probe_of(etcd, [proxy.url()], pace_ms=50)
        one.wait("online")

        def goes_well():
            """A machine that stops for seconds makes everybody silent; without a rule, they are so
            each time."""
            first, before = readings(etcd), offline(one)
            wait_for(
                lambda: readings(etcd) >= first + 5,
                "one question in twelve to reach the member",
                timeout_s=60,
            )
            return offline(one) == before

        assert any(goes_well() for _ in range(5))


def test_a_proxy_that_lives_but_hears_nothing_from_the_members_is_left(folder, probe_of):
    with Etcd(folder / "etcd") as plain, Relay([plain.members[0].port]) as relay:
        with GrpcProxy(folder / "deaf", plain, [f"http://127.0.0.1:{relay.port}"]) as deaf:
            one = probe_of(plain, [deaf.url()])
            one.wait("online")
            first = readings(plain)
            wait_for(
                lambda: readings(plain) > first,
                "a question to the leader, and those before it",
                timeout_s=30,
            )
            relay.freeze()
            assert one.wait("offline", timeout_s=30)["fault"] == "silent"
            relay.heal()
            one.wait("online", timeout_s=60)


@pytest.fixture
def probe_of(folder):
    started = []

    def start(cluster, endpoints, **options):
        made = Probe(
            folder, endpoints, cluster.identity("stek"), cluster.pki and cluster.pki.ca, **options
        )
        started.append(made.__enter__())
        return made

    yield start
    for made in started:
        made.__exit__()


def test_the_proxys_clock_is_known(etcd, proxies, probe_of):
    assert abs(probe_of(etcd, [proxies[0].url()]).wait("clock")["ahead_s"]) <= 1


def test_without_a_quorum_behind_the_proxy_it_says_so_and_comes_back_with_it(
    etcd, proxies, probe_of
):
    one = probe_of(etcd, [proxies[0].url()])
    one.wait("online")
    for member in etcd.members[:2]:
        member.kill()
    one.wait("offline", timeout_s=60)
    for member in etcd.members[:2]:
        member.start()
    one.wait("online", timeout_s=90)


def test_a_store_with_users_refuses_what_comes_through_a_proxy_and_the_host_says_so(folder):
    with Etcd(folder / "etcd", tls=True, auth=True) as etcd, GrpcProxy(
        folder / "proxy", etcd
    ) as proxy:
        with Probe(folder, [proxy.url()], etcd.identity("stek"), etcd.pki.ca) as one:
            said = one.wait("read-end")
            assert said["fault"] == "permission-denied" and "[fleet] prefix" in said["text"]


def test_a_full_store_is_told_through_a_proxy(folder, probe_of):
    with Etcd(folder / "etcd", options=["--quota-backend-bytes", str(16 << 20)]) as etcd, GrpcProxy(
        folder / "proxy", etcd
    ) as proxy:
        one = probe_of(etcd, [proxy.url()])
        one.wait("online")
        wait_for(
            lambda: etcd.ctl("put", "/fill", check=False, input_text="x" * 1_000_000).returncode
            != 0,
            "etcd to be full",
            timeout_s=60,
        )
        assert one.ask("put", "/stek/v1/a", "v", 0, 0)["fault"] == "no-space"
