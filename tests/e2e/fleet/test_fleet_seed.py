# SPDX-License-Identifier: Apache-2.0
"""Rings without any store: hosts that were given the same seed hold the same keys, and destroy the
past."""
import shutil
import subprocess

import pytest
from harness import build
from harness.process import plain_environment, wait_for
from harness.stekd import Stekd


@pytest.fixture
def seeded(folder):
    """seeded(name): a host with its own copy of one seed; `seeded.original` is the file as it was
    made."""
    original = folder / "web.seed"
    hosts = []
    make_seed(original)

    def start(name, source=original):
        copy = folder / f"{name}.seed"
        shutil.copy(source, copy)
        host = Stekd(folder / name, web={"source": "seed", "seed": copy})
        host.seed = copy
        hosts.append(host.__enter__())
        return host

    start.original = original
    yield start
    for host in hosts:
        host.close()


def keys(host):
    return {key["seq"]: key["fingerprint"] for key in host.status("web")["keys"]}


def test_hosts_with_the_same_seed_hold_the_same_keys_and_rotate_in_step(seeded):
    one, two = seeded("one"), seeded("two")
    assert one.status("web")["source"] == "seed"
    first = max(keys(one))
    wait_for(lambda: max(keys(one)) >= first + 3, "some rotations")
    wait_for(lambda: keys(one) == keys(two), "equal rings")


def test_the_past_is_destroyed_in_the_file(seeded):
    host = seeded("one")
    before = host.seed.read_bytes()
    oldest = min(keys(host))
    wait_for(lambda: min(keys(host)) > oldest, "the first key to retire", timeout_s=30)
    wait_for(lambda: host.seed.read_bytes() != before, "the file to be advanced", timeout_s=30)
    assert host.seed.stat().st_mode & 0o777 == 0o600


def test_a_host_that_was_given_an_old_copy_catches_up(seeded):
    one = seeded("one")
    before = one.seed.read_bytes()
    wait_for(lambda: one.seed.read_bytes() != before, "the first host to advance", timeout_s=30)
    late = seeded("late", seeded.original)
    wait_for(lambda: keys(late) == keys(one), "equal rings")


def test_a_seed_that_is_gone_or_open_to_others_is_said_and_the_ring_goes_on(seeded):
    host = seeded("one")
    host.seed.chmod(0o644)
    wait_for(lambda: "chmod 600" in host.stderr(), "a word about it", timeout_s=30)
    active = next(k["seq"] for k in host.status("web")["keys"] if k["state"] == "active")
    host.seed.chmod(0o600)
    wait_for(lambda: "its seed can be used again" in host.stderr(), "the end of it", timeout_s=40)
    assert max(keys(host)) > active


def make_seed(path, rotate="2s", accept="6s"):
    subprocess.run(
        [build.COMMAND, "fleet", "seed", "web", path, "--rotate", rotate, "--accept", accept],
        check=True,
        env=plain_environment(),
        stdout=subprocess.DEVNULL,
    )
    return path


@pytest.mark.parametrize(
    "order", [("rotate", "web"), ("revoke", "web", "--all", "--yes")], ids=lambda order: order[0]
)
def test_orders_by_hand_are_refused_with_a_line_that_says_what_to_do(seeded, order):
    host = seeded("one")
    before = keys(host)
    done = host.stek(*order)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1 and not done.stdout
    assert "ring web: its keys come from a seed" in done.stderr and "stek fleet seed" in done.stderr
    assert set(before.items()) & set(keys(host).items())


def test_a_new_seed_revokes_every_key_of_the_old_one(seeded, folder):
    host = seeded("one")
    before = set(keys(host).values())
    shutil.copy(make_seed(folder / "new.seed"), host.seed)
    host.reload()
    wait_for(lambda: keys(host) and not before & set(keys(host).values()), "other keys")
    assert host.status("web")["problem"] in (None, "")


def test_a_seed_of_another_ring_is_refused(seeded, folder):
    host = Stekd(folder / "other", mail={"source": "seed", "seed": seeded.original})
    with host:
        wait_for(lambda: "the seed is for another ring" in host.stderr(), "a word about it")
        assert not host.status("mail")["keys"]


def open_keys(host):
    return {key["fingerprint"] for key in host.status("web")["keys"] if key["state"] != "pending"}


def test_a_ring_goes_from_its_host_to_a_seed_and_back_and_what_it_sealed_with_opens(folder):
    seed = folder / "web.seed"
    with Stekd(folder / "host", web={"rotate": "1h"}) as host:
        own = open_keys(host)
        host.rings["web"] = {"source": "seed", "seed": seed}
        host.reload()
        assert own <= open_keys(host), "without its seed the ring goes on"
        make_seed(seed, rotate="1h", accept="2h")
        host.reload()
        wait_for(lambda: len(open_keys(host)) > 1, "the keys of the seed")
        seeds = {k["fingerprint"] for k in host.status("web")["keys"] if k["state"] == "active"}
        assert own <= open_keys(host) and not own & seeds
        host.rings["web"] = {"rotate": "1h"}
        host.reload()
        assert own | seeds <= open_keys(host)
