# SPDX-License-Identifier: Apache-2.0
"""stekd's standard error is read by somebody who stands still, as a stopped journal does."""
import fcntl
import os
import re
import signal

import pytest

from harness.process import wait_for
from harness.stekd import Stekd

TO_A_PIPE = ("sh", "-c", 'pipe=$1; shift; exec "$@" 2>"$pipe"', "sh")
PIPE_LEN = 4096


@pytest.fixture
def pipe(folder):
    """One that holds a few lines, and the path by which it is written to."""
    path = folder / "log"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, PIPE_LEN)
    yield reader, path
    os.close(reader)


def waiting(reader):
    """How many bytes nobody has read."""
    return int.from_bytes(fcntl.ioctl(reader, 0x541B, bytes(4)), "little")  # FIONREAD


def reload(stekd):
    stekd.process.signal(signal.SIGHUP)
    assert "ok" in stekd.request(command="status")


def test_stekd_goes_on_and_says_later_how_many_lines_are_lost(folder, pipe):
    reader, path = pipe
    with Stekd(folder / "stekd", wrapper=(*TO_A_PIPE, path), web={"rotate": "1h"}) as stekd:
        for _ in range(2 * PIPE_LEN // 20):
            reload(stekd)
        assert 0 < waiting(reader) <= PIPE_LEN
        heard = os.read(reader, PIPE_LEN).decode()
        assert heard.endswith("\n")

        def said():
            nonlocal heard
            reload(stekd)
            if waiting(reader):
                heard += os.read(reader, PIPE_LEN).decode()
            return re.search(r"(\d+) lines? of this log could not be written: nobody read", heard)

        assert int(wait_for(said, "the line")[1]) > 0
