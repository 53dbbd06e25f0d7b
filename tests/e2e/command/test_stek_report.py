# SPDX-License-Identifier: Apache-2.0
"""`stek report`: what stekd's history says of rotations, gaps and orders.
The journal's lines about them. `stek inventory`: the keys that there are."""
import json
import os
import stat
import subprocess
import time

import pytest

from harness import build
from harness.process import wait_for, wait_until
from harness.stekd import Stekd

FINE, FAILED, USAGE, DEGRADED, UNREACHABLE = range(5)
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

# A state folder on a file system of one page, which a history fills but for one line.
FULL = """
mount -t tmpfs -o size=4k,mode=700 none "$0" && cd "$0" &&
for i in $(seq 121); do echo '1700000000 alive - - - - - - - .'; done >history &&
cd / && exec "$@"
"""


@pytest.fixture
def stekd(folder):
    with Stekd(folder / "stekd", web={"rotate": "1h"}, mail={}) as daemon:
        yield daemon


def report(stekd, *options, code=None):
    """The report as JSON; its exit code is `code`, if one is given."""
    done = stekd.stek("report", "--json", *options)
    assert code is None or done.returncode == code, (done.stdout, done.stderr)
    return json.loads(done.stdout)


def ring_of(told, name="web"):
    return next(ring for ring in told["rings"] if ring["name"] == name)


def gaps(told, kind):
    return [gap for gap in told["gaps"] if gap["kind"] == kind]


def wait_for_the_next_second():
    wait_until(int(time.time()) + 1, "the next second")


def test_keys_that_rotate_in_time_are_as_the_policy_says(folder):
    ring = {"rotate": "2s", "accept": "10s", "ahead": "8"}
    with Stekd(folder / "stekd", web=ring) as stekd:
        wait_for(lambda: ring_of(report(stekd))["keys"] >= 3, "three keys")
        told = report(stekd, code=FINE)
    web = ring_of(told)
    assert web["as_policy"] and web["rotate_s"] == 2 and web["accept_s"] == 10
    assert web["longest_s"] == 2 and not web["late"] and not told["gaps"]


def test_it_says_who_ordered_what(stekd):
    stekd.rotate("web")
    stekd.stek("revoke", "mail", "--all", "--yes")
    events = report(stekd)["events"]
    rotated = next(event for event in events if event["what"] == "rotate" and not event["refused"])
    assert rotated["ring"] == "web" and rotated["uid"] == os.geteuid() and rotated["pid"] > 1
    revoked = next(event for event in events if event["what"] == "revoke-all")
    assert revoked["ring"] == "mail" and revoked["revoked"] > 0 and not revoked["refused"]


def test_it_says_what_was_refused(stekd):
    stekd.stek("revoke", "web", "--key", "123456", "--yes")
    (event,) = report(stekd)["events"]
    assert event["what"] == "revoke-key" and "there is no such key" in event["refused"]
    assert event["uid"] == os.geteuid()


@only_root
def test_it_tells_users_apart(folder):
    with Stekd(folder / "stekd", {"admin_group": "nogroup"}, web={}) as stekd:
        stekd.stek("revoke", "web", "--all", "--yes", user=65534, group="nogroup")
        (event,) = report(stekd)["events"]
    assert event["what"] == "revoke-all" and event["uid"] == 65534 and not event["refused"]


def test_it_tells_of_reloads_that_worked_and_of_those_that_did_not(stekd):
    stekd.reload()
    stekd.reload("[ring web]\nrotate = soon\n")
    loaded, refused = report(stekd)["events"]
    assert loaded["what"] == refused["what"] == "reload"
    assert loaded["refused"] is None and "rotate = soon" in refused["refused"]


def test_a_gap_is_where_stekd_was_stopped(stekd):
    stekd.stop()
    wait_for_the_next_second()
    stekd.launch()
    told = report(stekd, code=FINE)
    (gap,) = gaps(told, "stekd-stopped")
    assert gap["until"] > gap["from"]
    assert not gaps(told, "stekd-ended")


def test_a_gap_is_where_stekd_was_killed(stekd):
    wait_for_the_next_second()
    stekd.kill()
    stekd.launch()
    told = report(stekd)
    (gap,) = gaps(told, "stekd-ended")
    assert gap["from"] >= told["begins"]


def test_a_ring_that_went_on_by_continuation_was_without_a_fresh_key(folder):
    ring = {"rotate": "2s", "accept": "20s", "ahead": "1"}
    with Stekd(folder / "stekd", web=ring) as stekd:
        until = stekd.status("web")["published_until"]
        stekd.kill()
        wait_until(until, "the last published key to end")
        stekd.launch()
        told = report(stekd, code=DEGRADED)
        assert ring_of(told)["continued"] > 0
        assert gaps(told, "no-fresh-key")[0]["from"] >= until
        assert "continued" in [line["origin"] for line in lines_of(stekd, "rotated")]
        text = stekd.stek("report").stdout
    assert "no fresh key in time" in text and " NO" in text


def test_a_ring_that_went_from_the_configuration_is_told_of(stekd):
    del stekd.rings["mail"]
    stekd.reload()
    assert ring_of(report(stekd), "mail")["gone"]


def test_it_shows_one_ring_and_what_concerns_all(stekd):
    stekd.rotate("web")
    stekd.stek("revoke", "mail", "--all", "--yes")
    stekd.reload()
    told = report(stekd, "--ring", "mail")
    assert [ring["name"] for ring in told["rings"]] == ["mail"]
    assert {event["what"] for event in told["events"]} == {"revoke-all", "reload"}
    done = stekd.stek("report", "--ring", "shop")
    assert done.returncode == FAILED and "no ring 'shop'" in done.stderr


def test_a_period_begins_where_one_says(stekd):
    stekd.reload()
    wait_for_the_next_second()
    now = int(time.time())
    assert report(stekd, "--since", f"@{now}")["events"] == []
    told = report(stekd, "--since", "1h")
    assert len(told["events"]) == 1 and now - 3600 <= told["since"] <= now - 3590


@pytest.mark.parametrize("words", [("--since", "soon"), ("web",), ("--ring", "../web")])
def test_it_refuses_what_it_does_not_know(stekd, words):
    assert stekd.stek("report", *words).returncode == USAGE


def test_without_stekd_it_says_so(stekd):
    stekd.stop()
    done = stekd.stek("report")
    assert done.returncode == UNREACHABLE and "stekd cannot be reached" in done.stderr


def test_the_file_is_its_users_alone_and_has_no_secret(stekd):
    stekd.rotate("web")
    history = stekd.state_dir / "history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    text = history.read_text()
    for key in stekd.status("web")["keys"]:
        assert f" {key['seq']} " in text or key["state"] == "pending"
        assert key["fingerprint"][:8] not in text


def test_without_a_state_folder_one_line_says_so(folder):
    (folder / "file").touch()
    with Stekd(folder / "stekd", options=["--state-dir", folder / "file"], web={}) as stekd:
        done = stekd.stek("report")
        assert done.returncode == FAILED and done.stderr.count("\n") == 1
        assert f"no history is kept in {folder / 'file'}: ENOTDIR" in done.stderr
        assert stekd.stderr().count("no history is kept") == 1
        assert "give another folder with --state-dir" in stekd.stderr()
        assert stekd.stek("status", "web").returncode == FINE


@only_root
def test_a_full_disk_stops_nothing(folder):
    state = folder / "stekd" / "state"
    stekd = Stekd(
        folder / "stekd",
        wrapper=[
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            FULL,
            state,
        ],
        web={"rotate": "1s", "accept": "5s", "ahead": "16"},
    )
    with stekd:
        wait_for(lambda: "goes on without a history" in stekd.stderr(), "the disk to be full")
        seq = max(key["seq"] for key in stekd.status("web")["keys"])
        wait_for(
            lambda: max(key["seq"] for key in stekd.status("web")["keys"]) > seq,
            "another key",
        )
        assert stekd.stek("report").returncode in (FINE, DEGRADED)
        subprocess.run(
            ["nsenter", "-t", str(stekd.pid), "--mount", "--root"]
            + ["mount", "-o", "remount,size=64k", str(state)],
            check=True,
        )
        wait_for(lambda: "can be written again" in stekd.stderr(), "the disk to have room")
        told = report(stekd)
    assert told["lost"] > 0 and told["damaged"] == 0 and gaps(told, "history-lost")


# -- the journal --


def lines_of(stekd, event):
    """The fields of each line about such an event."""
    mark = f": event={event} "
    lines = [line for line in stekd.stderr().splitlines() if mark in line]
    return [dict(field.split("=") for field in line.rsplit(mark)[1].split()) for line in lines]


def test_a_rotation_is_a_line_with_fields(folder):
    ring = {"rotate": "2s", "accept": "10s", "ahead": "8"}
    with Stekd(folder / "stekd", web=ring) as stekd:
        wait_for(lambda: lines_of(stekd, "rotated"), "a rotation")
        line = lines_of(stekd, "rotated")[0]
        keys = {str(key["seq"]): key for key in stekd.status("web")["keys"]}
    assert line["ring"] == "web" and line["origin"] == "published"
    assert line["from"] == str(keys[line["seq"]]["active_from"])
    assert line["until"] == str(keys[line["seq"]]["active_until"])


def test_orders_are_lines_with_fields(stekd):
    stekd.rotate("web")
    stekd.stek("revoke", "mail", "--all", "--yes")
    me = str(os.geteuid())
    orders = {line["what"]: line for line in lines_of(stekd, "order")}
    assert orders["rotate"]["ring"] == "web" and orders["rotate"]["uid"] == me
    assert orders["revoke-all"]["ring"] == "mail" and int(orders["revoke-all"]["revoked"]) > 0
    events = report(stekd)["events"]
    assert orders["rotate"]["pid"] in [str(event["pid"]) for event in events]


def test_refusals_and_reloads_are_lines_with_fields(stekd):
    for _ in range(5):
        stekd.stek("revoke", "web", "--key", "123456", "--yes")
    (refused,) = lines_of(stekd, "refused")  # of a user's, one a minute
    assert refused["what"] == "revoke-key" and refused["ring"] == "web" and refused["pid"]
    stekd.reload()
    assert lines_of(stekd, "reload") == [{"rings": "2"}]
    stekd.reload("[ring web]\nrotate = soon\n")
    assert lines_of(stekd, "refused")[-1] == {"what": "reload"}


@only_root
def test_a_user_that_may_not_command_is_a_line_with_fields(folder):
    with Stekd(folder / "stekd", {"admin_group": "nogroup"}, web={}) as stekd:
        os.chmod(stekd.socket, 0o666)
        for _ in range(3):
            done = stekd.stek("rotate", "web", user=65534, group=12, extra_groups=[])
            assert done.returncode == FAILED, done.stderr
        (line,) = lines_of(stekd, "refused")
    assert line["what"] == "connect" and line["uid"] == "65534"


# -- inventory --


def inventory(stekd, code=FINE):
    done = stekd.stek("inventory", "--json")
    assert done.returncode == code, (done.stdout, done.stderr)
    return json.loads(done.stdout)


def test_the_inventory_has_each_key_and_its_periods(stekd):
    told = inventory(stekd)
    expected = [
        (
            "web",
            key["fingerprint"],
            key["active_from"],
            key["active_until"],
            key["accept_until"],
        )
        for key in stekd.status("web")["keys"]
    ]
    names = ("ring", "fingerprint", "seals_from", "seals_until", "opens_until")
    web = [key for key in told["keys"] if key["ring"] == "web"]
    assert len(web) >= 3 and [tuple(key[name] for name in names) for key in web] == expected
    assert {key["ring"] for key in told["keys"]} == {"web", "mail"}
    assert told["algorithms"] == {
        "cipher": "AES-256-CBC",
        "mac": "HMAC-SHA-256",
        "derivation": "HKDF-SHA-256",
        "secret_bits": 256,
    }
    text = stekd.stek("inventory").stdout
    assert all(key["fingerprint"][:8] in text for key in told["keys"])
    assert max(map(len, text.splitlines())) <= 80


def test_the_inventory_needs_no_stekd(stekd):
    before = sorted(inventory(stekd)["keys"], key=str)
    stekd.stop()
    assert sorted(inventory(stekd)["keys"], key=str) == before


def test_a_ring_whose_keys_are_not_known_is_a_failure(stekd):
    stekd.stop()
    ring = stekd.ring("mail")
    ring.write_bytes(b"x" * ring.stat().st_size)
    told = inventory(stekd, code=FAILED)
    assert [ring["name"] for ring in told["rings"] if not ring["known"]] == ["mail"]
    assert {key["ring"] for key in told["keys"]} == {"web"}


def test_without_a_run_directory_the_inventory_says_so_in_one_line(folder):
    done = subprocess.run(
        [build.COMMAND, "--run-dir", folder / "none", "inventory"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == UNREACHABLE and done.stdout == ""
    assert (
        done.stderr.startswith(f"stek inventory: {folder}/none: ") and done.stderr.count("\n") == 1
    )
