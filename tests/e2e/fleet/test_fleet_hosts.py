# SPDX-License-Identifier: Apache-2.0
"""stekds on one etcd: the same keys everywhere, ahead of time, whatever happens to the store."""
import re
import time

import pytest
from harness.etcd import Etcd
from harness.fleet import QUICK_RING, Fleet, make_kek, revocation_s
from harness.process import quickest_s, wait_for
from harness.proxy import Relay


def secrets_of(host, ring="web"):
    """The secrets in a host's ring file: of each record, wherever it lies. Only tests may look
    there."""
    return host.ring(ring).read_bytes()


def test_all_hosts_hold_the_same_keys_before_they_seal(fleet):
    for _ in range(3):
        fleet.host()
    for host in fleet.hosts:
        host.wait_in_step()
    keys, _ = fleet.wait_equal()
    assert len(keys) >= 3
    status = fleet.hosts[0].status("web")
    assert status["source"] == "fleet"
    assert [key["state"] for key in status["keys"]].count("pending") >= 2


def test_a_host_that_comes_later_gets_the_keys_that_still_open(fleet):
    first = fleet.host()
    first.wait_in_step()
    wait_for(lambda: len(first.keys()) >= 5, "some rotations")
    late = fleet.host()
    late.wait_in_step()
    fleet.wait_equal()
    assert len(late.keys()) >= 5


def test_members_announce_themselves_and_are_gone_when_they_are_gone(fleet, etcd):
    for _ in range(2):
        fleet.host()
    for host in fleet.hosts:
        host.wait_in_step()

    def members():
        said = fleet.hosts[0].fleet_status(read=True)["members"]
        return said["hosts"] if said and set(said["hosts"]) == {"host0", "host1"} else {}

    wait_for(
        lambda: members() and all(h["rings"]["web"]["held"] >= 3 for h in members().values()),
        "both members",
    )
    assert all(host["version"] for host in members().values())
    wait_for(
        lambda: all(abs(h.get("clock_ahead_s", 9)) <= 1 for h in members().values()), "their clocks"
    )
    fleet.hosts[1].kill()
    wait_for(
        lambda: set(fleet.hosts[0].fleet_status(read=True)["members"]["hosts"]) == {"host0"},
        "the dead host's lease to end",
        timeout_s=60,
        pause_s=0.5,
    )


def test_without_etcd_the_fleet_goes_on_in_step_and_says_since_when(fleet, etcd):
    hosts = [fleet.host(), fleet.host()]
    for host in hosts:
        host.wait_in_step()
    fleet.wait_equal()
    etcd.stop()
    wait_for(
        lambda: all(h.fleet_ring()["standing"] == "continued" for h in hosts),
        "continuations",
        timeout_s=60,
    )
    assert fleet.wait_equal()[0]
    status = hosts[0].fleet_status()
    assert (
        not status["online"]
        and status["fault"] == "unreachable"
        and abs(status["since"] - time.time()) < 60
    )
    assert (
        "continuations" in hosts[0].status("web")["problem"]
        and "since 20" in hosts[0].status("web")["problem"]
    )
    for member in etcd.members:
        member.start().wait()
    for host in hosts:
        host.wait_in_step(timeout_s=60)
    keys, _ = fleet.wait_equal()
    latest = max(keys)
    fresh = next(key for key in hosts[0].status("web")["keys"] if key["seq"] == latest)
    assert fresh["origin"] == "published"


def test_a_host_starts_without_etcd_on_its_ring_file(fleet, etcd):
    host = fleet.host()
    host.wait_in_step()
    before = host.keys()
    etcd.stop()
    host.restart()
    assert host.active() is not None
    assert set(host.keys().items()) & set(before.items())


def test_a_host_without_ring_file_and_etcd_waits_and_says_so(fleet, etcd):
    etcd.stop()
    host = fleet.host()
    wait_for(lambda: "waiting" in (host.status("web")["problem"] or ""), "a word about waiting")
    assert host.active() is None
    for member in etcd.members:
        member.start().wait()
    host.wait_in_step(timeout_s=60)
    assert host.active() is not None


def test_bootstrap_local_goes_ahead_with_a_key_of_its_own_until_the_store_answers(fleet, etcd):
    etcd.stop()
    host = fleet.host(bootstrap="local")
    assert host.active() is not None
    local = set(host.keys().values())
    host.restart()  # what it made by itself is not taken for the fleet's
    for member in etcd.members:
        member.start().wait()
    host.wait_in_step(timeout_s=60)
    assert not local & set(host.keys().values())


def test_what_has_retired_leaves_the_store(folder, etcd):
    with Fleet(folder / "fleet", etcd, ring={"rotate": "1s", "accept": "1s", "ahead": 1}) as fleet:
        host = fleet.host()
        host.wait_in_step()
        first = fleet.stored(min(host.keys()))
        assert first in etcd.keys()
        wait_for(
            lambda: first not in etcd.keys(), "the first record to go", timeout_s=60, pause_s=0.2
        )


def test_nothing_secret_stands_in_the_store(fleet, etcd):
    host = fleet.host()
    host.wait_in_step()
    wait_for(lambda: len(host.keys()) >= 4, "some records")
    kek = bytes.fromhex(fleet.kek.read_text().split()[1])
    etcd.ctl("put", "/control", "a value that can be found")
    assert etcd.holds(b"a value that can be found")
    assert not etcd.holds(kek)


def test_a_wrong_key_is_said_and_nothing_is_broken(fleet, folder):
    good = fleet.host()
    good.wait_in_step()
    stranger = fleet.host(kek=make_kek(folder / "other.kek"))
    wait_for(lambda: stranger.fleet_ring()["standing"] == "wrong-key", "a word about the key")
    assert "another key-encryption key" in stranger.status("web")["problem"]
    assert "another key-encryption key" in stranger.stderr()
    wait_for(lambda: good.fleet_ring()["standing"] == "wrong-key", "the same at the other host")
    before = max(good.keys())
    wait_for(lambda: max(good.keys()) > before, "the good host to go on")
    assert not set(good.keys().values()) & set(stranger.keys().values())


def test_a_clock_ten_minutes_ahead_is_said_and_the_others_go_on(folder, etcd):
    with Fleet(folder / "fleet", etcd, ring={"rotate": "20s", "accept": "60s"}) as fleet:
        good = fleet.host()
        good.wait_in_step()
        wait_for(
            lambda: good.fleet_status()["clock_ahead_s"] is not None, "the good clock to be known"
        )
        wait_for(
            lambda: "clock_ahead_s" in str(good.fleet_status(read=True)["members"]),
            "it to be announced",
        )
        keys = good.keys()
        off = fleet.prepare()
        off.wrapper = ["faketime", "-f", "+10m"]
        with off:
            wait_for(
                lambda: off.fleet_ring()["standing"] == "clock-off",
                "a word about the clock",
                timeout_s=30,
            )
            # The store says whole seconds, and its answer takes its time.
            said = re.search(r"clock is (\d+) s ahead of", off.stek("fleet", "status").stdout)
            assert abs(int(said[1]) - 600) <= 2
            assert "set it right" in off.stderr()
        assert keys.items() <= good.keys().items()


def test_foreign_values_in_the_prefix_are_passed_over_and_said(fleet, etcd):
    etcd.ctl("put", "/stek/v1/web/readme", "hello")
    etcd.ctl("put", fleet.stored(2), "garbage")
    host = fleet.host()
    host.wait_in_step()
    ring = host.fleet_ring()
    assert ring["foreign_keys"] == 1 and ring["refused"]["malformed"] == 1
    assert (
        "/stek/v1/web/readme" in host.stderr()
        and "record 2 in the store is refused" in host.stderr()
    )
    wait_for(lambda: host.active() and host.active() > 3, "the ring to go on")


def test_a_full_store_is_said_and_the_ring_goes_on(folder):
    with Etcd(folder / "etcd", options=["--quota-backend-bytes", str(16 << 20)]) as etcd, Fleet(
        folder / "fleet", etcd, ring=QUICK_RING
    ) as fleet:
        host = fleet.host()
        host.wait_in_step()
        wait_for(
            lambda: etcd.ctl("put", "/fill", check=False, input_text="x" * 1_000_000).returncode
            != 0,
            "etcd to be full",
            timeout_s=60,
        )
        wait_for(
            lambda: "etcd is full" in host.fleet_ring()["problem"], "a word about it", timeout_s=30
        )
        assert "alarm disarm" in host.stderr()
        active = host.active()
        wait_for(lambda: host.active() > active, "the ring to go on")
        assert host.active() is not None


def test_refused_permission_is_said_and_the_ring_goes_on(fleet, etcd):
    host = fleet.host()
    host.wait_in_step()
    etcd.ctl("user", "revoke-role", "stek", "stek")
    wait_for(
        lambda: "permission denied" in host.fleet_ring()["problem"], "a word about it", timeout_s=30
    )
    active = host.active()
    wait_for(lambda: host.active() > active, "the ring to go on")
    etcd.ctl("user", "grant-role", "stek", "stek")
    host.wait_in_step()
    wait_for(lambda: host.fleet_ring()["problem"] == "", "the problem to be over", timeout_s=30)


def test_rotation_by_hand_reaches_every_host(fleet):
    hosts = [fleet.host(ring={"rotate": "1h"}) for _ in range(3)]
    for host in hosts:
        host.wait_in_step()
    before = hosts[0].active()
    assert hosts[1].request(command="rotate", ring="web")["fleet"] == "pending"
    wait_for(lambda: hosts[1].fleet_ring()["operation"] == "done", "the rotation")
    wait_for(lambda: all(h.active() > before for h in hosts), "every host", timeout_s=5)


def test_revocation_reaches_every_host_within_a_second_and_others_when_they_connect(folder, etcd):
    with Relay([etcd.members[0].port]) as relay, Fleet(
        folder / "fleet", etcd, ring={"rotate": "1h"}
    ) as fleet:
        hosts = [fleet.host() for _ in range(3)]
        away = fleet.host(endpoints=f"https://127.0.0.1:{relay.port}")
        for host in fleet.hosts:
            host.wait_in_step()
        before, _ = fleet.wait_equal()
        relay.cut()
        wait_for(lambda: not away.fleet_status()["online"], "one host to be cut off")
        assert quickest_s(lambda: revocation_s(hosts), 1) < 1
        assert set(away.keys()) == set(before)
        relay.heal()
        wait_for(lambda: not set(away.keys()) & set(before), "the host that was away", timeout_s=60)
        floors = {host.fleet_ring()["floor"] for host in fleet.hosts}
        assert len(floors) == 1 and floors.pop() > max(before)


def test_a_floor_that_is_deleted_or_lowered_in_the_store_does_not_fall(fleet, etcd):
    host = fleet.host(ring={"rotate": "4s"})
    host.wait_in_step()
    host.request(command="revoke", ring="web", all=True)
    wait_for(lambda: host.fleet_ring()["operation"] == "done", "the revocation")
    floor = host.fleet_ring()["floor"]
    etcd.ctl("del", fleet.stored(".floor"))
    wait_for(lambda: fleet.stored(".floor") in etcd.keys(), "the floor to be put back")
    assert host.fleet_ring()["floor"] == floor
    host.restart()
    host.wait_in_step()
    assert host.fleet_ring()["floor"] == floor


def test_a_new_key_encryption_key_is_taken_without_a_gap(fleet, folder, etcd):
    new = make_kek(folder / "new.kek")
    hosts = [fleet.host(ring={"rotate": "1h"}) for _ in range(2)]
    for host in hosts:
        host.wait_in_step()
    before, _ = fleet.wait_equal()
    for keks in (f"{fleet.kek} {new}", f"{new} {fleet.kek}"):
        for host in hosts:
            host.fleet["kek"] = keks
            host.reload()
            host.wait_in_step()
    first = hosts[0].request(command="rekey")
    assert first["ok"], first
    rekey = wait_for(
        lambda: (r := hosts[0].fleet_status()["rekey"])["state"] == "done" and r, "the rekeying"
    )
    assert rekey["resealed"] == len(before) + 1 and rekey["left"] == 0
    for host in hosts:
        host.fleet["kek"] = str(new)
        host.reload()
        host.wait_in_step()
    assert fleet.wait_equal()[0] == before
    late = fleet.host(kek=new, ring={"rotate": "1h"})
    late.wait_in_step()
    assert fleet.wait_equal()[0] == before


def test_a_reload_takes_rings_into_the_fleet_and_out_of_it(fleet):
    host = fleet.host()
    host.wait_in_step()
    host.rings["web"]["source"] = "host"
    host.reload()
    assert host.status("web")["source"] == "host" and host.active() is not None
    host.rings["web"]["source"] = "fleet"
    host.reload()
    host.wait_in_step()


def test_a_key_file_that_others_may_read_is_refused(fleet, folder):
    loose = make_kek(folder / "loose.kek")
    loose.chmod(0o644)
    host = fleet.prepare(kek=loose)
    with pytest.raises(Exception, match="others may read or write it"):
        host.start()


@pytest.fixture
def credentials(folder):
    """A folder as systemd makes one for LoadCredential=: only the service may look into it, and
    nobody writes."""
    made = folder / "credentials"
    made.mkdir(mode=0o700)
    yield made
    made.chmod(0o700)


def hand_over(credentials, **keys):
    for name, kek in keys.items():
        (credentials / f"{name}.kek").write_bytes(kek.read_bytes())
        (credentials / f"{name}.kek").chmod(0o400)
    credentials.chmod(0o500)


def test_keys_may_be_credentials_of_systemd(fleet, folder, credentials):
    hand_over(credentials, fleet=fleet.kek, new=make_kek(folder / "new.kek"))
    by_file = fleet.host(ring={"rotate": "1h"})
    by_credential = fleet.prepare(
        kek="credential:fleet.kek credential:new.kek", ring={"rotate": "1h"}
    )
    by_credential.env = {"CREDENTIALS_DIRECTORY": credentials}
    fleet.stack.enter_context(by_credential)
    for host in fleet.hosts:
        host.wait_in_step()
    fleet.wait_equal()
    assert len(by_credential.fleet_status()["keys"]) == 2
    assert by_credential.fleet_status()["keys"][0] == by_file.fleet_status()["keys"][0]


@pytest.mark.parametrize("given", [True, False], ids=["another-credential", "no-credentials"])
def test_a_credential_that_systemd_has_not_given_is_said(fleet, credentials, given):
    hand_over(credentials, other=fleet.kek)
    host = fleet.prepare(kek="credential:fleet.kek")
    host.env = {"CREDENTIALS_DIRECTORY": credentials if given else None}
    with pytest.raises(
        Exception, match=r"\[fleet\] kek = credential:fleet\.kek: .*LoadCredential="
    ):
        host.start()


def test_stekd_without_a_fleet_carries_no_libcurl(folder):
    from harness.stekd import Stekd

    with Stekd(folder / "alone", web={}) as daemon:
        maps = open(f"/proc/{daemon.pid}/maps", encoding="utf-8").read()
    assert "libcurl" not in maps and "libprotobuf-c" not in maps


def test_endpoints_may_be_host_names_also_behind_the_filter_of_system_calls(folder, etcd):
    names = [f"https://localhost:{member.port}" for member in etcd.members]
    with Fleet(folder / "fleet", etcd, endpoints=names, ring=QUICK_RING) as fleet:
        host = fleet.host()
        host.wait_in_step()
        assert host.fleet_status()["endpoint"] == names[0]
