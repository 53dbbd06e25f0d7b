#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Shows 64 GiB of its memory as its environment, /proc/PID/environ, and waits. prctl(2) lets any
process do so: PR_SET_MM_MAP asks for no rights where the program stays the same. Says "here" then.
"""
import ctypes
import mmap
import signal
import ssl  # noqa: F401 (so that there is a libssl, and stek.so in it)
import struct
import sys

PR_SET_MM, PR_SET_MM_MAP = 35, 14
SIZE = 64 << 30
libc = ctypes.CDLL(None, use_errno=True)


def reserve(size):
    """Memory that costs nothing until somebody looks at it."""
    private_anonymous_noreserve = 0x02 | 0x20 | 0x4000
    libc.mmap.restype = ctypes.c_void_p
    return libc.mmap(
        None, ctypes.c_size_t(size), mmap.PROT_READ, private_anonymous_noreserve, -1, 0
    )


def fields():
    """Of /proc/self/stat, by their numbers in proc(5)."""
    with open("/proc/self/stat", encoding="ascii") as file:
        return ["", "", ""] + file.read().rsplit(")", 1)[1].split()


def main():
    stat, begin = fields(), reserve(SIZE)
    code, data, heap, arguments = stat[26:28], stat[45:47], [stat[47]] * 2, stat[48:50]
    numbers = map(int, [*code, *data, *heap, stat[28], *arguments])
    layout = struct.pack("=12QII", *numbers, begin, begin + SIZE, 0, 0, 0xFFFFFFFF)
    if libc.prctl(PR_SET_MM, PR_SET_MM_MAP, layout, len(layout), 0) != 0:
        sys.exit(f"errno {ctypes.get_errno()}")
    print("here", flush=True)
    signal.pause()


main()
