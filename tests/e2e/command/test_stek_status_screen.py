# SPDX-License-Identifier: Apache-2.0
"""`stek status` on terminals of several widths: what fits, what has a colour, how it is drawn."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

import pytest

from harness import build
from harness.process import plain_environment
from harness.stekd import Stekd

LONG = "a-ring-whose-name-says-at-some-length-whose-it-is"
ESCAPE = re.compile(r"\x1b\[[0-9;]*[mHJK]")


@pytest.fixture
def stekd(folder):
    with Stekd(folder / "stekd", **{"web": {"rotate": "1h"}, LONG: {}}) as daemon:
        yield daemon


class Terminal:
    """`stek status` on a terminal of so many columns."""

    def __init__(self, stekd, columns, *args, **env):
        settings = {"TERM": "xterm", "COLUMNS": None, "NO_COLOR": None, **env}
        command = [build.COMMAND, "status", "--run-dir", stekd.run_dir, *args]
        self.seen = ""
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            size = struct.pack("HHHH", 24, columns, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execve(
                command[0],
                [str(part) for part in command],
                plain_environment(**settings),
            )

    def read(self, until=None, timeout_s=60):
        """Up to the text, or to the end."""
        deadline = time.monotonic() + timeout_s
        while until is None or self.seen.count(until) == 0:
            assert time.monotonic() < deadline, self.seen
            if not select.select([self.end], [], [], 0.1)[0]:
                continue
            try:
                self.seen += os.read(self.end, 65536).decode()
            except OSError:  # the program has ended
                break
        return self.seen

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.end)


@pytest.fixture
def terminal(stekd):
    opened = []

    def begin(*args, **env):
        opened.append(Terminal(stekd, *args, **env))
        return opened[-1]

    yield begin
    for one in opened:
        one.close()


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
@pytest.mark.parametrize("ring", [[], ["web"]], ids=["table", "ring"])
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(terminal, columns, ring):
    text = ESCAPE.sub("", terminal(columns, *ring).read()).replace("\r", "")
    assert max(map(len, text.splitlines())) <= columns
    words = " ".join(text.split())
    for part in ["web", "fine"] + (["rotate 1h, accept 12h", "opened 0", "seals"] if ring else []):
        assert part in words


def test_a_name_is_whole_where_there_is_room(terminal):
    assert LONG not in terminal(80).read()
    assert LONG in terminal(200).read()


def test_a_wide_terminal_has_longer_lines_for_keys(terminal):
    def longest(columns):
        return max(
            len(line) for line in ESCAPE.sub("", terminal(columns, "web").read()).split("\n")
        )

    assert longest(200) > longest(80) + 100


def test_health_has_a_colour_beside_its_word_on_a_terminal_only(terminal, stekd):
    assert "\x1b[32mfine\x1b[0m" in terminal(80).read()
    assert "\x1b[32mfine\x1b[0m" in terminal(80, NO_COLOR="").read()
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in terminal(80, **env).read()
    assert "\x1b" not in stekd.stek("status").stdout


def test_follow_redraws_in_place(terminal):
    following = terminal(80, "web", "-f")
    drawn = following.read(until="\x1b[J\x1b[H")  # the first one ends, and the next begins
    assert drawn.count("\x1b[2J") == 1 and "\x1b[K\r\n" in drawn
