# SPDX-License-Identifier: Apache-2.0
"""A mistake is answered with one line that is true and tells what to do; a file that is not what it
should be costs neither time nor memory."""
import os
import re
import subprocess
import tempfile
from contextlib import nullcontext

import pytest

from harness import build
from harness.process import plain_environment
from harness.stekd import Stekd, check_config

MEMORY = ["prlimit", "--as=536870912"]
sound_memory = pytest.mark.skipif(build.sanitized(), reason="a sanitizer reserves terabytes")


def run(*words, program=build.COMMAND, wrapper=(), output=None):
    with open(output, "w") if output else nullcontext(subprocess.PIPE) as stdout:
        done = subprocess.run(
            [*wrapper, program, *words],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
            env=plain_environment(),
        )
    return done.returncode, done.stdout, done.stderr


def said(*words, **options):
    """The one line on standard error of a command that failed."""
    code, out, err = run(*words, **options)
    assert code != 0 and out == "" and err.count("\n") == 1, (code, out, err)
    return err.strip()


MISTAKES = [
    (
        ("--jsn", "status"),
        "stek: '--jsn' is not an option that may stand before a command: try 'stek --help'",
    ),
    (("stat",), "stek: 'stat' is not a command: try 'stek --help'"),
    (
        ("keyfile", "export", "--ring", "web", "--context", "auto", "--to", "nginx"),
        "stek keyfile export: --context auto: no key file opens those tickets: set 'context = "
        "LABEL' for the servers with the module, and give LABEL",
    ),
    (
        ("keyfile", "export", "--ring", "web", "--context", "", "--to", "nginx"),
        "stek keyfile export: --context : allowed: 1 to 255 printable ASCII characters",
    ),
    (
        ("fleet", "init", "/etc/passwd"),
        "stek fleet init: /etc/passwd: the file exists already and was not changed: name a new one",
    ),
    (
        ("fleet", "seed", "web", "/etc/passwd"),
        "stek fleet seed: /etc/passwd: the file exists already and was not changed: name a new one",
    ),
    (
        ("feed", "--check-config", "--config", "/nonexistent"),
        "stek feed: /nonexistent: No such file or directory: write it, as stek-feed(8) explains",
    ),
]


@pytest.mark.parametrize("words, line", MISTAKES, ids=[" ".join(m[0]) for m in MISTAKES])
def test_a_mistake_is_answered_with_one_true_line(words, line):
    assert said(*words) == line


COMMANDS = ["status", "rotate", "revoke", "inspect", "openssl-cnf", "enable", "disable", "doctor"]
COMMANDS += ["report", "inventory", "audit", "feed", "fleet"]
COMMANDS += ["keyfile lint", "keyfile export", "keyfile convert"]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_that_there_is_not_is_one_line(command):
    line = said(*command.split(), "--nonsense")
    assert line == f"stek {command}: '--nonsense' is not an option: try 'stek {command} --help'"


@pytest.mark.parametrize(
    "command, option", [("enable", "ring"), ("audit", "ca"), ("openssl-cnf", "rotate")]
)
def test_a_value_that_is_missing_is_one_line(command, option):
    line = said(command, f"--{option}")
    assert line == f"stek {command}: --{option} needs a value: try 'stek {command} --help'"


def test_a_value_that_is_too_many_is_one_line():
    assert said("status", "--json=yes") == (
        "stek status: --json takes no value: try 'stek status --help'"
    )


@pytest.mark.parametrize(
    "words, what",
    [
        (["--nonsense"], "'--nonsense' is not an option"),
        (["--config"], "--config needs a value"),
        (["--check-config=yes"], "--check-config takes no value"),
        (["nonsense"], "'nonsense' is not an option"),
    ],
)
def test_stekd_says_in_one_line_what_is_wrong_with_a_word(words, what):
    assert said(*words, program=build.DAEMON) == f"stekd: {what}: try 'stekd --help'"


@pytest.mark.parametrize("command", ["enable nginx", "openssl-cnf"])
def test_a_setting_is_named_as_its_option_is_typed(command):
    words = [*command.split(), "--ring", "private", "--verified-peers", "x"]
    assert "--verified-peers 'x': allowed: as-openssl or same-configuration" in said(*words)


def test_a_feed_cannot_have_the_context_of_names(folder):
    path = folder / "feed.conf"
    path.write_text("[feed a]\nring = web\ncontext = auto\nto = nginx\nfile = /run/x\n")
    assert "context: auto is for no key file" in said("feed", "--check-config", "--config", path)


SECTION = re.compile(r"([A-Z][A-Z \"\n]+[A-Z]) in (stek[a-z-]*)\((\d)\)")


def test_each_section_of_a_manual_that_a_message_names_is_there():
    text = "".join(path.read_text() for path in (build.REPOSITORY / "src").rglob("*.c"))
    named = SECTION.findall(re.sub(r'"\n\s+"', "", text))
    assert len(named) >= 3
    for section, manual, number in named:
        page = (build.REPOSITORY / f"man/{manual}.{number}.scd").read_text()
        assert f"\n# {section}\n" in page, section


# -- files that are not what they should be --


@pytest.fixture
def odd_files(folder):
    os.mkfifo(folder / "fifo")
    with open(folder / "hole", "wb") as hole:
        hole.truncate(1 << 40)
    (folder / "link").symlink_to("/dev/zero")
    return {
        "device": "/dev/zero",
        "directory": "/",
        "hole": folder / "hole",
        "link": folder / "link",
        "missing": folder / "missing",
        "fifo": folder / "fifo",
    }


WITHOUT_FIFO = ("device", "directory", "hole", "link", "missing")  # a reader of one waits


@sound_memory
@pytest.mark.parametrize("kind", WITHOUT_FIFO)
def test_a_recording_that_is_none_is_refused_in_a_line(odd_files, kind):
    line = said("audit", "--from", odd_files[kind], wrapper=MEMORY)
    wanted = {"directory": "Is a directory", "missing": "No such file or directory"}
    assert line.endswith(wanted.get(kind, "line 1: longer than 1 MiB"))


def test_a_report_that_cannot_be_written_says_why(folder):
    code, _, err = run(
        "audit", "localhost:1", "--tickets", "1", "--record", folder / "seen", output="/dev/full"
    )
    assert code == 1 and err.endswith("cannot write to standard output: No space left on device\n")


def test_a_run_directory_that_is_missing_is_named_by_its_error(folder):
    ticket = folder / "ticket"
    ticket.write_bytes(bytes(200))
    line = said("--run-dir", folder / "none", "inspect", ticket, "--ring", "web")
    assert line.endswith("web.ring cannot be read: No such file or directory")


@sound_memory
@pytest.mark.parametrize("kind", WITHOUT_FIFO)
def test_a_ticket_that_is_none_is_refused_in_a_line(odd_files, kind):
    line = said("inspect", odd_files[kind], "--ring", "web", wrapper=MEMORY)
    wanted = {"directory": "Is a directory", "missing": "No such file or directory"}
    assert wanted.get(kind, "longer than 256 KiB") in line


@sound_memory
@pytest.mark.parametrize("kind", [*WITHOUT_FIFO, "fifo"])
def test_a_key_file_that_is_none_is_not_read(odd_files, kind):
    code, out, err = run("keyfile", "lint", odd_files[kind], wrapper=MEMORY)
    assert code == 1 and err == "" and out.startswith(f"{odd_files[kind]}: not read\n  FOUND")
    assert out.count("\n") == 2


# -- stekd --


def test_a_group_of_administrators_that_does_not_exist_is_told_of(folder):
    code, line = check_config(folder, "[stekd]\nadmin_group = no-such-group\n[ring web]\n")
    assert code == 0 and line.count("\n") == 1
    assert "admin_group = no-such-group: there is no such group" in line
    assert check_config(folder, "[ring web]\n") == (0, "")


def refused(folder, run_dir, text="[ring web]\n"):
    path = folder / "stekd.conf"
    path.write_text(text)
    options = ["--no-sandbox"] if build.sanitized() else []
    code, _, err = run("--config", path, "--run-dir", run_dir, *options, program=build.DAEMON)
    assert code != 0
    return err.splitlines()[-1]


def test_a_run_directory_on_a_disk_is_refused_and_not_left_there(folder):
    with tempfile.TemporaryDirectory(dir=build.BUILD) as disk:  # the tests' own may be on tmpfs
        assert "not on tmpfs or ramfs" in refused(folder, f"{disk}/run")
        assert os.listdir(disk) == []


def test_a_directory_in_the_place_of_the_socket_is_named(folder):
    with Stekd(folder / "stekd", web={}) as daemon:
        daemon.stop()
        (daemon.run_dir / "control.sock").mkdir()
        line = refused(folder, daemon.run_dir)
        (daemon.run_dir / "control.sock").rmdir()
    assert line.endswith("control.sock: EISDIR (Is a directory): remove that directory")


def test_a_socket_for_metrics_without_a_directory_is_told_what_to_make(folder):
    with Stekd(folder / "stekd", web={}) as daemon:
        daemon.stop()
        line = refused(
            folder, daemon.run_dir, "[stekd]\nlisten = unix:/nonexistent/x\n[ring web]\n"
        )
    assert line.endswith("ENOENT (No such file or directory): make the directory of the socket")
