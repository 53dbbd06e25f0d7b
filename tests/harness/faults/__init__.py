# SPDX-License-Identifier: Apache-2.0
"""Has system calls of a program fail as asked, by way of tests/tools/call-faults."""
import errno
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .. import build

# What a busy host answers for a time.
ERRORS = ["EMFILE", "ENFILE", "ENOMEM", "EINTR", "EIO", "ENOSPC"]
REPLY_MAX = 512 * 1024


@dataclass(frozen=True)
class Call:
    """A system call that was seen."""

    name: str
    first: int  # argument
    path: str
    failed: bool

    def is_line(self):
        """Whether it writes to standard error: then what it says may be lost."""
        return self.name in ("write", "writev") and self.first == 2


def parse(line):
    name, first, path = (line + " ").split(" ", 2)
    return Call(name.lstrip("!"), int(first), path.strip(), name.startswith("!"))


COUNTING = "arm 0 0 0 "


def arming(first, error, last=None, after=""):
    """The order of Faults.arm(), also for the environment: CALL_FAULTS, for a program's start."""
    return f"arm {first} {first if last is None else last} {getattr(errno, error)} {after}"


class Faults:
    """
    `wrapper` goes before the program's command line. Used as a context: the socket for orders is in
    a folder with a short path.
    """

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="stek-faults-")
        Path(self.folder.name).chmod(0o755)
        self.socket = Path(self.folder.name) / "s"
        self.wrapper = [build.CALL_FAULTS, self.socket]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def order(self, text):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.settimeout(60)
            connection.connect(str(self.socket))
            connection.send(text.encode())
            return connection.recv(REPLY_MAX).decode(errors="replace")

    def arm(self, first, error, last=None, after=""):
        """
        The calls from number `first` to `last` fail; counted from the next one, or from the one
        that is called `after` or has a path that ends so.
        """
        self.order(arming(first, error, last, after))

    def count(self, after=""):
        """None fails, but they are counted."""
        self.order(COUNTING + after)

    def off(self):
        self.order("off")

    def seen(self):
        """The calls since, in their order."""
        return [parse(line) for line in self.order("seen").splitlines()]


def work():
    """Whether this kernel lets a program be watched so."""
    if build.sanitized() or not build.CALL_FAULTS.exists():
        return False
    with Faults() as faults:
        done = subprocess.run(
            [*map(str, faults.wrapper), "/bin/true"], capture_output=True, check=False
        )
    return done.returncode == 0
