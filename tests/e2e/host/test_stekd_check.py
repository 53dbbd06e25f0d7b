# SPDX-License-Identifier: Apache-2.0
"""stekd --check-config finds what a start would: users, the run directory, files."""
import os
import shutil
import subprocess

import pytest

from harness import build, stekd

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

USER = "nobody"
FLEET = "[fleet]\nendpoints = https://127.0.0.1:2379\n"


@pytest.fixture
def open_folder(folder):
    """One that every user may enter."""
    for part in (folder, *folder.parents):
        if str(part).startswith("/tmp/") or part == folder:
            part.chmod(part.stat().st_mode | 0o055)
    return folder


def check(folder, text, *options):
    """Without a run directory, unless the options name one."""
    return stekd.check_config(folder, text, "--run-dir", folder / "none", *options)


def make_seed(path):
    made = subprocess.run(
        [build.COMMAND, "fleet", "seed", "web", path], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr


def test_a_user_that_there_is_not_is_found(folder):
    assert check(folder, "[stekd]\nuser = no-such-user\n") == (
        2,
        "stekd: stekd.conf: user = no-such-user: there is no such user: create it, or "
        "name another\n",
    )


def test_a_run_directory_of_another_user_is_found_with_what_to_type(folder):
    run_dir = folder / "run"
    run_dir.mkdir(mode=0o755)
    shutil.chown(run_dir, USER)
    uid = run_dir.stat().st_uid
    assert check(folder, "[ring web]\n", "--run-dir", run_dir) == (
        2,
        f"stekd: run: the run directory belongs to user id {uid}, and not to root or stekd's user: "
        "chown 0\n",
    )


def test_a_run_directory_that_will_be_made_is_not_missed(folder):
    assert check(folder, "[ring web]\n") == (0, "")
    assert not (folder / "none").exists()


def test_a_seed_that_is_not_there_is_a_line_and_stops_no_start(folder):
    assert check(folder, "[ring web]\nsource = seed\nseed = /none\n") == (
        0,
        "stekd: stekd.conf:1: [ring web]: seed = /none: it cannot be opened: "
        "ENOENT (No such file or directory)\n",
    )


def test_files_are_read_as_the_user_that_stekd_becomes(open_folder):
    seed = open_folder / "web.seed"
    make_seed(seed)
    ring = f"[ring web]\nsource = seed\nseed = {seed}\n"
    assert check(open_folder, ring) == (0, "")
    assert check(open_folder, f"[stekd]\nuser = {USER}\n{ring}") == (
        0,
        "stekd: stekd.conf:3: [ring web]: seed = web.seed: it cannot be opened: "
        "EACCES (Permission denied)\n",
    )


def test_a_seed_of_another_ring_is_found(folder):
    make_seed(folder / "web.seed")
    text = f"[ring mail]\nsource = seed\nseed = {folder}/web.seed\n"
    assert check(folder, text) == (
        0,
        "stekd: stekd.conf:1: [ring mail]: seed = web.seed: the seed is for ring web\n",
    )


def test_a_key_of_the_fleet_that_cannot_be_read_stops_a_start(folder):
    code, words = check(folder, FLEET + "kek = /none\nca = /none-either\n")
    assert code == 2 and "[fleet] kek = /none: " in words
    assert "[fleet] ca = /none-either: ENOENT (No such file or directory)\n" in words


def test_a_credential_of_systemd_is_left_to_systemd(folder):
    assert check(folder, FLEET + f"kek = credential:kek\nca = {__file__}\n") == (0, "")
