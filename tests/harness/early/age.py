# SPDX-License-Identifier: Apache-2.0
"""Makes a program look as if it had given many more tickets since it started."""
import os
import struct
from pathlib import Path

WINDOW = 1 << 24  # of so many tickets early data is accepted: src/early/register.h
ISSUED = 64  # where the register has the number of tickets
PAGE = os.sysconf("SC_PAGE_SIZE")
FLAGS = WINDOW // 8 * 2  # bytes: beside each word of flags there is one of the lap


def _register(pid):
    """The address of the register: of the shared anonymous mappings, the one that fits its size."""
    found = []
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        begin, end = (int(address, 16) for address in line.split()[0].split("-"))
        if "/dev/zero" in line and FLAGS < end - begin <= FLAGS + PAGE:
            found.append(begin)
    assert len(found) == 1, f"registers of process {pid}: {found}"
    return found[0]


def age(pid, tickets):
    """Has the program that this process belongs to count so many tickets more. It gives none
    meanwhile."""
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        at = _register(pid) + ISSUED
        memory.seek(at)
        (issued,) = struct.unpack("=Q", memory.read(8))
        assert 0 < issued < 1000, f"the register is not at {at:#x}"
        memory.seek(at)
        memory.write(struct.pack("=Q", issued + tickets))
