# SPDX-License-Identifier: Apache-2.0
"""The runbooks of docs/runbooks.md, as they are written, on a fleet of three hosts."""
import shutil

import pytest
import runbook
from harness.etcd import Etcd
from harness.fleet import Fleet, kek_id
from harness.process import wait_for

KEY, HOST, STORE = (
    "A key may have leaked",
    "A host is compromised",
    "The store is compromised",
)


@pytest.fixture
def fleet(folder, etcd):
    with Fleet(folder / "fleet", etcd, ring={"rotate": "1h"}) as made:
        for number in range(3):
            place = made.folder / f"host{number}"
            place.mkdir()
            shutil.copy2(made.kek, place / "fleet.kek")
            user = f"host{number}"
            etcd.ctl("user", "add", user, "--no-password")
            etcd.ctl("user", "grant-role", user, "stek")
            identity = etcd.identity(user)
            made.host(kek=place / "fleet.kek", cert=identity.cert, key=identity.key)
        for host in made.hosts:
            host.wait_in_step()
        made.wait_equal()
        yield made


def secrets(host):
    return set(host.keys().values())


def all_gone(keys, hosts):
    return wait_for(lambda: not any(keys & secrets(host) for host in hosts), "an end of the keys")


def act_on(fleet):
    """What systemctl does to a host, or to the store."""

    def act(host, words):
        if words == ["stop", "etcd"]:
            fleet.etcd.stop()
            for each in fleet.hosts:
                wait_for(lambda: not each.fleet_status()["online"], "the end of the connection")
        elif words == ["stop", "stekd"]:
            host.stop()
        else:
            assert words == ["reload", "stekd"], words
            host.reload(host.config.read_text())

    return act


def shell(fleet, folder, **options):
    return runbook.Shell(folder, fleet, act_on(fleet), **options)


def test_every_block_of_commands_is_in_a_runbook_that_is_tried():
    found = runbook.sections(runbook.DOCUMENT.read_text())
    assert list(found) == [KEY, HOST, STORE]
    blocks = sum(len(runbook.steps(text)) for text in found.values())
    assert blocks == runbook.DOCUMENT.read_text().count("```sh\n") > 10


def test_a_key_may_have_leaked(fleet, folder, etcd):
    commands = shell(fleet, folder)
    everywhere, alone, look = runbook.read(KEY)
    before = secrets(fleet.hosts[0])
    commands.run(everywhere)
    assert all_gone(before, fleet.hosts)
    before = secrets(fleet.hosts[0])
    etcd.members[0].freeze()
    wait_for(lambda: not any(host.fleet_status()["online"] for host in fleet.hosts), "silence")
    commands.run(alone)
    etcd.members[0].thaw()
    assert all_gone(before, fleet.hosts)
    commands.run(look)
    fleet.wait_equal()
    assert all_gone(before, fleet.hosts)


def test_a_host_is_compromised(fleet, folder, etcd):
    taken, stay = fleet.hosts[2], fleet.hosts[:2]
    before = secrets(taken)
    old = kek_id(taken.folder / "fleet.kek")
    commands = shell(fleet, folder)
    for step in runbook.read(HOST):
        commands.run(step)
    fleet.wait_equal(stay)
    assert not before & secrets(stay[0])
    assert not any(old in key for key in etcd.keys("/stek/v1/web"))
    # Its attacker reaches the store again, with all that he has.
    etcd.ctl("user", "grant-role", "host2", "stek")
    taken.launch()
    wait_for(lambda: taken.fleet_ring()["standing"] == "wrong-key", "a word about the key")
    assert not secrets(taken) & secrets(stay[0])


def test_the_store_is_compromised(fleet, folder, etcd):
    before = fleet.hosts[0].keys()
    new = Etcd(folder / "new")
    new.pki, new.scheme, new.root, new.auth = etcd.pki, "https", etcd.root, False
    stop, go_on, point, look = runbook.read(STORE)
    commands = shell(fleet, folder, replaced={"https://etcd-new:2379": new.members[0].url()})
    commands.run(stop)
    commands.run(go_on)
    assert all(host.active() is not None for host in fleet.hosts)
    with new:
        commands.run(point)
        commands.run(look)
        fleet.wait_equal()
        assert before.items() <= fleet.hosts[1].keys().items()
        assert any(key.startswith("/stek/v1/web/") for key in new.keys())
