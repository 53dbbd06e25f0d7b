#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
A member of a ring's group who fills its directory of counters.

    fill_counters.py DIRECTORY SOUND EMPTY

SOUND well-formed files, each of a program that lives and says that it has 60 processes, and EMPTY
files without a byte. Says "filled", and lives until its input ends.
"""
import os
import struct
import sys

LEN = 32768
HEAD = struct.Struct("<8s3Q")
PROCESSES_AT, PROCESSES, ENTERED = 4160, 60, 1 << 62


def sound():
    """The first two pages of a file: the rest is a hole."""
    page = bytearray(8192)
    HEAD.pack_into(page, 0, b"stekstat", 2, os.stat("/proc/self/ns/pid").st_ino, 0)
    struct.pack_into("<Q", page, 64, 1)  # one ticket sealed
    for i in range(PROCESSES):
        struct.pack_into("<4Q", page, PROCESSES_AT + 32 * i, os.getpid(), ENTERED, 0, 1)
    return bytes(page)


def main():
    directory, sounds, empties = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    page = sound()
    at = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    for i in range(sounds + empties):
        file = os.open(f"{os.getpid()}-{i:016x}", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=at)
        if i < sounds:
            os.write(file, page)
            os.ftruncate(file, LEN)
        os.close(file)
    print("filled", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
