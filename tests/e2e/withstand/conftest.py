# SPDX-License-Identifier: Apache-2.0
"""What systemd would be: it hears whether stekd lives."""
import contextlib
import socket

import pytest


class Manager:
    """The end that systemd holds of a notification socket."""

    def __init__(self, path):
        self.path = path
        self.end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.end.bind(str(path))
        self.end.setblocking(False)

    def signs(self):
        """Takes the signs of life that have come; how many there were."""
        count = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                count += self.end.recv(4096).startswith(b"WATCHDOG=1")
        return count


@pytest.fixture
def manager(folder):
    made = Manager(folder / "notify")
    yield made
    made.end.close()
