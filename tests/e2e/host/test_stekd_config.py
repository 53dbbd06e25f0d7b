# SPDX-License-Identifier: Apache-2.0
"""stekd's command line and configuration: what is wrong is said in one line, and nothing
happens."""
import subprocess

import pytest

from harness import build, stekd
from harness.process import plain_environment

SOUND = "[stekd]\nlisten = 127.0.0.1:9464\n[ring web]\nrotate = 1h\naccept = 12h\nahead = 2\nmax_session_age = 1d\ngroup = daemon\n"


def run(*args):
    return subprocess.run(
        [str(build.DAEMON), *map(str, args)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
        env=plain_environment(),
    )


def test_a_sound_configuration_is_sound_and_nothing_is_said(folder):
    assert stekd.check_config(folder, SOUND) == (0, "")


@pytest.mark.parametrize(
    "text, words",
    [
        (
            "[rings]\n",
            "stekd.conf:1: unknown section [rings]: allowed are [stekd], [fleet] and [ring NAME]",
        ),
        (
            "[ring web]\n\nrotatee = 1h\n",
            "stekd.conf:3: unknown setting 'rotatee' in [ring NAME]: allowed are rotate, accept, "
            "ahead, max_session_age, group, source, seed",
        ),
        (
            "[ring web]\nrotate = 1\n",
            "stekd.conf:2: rotate = 1: allowed: a duration from 1s to 7d (90s, 15m, 1h, 7d)",
        ),
        (
            "[ring web]\nrotate = 1s\naccept = 1h\n",
            "stekd.conf:1: [ring web]: a ring holds at most 64 keys, so accept / rotate + ahead may "
            "be at most 62: raise rotate or lower accept",
        ),
        (
            "[ring web]\ngroup = no-such-group\n",
            "stekd.conf:1: [ring web]: group = no-such-group: there is no such group: "
            "create it, or name another",
        ),
        (
            "[ring web]\x1b[31m\n",
            "stekd.conf:1: only a comment may follow a section's ']'",
        ),
    ],
)
def test_a_fault_is_one_line_with_file_line_and_what_is_allowed(folder, text, words):
    assert stekd.check_config(folder, text) == (2, f"stekd: {words}\n")


def test_a_short_rotate_alone_is_sound_and_the_accept_that_fits_is_said(folder):
    assert stekd.check_config(folder, "[ring web]\nrotate = 1s\n") == (
        0,
        "stekd: stekd.conf:1: [ring web]: accept is 60s, which is shorter than its default: "
        "a ring holds at most 64 keys\n",
    )


def test_control_characters_of_a_configuration_do_not_reach_the_log(folder):
    status, words = stekd.check_config(folder, "[ring web]\nro\x1btate\x07 = 1h\n")
    assert status == 2 and "'ro?tate?'" in words and words.count("\n") == 1


def test_drop_ins_are_read_in_the_order_of_their_names(folder):
    drop_ins = folder / "conf.d"
    drop_ins.mkdir()
    (drop_ins / "20-later.conf").write_text("[ring web]\naccept = 1h\n")
    (drop_ins / "10-first.conf").write_text("[ring web]\naccept = 9d\n")
    status, words = stekd.check_config(folder, "[ring web]\nrotate = 2m\n")
    assert status == 2 and words.startswith("stekd: conf.d/10-first.conf:2: accept = 9d")
    (drop_ins / "10-first.conf").write_text("[ring web]\naccept = 7d\n")
    assert stekd.check_config(folder, "[ring web]\nrotate = 2m\n") == (0, "")


def test_other_files_beside_drop_ins_are_none(folder):
    (folder / "conf.d").mkdir()
    for name in ("web.conf.bak", "web.conf~", ".web.conf", "README"):
        (folder / "conf.d" / name).write_text("no configuration\n")
    assert stekd.check_config(folder, SOUND) == (0, "")


def test_a_file_that_cannot_be_read_is_named(folder):
    done = run("--check-config", "--config", folder / "none.conf")
    assert (done.returncode, done.stderr) == (
        2,
        f"stekd: {folder}/none.conf: ENOENT (No such file or directory)\n",
    )
    done = run("--check-config", "--config", folder)
    assert (done.returncode, done.stderr) == (2, f"stekd: {folder}: not a regular file\n")


def test_a_file_that_is_too_long_is_refused(folder):
    assert stekd.check_config(folder, "#\n" * 131073) == (
        2,
        "stekd: stekd.conf: longer than 256 KiB\n",
    )


@pytest.mark.parametrize("args", [["--unknown"], ["--config"], ["extra"], ["--check-config=yes"]])
def test_a_command_line_that_is_none_points_to_help(args):
    done = run(*args)
    assert done.returncode == 2 and "stekd --help" in done.stderr and done.stdout == ""


def test_help_has_an_example_and_fits_the_terminal():
    done = run("--help")
    assert done.returncode == 0 and "Example:" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_version():
    assert run("--version").stdout.startswith("stekd ")
