#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Runs a program that may lock as much memory as it likes, where nobody may raise the limit.

    keep_locking.py PROGRAM [ARGUMENT...]

Root's CAP_IPC_LOCK stands above RLIMIT_MEMLOCK. stekd gives it up with capset(2), which a filter
answers here without doing it. So what is measured locks as much as under LimitMEMLOCK=infinity.
"""
import ctypes
import os
import platform
import struct
import sys

CAPSET = {"x86_64": 126, "aarch64": 91}
PR_SET_SECCOMP, MODE_FILTER = 22, 2
LOAD, JUMP_IF, RETURN = 0x20, 0x15, 0x06
DONE, ALLOW = 0x00050000, 0x7FFF0000  # an error of 0: the call is not made, and succeeds


def possible():
    """Whether this process has CAP_IPC_LOCK and the filter fits."""
    with open("/proc/self/status", encoding="ascii") as status:
        effective = next(int(line.split()[1], 16) for line in status if line.startswith("CapEff"))
    may_lock, may_filter = effective >> 14 & 1, effective >> 21 & 1  # CAP_IPC_LOCK, CAP_SYS_ADMIN
    known = platform.machine() in CAPSET and struct.calcsize("P") == 8
    return bool(known and may_lock and may_filter)


def answer_capset():
    code = b"".join(
        struct.pack("<HBBI", *instruction)
        for instruction in (
            (LOAD, 0, 0, 0),
            (JUMP_IF, 0, 1, CAPSET[platform.machine()]),
            (RETURN, 0, 0, DONE),
            (RETURN, 0, 0, ALLOW),
        )
    )
    kept = ctypes.create_string_buffer(code)
    program = struct.pack("@HxxxxxxP", len(code) // 8, ctypes.addressof(kept))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.create_string_buffer(program), 0, 0) != 0:
        sys.exit(f"keep_locking: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    answer_capset()
    os.execv(sys.argv[1], sys.argv[1:])
