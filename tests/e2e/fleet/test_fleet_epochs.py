# SPDX-License-Identifier: Apache-2.0
"""What a host's disk still opens of the store's history, and what a host knows after a reboot."""

import os
import shutil
import time

import pytest
from harness.fleet import kek_id, make_kek
from harness.process import wait_for

ETCD = {}  # without TLS, open to everybody
RING = {"rotate": "1h"}
ZERO, DAY = 1767225600, 86400  # docs/formats.md, "Epochs"


def own_key(host):
    return host.folder / "fleet.kek"


def needed_epoch():
    """An epoch ends an hour after its day."""
    return (int(time.time()) - 3600 - ZERO) // DAY


def line_of(path):
    """A key's file: its id, and the oldest epoch that it opens."""
    words = path.read_text().split()
    return (words[1], int(words[2])) if words[0] == "stek-kek-2" else (None, 0)


def wait_for_epoch(path):
    """The day may change while the test runs."""
    wait_for(lambda: path.exists() and line_of(path)[1] >= needed_epoch(), f"{path.name} to go on")


def test_a_key_file_is_rewritten_and_its_old_content_overwritten(fleet):
    host = fleet.prepare()
    host.folder.mkdir()
    host.write_config()
    root = own_key(host).read_text()
    with open(own_key(host), encoding="utf-8") as old:
        fleet.stack.enter_context(host)
        host.wait_in_step()
        wait_for_epoch(own_key(host))
        assert old.read() == "\0" * len(root)
    assert line_of(own_key(host))[0] == kek_id(fleet.kek)
    assert root.split()[1] not in own_key(host).read_text()
    assert own_key(host).stat().st_mode & 0o777 == 0o600
    key = host.fleet_status()["epochs"][0]
    assert key["problem"] == "" and key["epoch"] == line_of(own_key(host))[1]
    assert list(host.state_folder.glob("*.kek")) == []
    said = host.stek("fleet", "status").stdout
    assert f"key {key['key']} opens what was sealed for 20" in said and "all days" not in said


def test_hosts_with_the_first_key_and_with_todays_are_one_fleet(fleet):
    """One joins later with the file of `stek fleet init`, one with a file of today."""
    first = fleet.host()
    first.wait_in_step()
    wait_for_epoch(own_key(first))
    from_init = fleet.host()
    from_host = fleet.host(kek=own_key(first))
    for host in (from_init, from_host):
        host.wait_in_step()
    fleet.wait_equal()
    wait_for_epoch(own_key(from_init))
    for host in fleet.hosts:
        host.restart()
        host.wait_in_step()
    fleet.wait_equal()


def test_two_hosts_from_one_image_are_one_fleet(fleet):
    first = fleet.host()
    first.wait_in_step()
    wait_for_epoch(own_key(first))
    before, _ = fleet.wait_equal()
    clone = fleet.prepare()
    shutil.copytree(first.folder, clone.folder, dirs_exist_ok=True, ignore=ignore_sockets)
    fleet.stack.enter_context(clone)
    clone.wait_in_step()
    assert fleet.wait_equal()[0] == before


def ignore_sockets(folder, names):
    return [name for name in names if not os.path.isfile(f"{folder}/{name}") and "." in name]


def test_a_credential_goes_on_in_the_state_folder_and_status_says_so(fleet, folder):
    credentials = folder / "credentials"
    credentials.mkdir(mode=0o700)
    (credentials / "fleet.kek").write_bytes(fleet.kek.read_bytes())
    (credentials / "fleet.kek").chmod(0o400)
    host = fleet.prepare(kek="credential:fleet.kek")
    host.env = {"CREDENTIALS_DIRECTORY": credentials}
    fleet.stack.enter_context(host)
    host.wait_in_step()
    kept = host.state_folder / f"{kek_id(fleet.kek)}.kek"
    wait_for_epoch(kept)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (credentials / "fleet.kek").read_bytes() == fleet.kek.read_bytes()
    key = host.fleet_status()["epochs"][0]
    assert key["file_opens_since"] == 0 and "a credential is read-only" in key["problem"]
    said = host.stek("fleet", "status").stdout
    assert "whoever takes that file opens what was sealed for all days" in said
    fleet.etcd.stop()
    host.restart()
    assert host.fleet_status()["epochs"][0]["epoch"] == line_of(kept)[1]


def test_a_key_file_behind_a_link_stays_and_is_told_of(fleet, folder):
    """As a volume of Kubernetes hands it over."""
    target = make_kek(folder / "target.kek")
    link = folder / "link.kek"
    link.symlink_to(target)
    host = fleet.prepare()
    host.own_key = str
    host.fleet["kek"] = link
    content = target.read_text()
    fleet.stack.enter_context(host)
    host.wait_in_step()
    wait_for_epoch(host.state_folder / f"{kek_id(target)}.kek")
    assert link.is_symlink() and target.read_text() == content
    assert "cannot be rewritten" in host.fleet_status()["epochs"][0]["problem"]
    assert "cannot be rewritten" in host.stderr()


def test_a_state_folder_that_cannot_be_used_is_told_of_and_stops_nothing(fleet, folder):
    (folder / "file").write_text("no folder")
    host = fleet.host(state=folder / "file" / "state")
    host.wait_in_step()
    assert host.active() is not None
    assert "cannot be made" in host.stderr() and host.fleet_status()["state"]["problem"]
    said = host.stek("fleet", "status").stdout
    assert "after a reboot this host believes whatever the store says" in said


def lose_tmpfs(host):
    """As a reboot does."""
    host.stop()
    shutil.rmtree(host.run_dir)


def test_after_a_reboot_an_emptied_store_moves_no_floor_back_and_is_called_older(fleet, etcd):
    host = fleet.host()
    host.wait_in_step()
    assert not host.fleet_ring()["store_is_older"]
    host.request(command="revoke", ring="web", all=True)
    wait_for(lambda: host.fleet_ring()["operation"] == "done", "the revocation")
    floor = host.fleet_ring()["floor"]
    seen = host.state_folder / "web.seen"
    wait_for(lambda: f"floor {floor}\n" in seen.read_text(), "the floor to be noted")
    lose_tmpfs(host)
    etcd.ctl("del", "--prefix", "/stek/v1/")
    host.start()
    host.wait_in_step()
    assert host.fleet_ring()["floor"] == floor and min(host.keys()) >= floor
    assert "the store is older than what this host has seen of it" in host.stderr()
    assert f"(floor 0, was {floor}; newest key 0, was " in host.stderr()


def test_after_a_reboot_a_store_that_is_as_before_is_not_called_older(fleet):
    hosts = [fleet.host(), fleet.host()]
    for host in hosts:
        host.wait_in_step()
    before, _ = fleet.wait_equal()
    lose_tmpfs(hosts[0])
    hosts[0].start()
    hosts[0].wait_in_step()
    assert fleet.wait_equal()[0] == before
    assert not hosts[0].fleet_ring()["store_is_older"]
    assert "is older" not in hosts[0].stderr()


@pytest.mark.parametrize("damage", [b"", b"stek-seen 1\nkey zz", b"\0" * 300])
def test_a_damaged_note_is_as_none(fleet, damage):
    host = fleet.host()
    host.wait_in_step()
    seen = host.state_folder / "web.seen"
    wait_for(seen.exists, "the note")
    host.stop()
    seen.write_bytes(damage)
    host.start()
    host.wait_in_step()
    wait_for(lambda: seen.read_bytes().startswith(b"stek-seen 1\nkey "), "a new note")
