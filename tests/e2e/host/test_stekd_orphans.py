# SPDX-License-Identifier: Apache-2.0
"""A ring that left the configuration while stekd was stopped: it is shown, can be revoked, and goes
when its keys have ended. What else has the name of a ring file is told of and left alone."""
import mmap
import os
import socket
import stat

import pytest

from harness import module
from harness.process import wait_for
from harness.servers import Nginx
from harness.stekd import Stekd

ALL = ("--all", "--yes")
LONG = {"rotate": "1h", "accept": "12h"}
SHORT = {"rotate": "1s", "accept": "1s", "max_session_age": "2s"}


@pytest.fixture
def host(folder):
    """host(settings of the ring `old`, settings of [stekd]): its stekd has started again without
    that ring."""
    daemon = Stekd(folder / "stekd", web=LONG)

    def start(old=None, before=lambda daemon: None, **settings):
        daemon.rings["old"] = dict(LONG if old is None else old)
        daemon.settings.update(settings)
        daemon.start()
        daemon.keys = daemon.status("old")["keys"]
        before(daemon)
        daemon.stop()
        del daemon.rings["old"]
        return daemon.launch()

    yield start
    if daemon.run_dir:
        daemon.close()


def lines(daemon, *words):
    """The lines in its log that have all these words."""
    return [line for line in daemon.stderr().splitlines() if all(word in line for word in words)]


def names(daemon):
    return [ring["name"] for ring in daemon.request(command="status")["rings"]]


def test_an_orphan_is_shown_with_its_keys_and_told_of_once(host):
    daemon = host()
    found = daemon.status("old")
    assert found["orphan"] and not daemon.status("web")["orphan"]
    assert found["keys"] == daemon.keys
    assert found["removed_at"] == max(key["accept_until"] for key in found["keys"])
    daemon.reload()
    assert names(daemon) == ["web", "old"]
    assert len(lines(daemon, "ring old:", "no configuration names it")) == 1
    for args in (), ("old",):
        said = daemon.stek("status", *args)
        assert said.returncode == 0 and "orphan" in said.stdout.lower()


def test_an_orphan_goes_when_its_last_key_has_ended(host):
    daemon = host(SHORT)
    wait_for(lambda: not daemon.ring("old").exists(), "its end")
    wait_for(lambda: names(daemon) == ["web"], "its end in the status")
    assert len(lines(daemon, "ring old:", "wiped and removed", "no configuration names it")) == 2
    assert not (daemon.run_dir / "old.stats").exists()


def test_the_operator_may_have_it_go_earlier(host):
    daemon = host(orphan_time="1s")
    wait_for(lambda: not daemon.ring("old").exists(), "its end")


def test_an_orphan_that_is_named_again_goes_on_with_its_keys(host):
    daemon = host()
    daemon.rings["old"] = LONG
    daemon.reload()
    assert daemon.status("old")["keys"] == daemon.keys
    assert not daemon.status("old")["orphan"] and names(daemon) == ["web", "old"]
    assert lines(daemon, "ring old:", "taken over")


def test_a_revoked_orphan_opens_no_ticket_of_a_server_that_still_uses_it(
    host, folder, certificates
):
    sessions = folder / "session.pem"
    with_ring = {}

    def serve(daemon):
        conf = module.compose(folder / "old.cnf", ring=daemon.ring("old"))
        with_ring["server"] = Nginx(folder / "nginx", certificates, conf).__enter__()
        assert not with_ring["server"].visit("1.3", sess_out=sessions).failed()

    try:
        daemon = host(before=serve)
        server = with_ring["server"]
        assert server.visit("1.3", sess_in=sessions).resumed()
        assert daemon.stek("revoke", "old", *ALL).returncode == 0
        visits = server.visit("1.3", sess_in=sessions)
        assert not visits.failed() and not visits.resumed()
    finally:
        with_ring["server"].__exit__(None, None, None)


def test_a_revoked_orphan_is_wiped_where_it_is_still_mapped(host):
    daemon = host()
    with open(daemon.ring("old"), "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    side = 104 + 128 + 16  # no byte of a record is left on either side
    said = daemon.stek("revoke", "old", *ALL)
    assert said.returncode == 0 and "wiped and removed" in said.stdout
    assert not daemon.ring("old").exists() and names(daemon) == ["web"]
    assert len(lines(daemon, "ring old:", "by hand")) == 1
    for at in (32, 9840):
        assert not any(mapped[at + side : at + 9808])
    mapped.close()


@pytest.mark.parametrize(
    "order",
    [("rotate", "old"), ("revoke", "old", "--before", "@1", "--yes")],
    ids=["rotate", "before"],
)
def test_other_orders_are_refused_with_what_can_be_done(host, order):
    daemon = host()
    said = daemon.stek(*order)
    assert said.returncode == 1 and len(said.stderr.splitlines()) == 1
    assert "stek revoke old --all" in said.stderr
    assert daemon.status("old")["keys"] == daemon.keys


@pytest.mark.parametrize("name", [".gone.new", ".gone.old"])
def test_what_a_killed_stekd_left_of_a_new_ring_or_of_a_replaced_one_is_wiped(host, name):
    left = []

    def leave(daemon):
        left.append(daemon.run_dir / name)
        left[0].write_bytes(daemon.ring("old").read_bytes())
        left.append(os.open(left[0], os.O_RDONLY))

    daemon = host(before=leave)
    try:
        assert not left[0].exists() and lines(daemon, name, "wiped and removed")
        assert not any(os.pread(left[1], 20480, 0))
    finally:
        os.close(left[1])


# -- what the run directory may hold besides --


def plant(run_dir, victim):
    """Things that have the name of a ring file and are none."""
    (run_dir / "link.ring").symlink_to(victim)
    (run_dir / ".link.new").symlink_to(victim)
    os.mkfifo(run_dir / "fifo.ring")
    (run_dir / "folder.ring").mkdir()
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(run_dir / "socket.ring"))
    (run_dir / "other.ring").write_bytes(victim.read_bytes())
    os.chown(run_dir / "other.ring", 65534, 65534)
    (run_dir / ("n" * 250 + ".ring")).touch()
    (run_dir / "\x1b[2J.ring").touch()
    (run_dir / "-rf.ring").touch()


NOT_OURS = {"link": "symbolic link", "fifo": "regular file", "folder": "regular file"}
NOT_OURS.update({"socket": "regular file", "other": "another user"})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_is_not_stekds_is_told_of_and_left_alone(host, folder):
    victim = folder / "victim"
    victim.write_bytes(b"x" * 20480)
    daemon = host(before=lambda daemon: plant(daemon.run_dir, victim))
    before = {path.name: path.lstat() for path in daemon.run_dir.iterdir()}
    assert names(daemon) == ["web", *sorted(["old", *NOT_OURS])]
    for name, problem in NOT_OURS.items():
        found = daemon.status(name)
        assert found["orphan"] and found["removed_at"] is None and problem in found["problem"]
        assert len(lines(daemon, f"ring {name}:", problem)) == 1
        said = daemon.stek("revoke", name, *ALL)
        assert said.returncode == 1 and "by hand" in said.stderr
    assert daemon.stek("status").returncode == 0
    assert {path.name: path.lstat() for path in daemon.run_dir.iterdir()} == before
    assert victim.read_bytes() == b"x" * 20480
    assert daemon.status("web")["health"] == "fine"


def test_a_hole_of_a_terabyte_with_the_name_of_a_ring_is_removed(host):
    def plant_hole(daemon):
        with open(daemon.ring("hole"), "wb") as file:
            file.write(b"stekring")
            file.truncate(1 << 40)
        daemon.ring("hole").chmod(0o640)

    daemon = host(before=plant_hole)
    found = daemon.status("hole")
    assert found["orphan"] and found["health"] == "unreadable" and found["removed_at"]
    assert stat.S_ISREG(daemon.ring("hole").stat().st_mode)
    assert daemon.stek("revoke", "hole", *ALL).returncode == 0
    assert not daemon.ring("hole").exists()
