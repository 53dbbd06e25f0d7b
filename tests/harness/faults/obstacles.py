# SPDX-License-Identifier: Apache-2.0
"""What may lie in the place of a file, and would hold up a program that just reads it."""
import os


def fifo(path):
    """Nobody writes into it."""
    os.mkfifo(path)


def link(path):
    """To a device without an end."""
    path.symlink_to("/dev/zero")


def hole(path):
    """1 TiB of nothing."""
    with open(path, "wb") as file:
        file.truncate(1 << 40)
