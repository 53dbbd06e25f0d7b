# SPDX-License-Identifier: Apache-2.0
"""
What can be wrong around a fleet. Each time there is a clear line in the log and in `stek fleet
status`, the ring goes on, no key is lost, and
when it is put right the host is in step again. A clock that is off: test_fleet_hosts.py.
"""
import pytest
from harness.etcd import Etcd
from harness.fleet import QUICK_RING, Fleet, make_kek
from harness.process import wait_for
from harness.proxy import Relay


def in_step(fleet, **changes):
    host = fleet.host(**changes)
    host.wait_in_step()
    wait_for(lambda: len(host.keys()) >= 4, "some keys")
    return host


def assert_said_and_goes_on(host, log, status, exit_code=3):
    """Both say so; keys go on sealing one after another, and those that open stay."""
    before, active = host.keys(), host.active()
    wait_for(lambda: log in host.stderr(), f"'{log}' in the log", timeout_s=30)
    shown = wait_for(
        lambda: (done := host.stek("fleet", "status"))
        and all(w in done.stdout for w in status)
        and done,
        f"{status} in stek fleet status",
        timeout_s=30,
    )
    assert shown.returncode == exit_code
    wait_for(lambda: (host.active() or 0) > active + 1, "the ring to go on", timeout_s=30)
    assert set(before.items()) - set(host.keys().items()) == set()


def is_fine(host):
    host.wait_in_step(timeout_s=60)
    wait_for(lambda: host.stek("fleet", "status").returncode == 0, "the end of it", timeout_s=30)


def test_a_wrong_key_encryption_key(fleet, folder):
    in_step(fleet)
    host = in_step(fleet)
    host.fleet["kek"] = make_kek(folder / "other.kek")
    host.reload()
    assert_said_and_goes_on(
        host,
        "apart from hosts that keep this ring under another key-encryption key",
        ["apart from hosts that keep this ring under another key-encryption key"],
    )
    host.fleet["kek"] = fleet.kek
    host.reload()
    is_fine(host)
    fleet.wait_equal()


def test_an_expired_certificate(fleet, etcd):
    host = in_step(fleet)
    expired = etcd.identity("stek", days=-1, file="expired")
    host.fleet.update(cert=expired.cert, key=expired.key)
    host.reload()
    assert_said_and_goes_on(
        host, "[fleet] cert expired on", ["UNREACHABLE since", "[fleet] cert expired on"]
    )
    fresh = etcd.identity("stek", file="fresh")
    expired.cert.write_bytes(
        fresh.cert.read_bytes()
    )  # certificates are read at each connection: no reload
    expired.key.write_bytes(fresh.key.read_bytes())
    is_fine(host)


def test_refused_permission(fleet, etcd):
    host = in_step(fleet)
    etcd.ctl("user", "revoke-role", "stek", "stek")
    assert_said_and_goes_on(host, "permission denied: grant", ["permission denied: grant"])
    etcd.ctl("user", "grant-role", "stek", "stek")
    is_fine(host)


def test_unreachable_endpoints(fleet, etcd):
    host = in_step(fleet)
    etcd.stop()
    assert_said_and_goes_on(
        host, "fleet: no connection: https://127.0.0.1:", ["UNREACHABLE since", "cannot connect"]
    )
    for member in etcd.members:
        member.start().wait()
    is_fine(host)


def test_an_etcd_with_another_fleets_data(folder):
    with Etcd(folder / "ours") as ours, Etcd(folder / "theirs") as theirs, Relay(
        [ours.members[0].port]
    ) as relay, Fleet(folder / "their-fleet", theirs, ring=QUICK_RING) as strangers, Fleet(
        folder / "our-fleet", ours, endpoints=[f"http://127.0.0.1:{relay.port}"], ring=QUICK_RING
    ) as fleet:
        in_step(strangers)
        host = in_step(fleet)
        stored = theirs.keys()
        relay.cut()
        wait_for(lambda: not host.fleet_status()["online"], "the connection to end")
        relay.targets = [theirs.members[0].port]
        relay.heal()
        assert_said_and_goes_on(
            host,
            "the store is another etcd cluster than before",
            ["apart from hosts that keep this ring under another key-encryption key"],
        )
        assert set(stored) <= set(theirs.keys()) and strangers.hosts[0].fleet_ring()[
            "standing"
        ] in ("in-step", "wrong-key")
        relay.cut()
        wait_for(lambda: not host.fleet_status()["online"], "the connection to end")
        relay.targets = [ours.members[0].port]
        relay.heal()
        is_fine(host)


def test_foreign_values_below_the_prefix(fleet, etcd):
    host = in_step(fleet)
    etcd.ctl("put", "/stek/v1/web/readme", "hello")
    etcd.ctl("put", fleet.stored(900000), "garbage")
    host.reload()
    assert_said_and_goes_on(
        host,
        "the key /stek/v1/web/readme in the store does not belong to stek",
        ["1 key in the store does not belong to stek", "refused in the store: 1 (malformed)"],
        exit_code=0,
    )
    assert "record 900000 in the store is refused" in host.stderr()
    assert etcd.ctl("get", "/stek/v1/web/readme", "--print-value-only").stdout == "hello\n"


def test_a_full_etcd(folder):
    with Etcd(folder / "etcd", options=["--quota-backend-bytes", str(16 << 20)]) as etcd, Fleet(
        folder / "fleet", etcd, ring=QUICK_RING
    ) as fleet:
        host = in_step(fleet)
        wait_for(
            lambda: etcd.ctl("put", "/fill", check=False, input_text="x" * 1_000_000).returncode
            != 0,
            "etcd to be full",
            timeout_s=60,
        )
        assert "alarm:NOSPACE" in etcd.ctl("alarm", "list").stdout
        assert_said_and_goes_on(
            host,
            "etcd is full and takes no more writes",
            ["etcd is full", "`etcdctl alarm disarm`"],
        )
        revision = etcd.ctl("get", "/fill", "-w", "fields").stdout
        revision = next(line.split()[-1] for line in revision.splitlines() if '"Revision"' in line)
        etcd.ctl("del", "/fill")
        etcd.ctl("compact", revision)
        etcd.ctl("defrag")
        etcd.ctl("alarm", "disarm")
        is_fine(host)


def test_a_reload_that_is_refused_leaves_the_fleet_as_it_is(fleet, folder):
    host = in_step(fleet)
    before = host.fleet_status()
    right = dict(host.fleet)
    (host.run_dir / "bad.ring").mkdir()
    host.fleet.update(endpoints="127.0.0.1:1", kek=make_kek(folder / "other.kek"))
    host.rings["bad"] = {}
    assert "keeping the previous configuration" in host.reload()
    after = host.fleet_status()
    for member in ("online", "since", "endpoint", "keys"):
        assert after[member] == before[member], member
    assert host.stderr().count("fleet: connected to") == 1
    active = host.active()
    wait_for(lambda: (host.active() or 0) > active + 1, "the ring to go on", timeout_s=30)
    host.fleet = right
    host.rings.pop("bad")
    assert "configuration loaded" in host.reload()
    host.wait_in_step()


def test_a_ring_of_the_fleet_that_could_not_be_kept_joins_by_itself(fleet):
    host = in_step(fleet)
    other = in_step(fleet)
    host.rings["mine"] = {"source": "host"}
    host.stop()
    host.ring("web").unlink()
    host.ring("web").mkdir()
    host.launch()
    assert host.status("web")["health"] == "not-kept"
    assert host.status("mine")["health"] == "fine"
    host.ring("web").rmdir()
    wait_for(lambda: host.fleet_status()["configured"], "the fleet to begin again", timeout_s=60)
    host.wait_in_step(timeout_s=60)
    wait_for(lambda: host.keys().items() & other.keys().items(), "the fleet's keys")
