# SPDX-License-Identifier: Apache-2.0
"""Completion in the shells themselves: what a TAB makes of a line, and that no option is
forgotten."""
import os
import pty
import re
import select
import subprocess
import time

import pytest

from harness import build
from harness.process import plain_environment

FILES = build.BUILD / "src/cli"
COMMANDS = [
    "status",
    "rotate",
    "revoke",
    "fleet",
    "inspect",
    "report",
    "inventory",
    "enable",
    "disable",
    "doctor",
    "audit",
    "keyfile",
    "feed",
    "openssl-cnf",
]
START = {
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        "source {file}; PS1=; bind 'set bell-style none'",
    ),
    "zsh": (
        ["zsh", "-f", "-i"],
        "PS1=; unsetopt zle_bracketed_paste beep; fpath=({folder} $fpath); autoload -U compinit; "
        "compinit -u -D; zstyle ':completion:*' menu no",
    ),
}


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self, name, folder):
        (folder / "_stek").write_text((FILES / "stek.zsh").read_text())
        argv, setup = START[name]
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(
                argv[0],
                argv,
                plain_environment(TERM="dumb", HOME=str(folder), COLUMNS="200"),
            )
        self.type(setup.format(file=FILES / "stek.bash", folder=folder) + "; echo rea''dy\n")
        self.wait_for("ready")

    def type(self, text):
        os.write(self.terminal, text.encode())

    def wait_for(self, text, timeout_s=60):
        """Reads until `text` has come."""
        seen, deadline = "", time.monotonic() + timeout_s
        while text not in seen:
            assert time.monotonic() < deadline, f"{text!r} has not come: {seen!r}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                seen += os.read(self.terminal, 65536).decode(errors="replace")
        return seen

    def close(self):
        os.close(self.terminal)
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


@pytest.fixture(params=sorted(START))
def shell(request, folder):
    running = Shell(request.param, folder)
    yield running
    running.close()


@pytest.fixture
def rings(folder):
    """A run directory with the files of two rings: names are all that completion looks at."""
    for name in ("shop", "mail"):
        (folder / f"{name}.ring").touch()
    return folder


@pytest.mark.parametrize(
    "begun, whole",
    [
        ("rot", "rotate "),
        ("rev", "revoke "),
        ("insp", "inspect "),
        ("openssl", "openssl-cnf "),
        ("aud", "audit "),
    ],
)
def test_a_command_is_completed(shell, begun, whole):
    shell.type(f"stek {begun}\t")
    shell.wait_for(f"stek {whole}")


def test_an_option_is_completed(shell):
    shell.type("stek revoke --bef\t")
    shell.wait_for("--before")


@pytest.mark.parametrize("line", ["--run-dir {} rotate sh", "rotate --run-dir {} sh"])
def test_a_ring_is_completed_from_the_run_directory_on_the_line(shell, rings, line):
    shell.type("stek " + line.format(rings) + "\t")
    shell.wait_for(" shop")


def fish(line):
    done = subprocess.run(
        [
            "fish",
            "--no-config",
            "-c",
            f"source {FILES / 'stek.fish'}; complete -C '{line}'",
        ],
        check=True,
        capture_output=True,
        text=True,
        env=plain_environment(),
    )
    assert not done.stderr
    return {answer.split("\t")[0] for answer in done.stdout.splitlines()}


def test_fish_completes_commands_options_and_rings(rings):
    assert set(COMMANDS) <= fish("stek ")
    assert {"rotate"} == fish("stek rot")
    assert "--before" in fish("stek revoke --b")
    assert {"shop"} == fish(f"stek --run-dir {rings} rotate sh")


def options_of(command):
    """The long options that a command's help names at the beginning of a line, or beside others
    there."""
    text = subprocess.run(
        [build.COMMAND, command, "--help"], check=True, capture_output=True, text=True
    ).stdout
    lines = [line for line in text.splitlines() if re.match(r" {2}(-\w, )?--", line)]
    return {
        option
        for line in lines
        for option in re.findall(r"(?<![\w'-])--[a-z0-9-]+", line.split("   ")[0])
    }


def bash_options(command):
    script = f"source {FILES / 'stek.bash'}; COMP_WORDS=(stek {command} --); COMP_CWORD=2; _stek; echo ${{COMPREPLY[@]}}"
    return set(
        subprocess.run(
            ["bash", "--norc", "-c", script], check=True, capture_output=True, text=True
        ).stdout.split()
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_that_the_help_names_is_offered(command):
    named = options_of(command)
    assert "--help" in named
    assert named <= bash_options(command)
    assert named <= fish(f"stek {command} --")


def test_the_help_names_every_command():
    text = subprocess.run(
        [build.COMMAND, "--help"], check=True, capture_output=True, text=True
    ).stdout
    assert re.findall(r"^  ([a-z][a-z-]+) {2,}\S", text, re.M) == COMMANDS
