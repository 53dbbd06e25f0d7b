# SPDX-License-Identifier: Apache-2.0
"""The rings that stekd keeps: made, rotated, taken over, replaced, reloaded, removed."""
import grp
import os
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from harness import build
from harness.process import Clock, plain_environment, wait_for
from harness.stekd import Stekd

HOUR_S = 3600

ROOT = os.geteuid() == 0


def fingerprints(daemon, ring):
    """By seq."""
    return {key["seq"]: key["fingerprint"] for key in daemon.status(ring)["keys"]}


def active(daemon, ring):
    return next(key for key in daemon.status(ring)["keys"] if key["state"] == "active")


def mode(path):
    return path.stat().st_mode & 0o7777


@pytest.fixture
def daemon(folder):
    with Stekd(
        folder / "stekd",
        web={"rotate": "1h", "group": "daemon" if ROOT else grp.getgrgid(os.getgid()).gr_name},
    ) as started:
        yield started


# -- what lies in the run directory --


def test_files_have_the_modes_and_owners_that_were_promised(daemon):
    assert mode(daemon.ring("web")) == 0o640
    assert mode(daemon.run_dir / "stekd.lock") == 0o600
    assert mode(daemon.run_dir / "web.stats") == 0o1770
    assert mode(daemon.socket) in (0o600, 0o660)
    group = grp.getgrnam(daemon.rings["web"]["group"]).gr_gid
    assert daemon.ring("web").stat().st_gid == group
    assert (daemon.run_dir / "web.stats").stat().st_gid == group


def test_a_run_directory_that_is_missing_is_made_whatever_the_umask(folder):
    daemon = Stekd(folder / "stekd", wrapper=["/bin/sh", "-c", 'umask 0; exec "$@"', "sh"], web={})
    with daemon:
        daemon.stop()
        os.remove(daemon.ring("web"))
        for path in sorted(daemon.run_dir.rglob("*"), reverse=True):
            path.unlink() if not path.is_dir() else path.rmdir()
        daemon.run_dir.rmdir()
        daemon.launch()
        assert mode(daemon.run_dir) == 0o755
        assert mode(daemon.ring("web")) == 0o640


# -- its life --


def test_keys_rotate_by_themselves(folder):
    with Stekd(folder / "stekd", web={"rotate": "1s", "accept": "30s"}) as daemon:
        first = active(daemon, "web")["seq"]
        wait_for(lambda: active(daemon, "web")["seq"] >= first + 3, "three rotations")
        keys = daemon.status("web")["keys"]
        assert {key["origin"] for key in keys} == {"published"}
        assert sum(key["state"] == "pending" for key in keys) == 2


def test_a_restart_changes_no_key(daemon):
    before = fingerprints(daemon, "web")
    daemon.restart()
    assert fingerprints(daemon, "web") == before
    daemon.kill()
    daemon.launch()
    assert fingerprints(daemon, "web") == before
    assert daemon.stderr().count("ring web: taken over") == 2


def test_stop_is_clean_and_leaves_the_ring_behind(daemon):
    assert daemon.stop() == 0
    assert daemon.ring("web").exists() and not daemon.socket.exists()
    assert daemon.stderr().endswith("<6>stekd: stops; its rings stay\n")


def test_after_five_intervals_away_fresh_keys_take_over_and_the_status_says_what_happened(folder):
    clock = Clock(folder)
    rings = {"web": {"rotate": "1h", "accept": "30h", "ahead": "1"}}
    with Stekd(folder / "stekd", env=clock.environment, **rings) as daemon:
        before = fingerprints(daemon, "web")
        away_from = time.time()
        daemon.kill()
        clock.set(5 * HOUR_S + 1)
        daemon.launch()
        status = daemon.status("web")
        assert status["health"] == "continuation"
        assert away_from - 2 * HOUR_S < status["continued_since"] <= time.time() + 5 * HOUR_S + 1
        after = {key["seq"]: key for key in status["keys"]}
        assert all(
            after[seq]["fingerprint"] == fingerprint
            for seq, fingerprint in before.items()
            if seq in after
        )
        assert any(key["origin"] == "continued" for key in status["keys"])
        clock.set(6 * HOUR_S + 60)
        daemon.reload()  # as the kernel would wake it
        wait_for(lambda: daemon.status("web")["health"] == "fine", "fresh keys to take over")
        assert active(daemon, "web")["origin"] == "published"


def test_a_lost_tmpfs_means_a_new_ring(daemon):
    before = fingerprints(daemon, "web")
    daemon.stop()
    daemon.ring("web").unlink()
    daemon.launch()
    assert not set(fingerprints(daemon, "web").values()) & set(before.values())
    assert "<6>stekd: ring web: new\n" in daemon.process.stderr()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(os.urandom(20480)),
        lambda path: os.truncate(path, 4096),
        lambda path: path.chmod(0o666),
        lambda path: (path.unlink(), path.symlink_to("/etc/hostname")),
        lambda path: (path.unlink(), os.mkfifo(path)),
        lambda path: path.write_bytes(b""),
    ],
    ids=["random bytes", "truncated", "writable by all", "a symbolic link", "a fifo", "empty"],
)
def test_a_file_that_cannot_be_used_is_replaced_and_one_line_says_why(daemon, spoil):
    daemon.stop()
    spoil(daemon.ring("web"))
    daemon.launch()
    said = [line for line in daemon.process.stderr().splitlines() if "ring web" in line]
    assert len(said) == 1 and said[0].startswith("<4>stekd: ring web: its file could not be used (")
    assert daemon.status("web")["health"] == "fine" and mode(daemon.ring("web")) == 0o640


# -- reload --


def test_a_ring_appears_and_others_stay(daemon):
    before = fingerprints(daemon, "web")
    daemon.rings["mail"] = {"rotate": "30m"}
    assert "configuration loaded: 2 rings" in daemon.reload()
    assert daemon.status("mail")["health"] == "fine"
    assert fingerprints(daemon, "web") == before


def test_a_ring_that_goes_is_destroyed(daemon):
    with open(daemon.ring("web"), "rb") as held:
        before = held.read()
        daemon.rings = {"mail": {}}
        assert "ring web: removed" in daemon.reload()
        assert not daemon.ring("web").exists() and not (daemon.run_dir / "web.stats").exists()
        held.seek(0)
        after = held.read()
    assert after.count(0) > before.count(0) and after.count(0) > 20000
    answer = daemon.request(command="status", ring="web")
    assert (answer["ok"], answer["kind"]) == (False, "unknown-ring")


def test_a_shorter_interval_holds_at_once_and_without_a_gap(folder):
    with Stekd(folder / "stekd", web={"rotate": "7d", "accept": "1h"}) as daemon:
        before = fingerprints(daemon, "web")
        daemon.rings["web"]["rotate"] = "2m"
        daemon.reload()
        keys = daemon.status("web")["keys"]
        assert {key["seq"]: key["fingerprint"] for key in keys} == before
        assert keys[0]["active_until"] - keys[0]["active_from"] == 120
        assert all(a["active_until"] == b["active_from"] for a, b in zip(keys, keys[1:]))
        assert daemon.status("web")["policy"]["rotate_s"] == 120


def test_a_change_made_while_stekd_was_away_holds_when_it_comes(folder):
    with Stekd(folder / "stekd", web={"rotate": "7d", "accept": "1h"}) as daemon:
        before = fingerprints(daemon, "web")
        daemon.stop()
        daemon.rings["web"]["rotate"] = "2m"
        daemon.launch()
        keys = daemon.status("web")["keys"]
        assert {key["seq"]: key["fingerprint"] for key in keys} == before
        assert keys[0]["active_until"] - keys[0]["active_from"] == 120


@pytest.mark.skipif(not ROOT, reason="gives files to other groups")
def test_a_ring_gets_another_group(daemon):
    before = fingerprints(daemon, "web")
    for name in ("games", None):
        daemon.rings["web"] = {"group": name} if name else {}
        daemon.reload()
        gid = grp.getgrnam(name).gr_gid if name else os.getegid()
        assert (
            daemon.ring("web").stat().st_gid == gid
            and (daemon.run_dir / "web.stats").stat().st_gid == gid
        )
    assert fingerprints(daemon, "web") == before


@pytest.mark.parametrize(
    "text", ["[ring web]\nrotate = never\n", "[rings]\n", "[ring web]\ngroup = no-such-group\n"]
)
def test_a_bad_configuration_is_refused_in_one_line_and_the_old_one_stays(daemon, text):
    before = daemon.status("web")["policy"]
    said = daemon.reload(text)
    assert said.count("\n") == 1 and said.startswith("<3>stekd: ")
    assert said.endswith("; keeping the previous configuration: event=refused what=reload\n")
    assert daemon.status("web")["policy"] == before


def test_what_only_a_new_start_can_change_is_said(daemon):
    daemon.settings["listen"] = f"unix:{daemon.run_dir}/m.sock"
    assert (
        "<4>stekd: a change of user, allow_disk, listen or status_page takes effect when stekd "
        "restarts" in daemon.reload()
    )
    assert not (daemon.run_dir / "m.sock").exists()
    daemon.restart()
    assert (daemon.run_dir / "m.sock").exists()


def test_when_one_new_ring_cannot_be_kept_nothing_changes(daemon):
    before = daemon.status("web")["policy"]
    (daemon.run_dir / "bad.ring").mkdir()
    said = daemon.reload("[ring good]\n[ring bad]\n[ring web]\nrotate = 2h\n")
    assert "ring bad: cannot be kept" in said and "keeping the previous configuration" in said
    assert not daemon.ring("good").exists()
    assert daemon.status("web")["policy"] == before


# -- one stekd for each run directory, and no disk --


def refused(daemon, *options):
    done = subprocess.run(
        [str(part) for part in daemon.command(*options)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=plain_environment(),
    )
    assert (
        done.returncode == 1 and done.stderr.replace("--no-sandbox", "").count("\n") == 1
    ), done.stderr
    return done.stderr


def test_a_second_stekd_is_refused_and_the_first_goes_on(daemon):
    before = fingerprints(daemon, "web")
    assert refused(daemon) == (
        f"stekd: {daemon.run_dir}: another stekd with process id {daemon.pid} uses this run "
        "directory\n"
    )
    assert fingerprints(daemon, "web") == before


@pytest.fixture
def disk():
    """The tests' folder may be on tmpfs, the build folder is on a disk."""
    with tempfile.TemporaryDirectory(dir=build.BUILD) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_disk_is_refused_unless_told(daemon, disk):
    assert "not on tmpfs or ramfs, so keys could reach a disk" in refused(daemon, "--run-dir", disk)
    assert list(disk.iterdir()) == []
    daemon.stop()
    daemon.options = [*daemon.options, "--allow-disk"]
    own, daemon.run_dir = daemon.run_dir, disk
    try:
        daemon.launch()
        assert daemon.ring("web").exists()
        daemon.stop()
    finally:
        daemon.run_dir = own


@pytest.mark.parametrize("bits", [0o775, 0o757, 0o1777])
def test_a_run_directory_that_others_may_write_to_is_refused(daemon, bits):
    daemon.stop()
    daemon.run_dir.chmod(bits)
    assert "is writable by its group or others" in refused(daemon)


@pytest.mark.skipif(not ROOT, reason="gives a directory to another user")
def test_a_run_directory_of_another_user_is_refused(daemon):
    daemon.stop()
    os.chown(daemon.run_dir, 65534, -1)
    assert "belongs to user id 65534" in refused(daemon)


def test_a_run_directory_that_is_a_symbolic_link_is_refused(daemon, folder):
    daemon.stop()
    (folder / "link").symlink_to(daemon.run_dir)
    assert "not a directory" in refused(daemon, "--run-dir", folder / "link")


def test_the_command_is_built():
    assert build.DAEMON.exists()
