#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The ticket keys of a ring file, read by nothing but docs/formats.md: ring_reader.py FILE LABEL.
A program whose TLS library has no adapter can do the same in its own language."""
import hashlib
import hmac
import mmap
import os
import stat
import struct
import sys
import time
from typing import NamedTuple

FILE_LEN, SIDE_AT, SIDE_LEN, RECORD_LEN, SUPERSEDED = 20480, 32, 9808, 152, 3


class Record(NamedTuple):
    seq: int
    active_from: int
    active_until: int
    accept_until: int
    origin: int
    secret: bytes


def derive(secret, info, length):
    """HKDF with SHA-256 (RFC 5869)."""
    prk = hmac.new(b"stek v1", secret, hashlib.sha256).digest()
    out = block = b""
    for count in range(1, length // 32 + 2):
        block = hmac.new(prk, block + info + bytes([count]), hashlib.sha256).digest()
        out += block
    return out[:length]


class Ring:
    def __init__(self, path):
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            found, folder = os.fstat(fd), os.stat(os.path.dirname(os.path.abspath(path)))
            if not stat.S_ISREG(found.st_mode) or found.st_size != FILE_LEN:
                raise ValueError("not a ring file")
            if found.st_uid not in (0, folder.st_uid) or (found.st_mode | folder.st_mode) & 0o022:
                raise ValueError("others than its owner may write it")
            self.image = mmap.mmap(fd, FILE_LEN, prot=mmap.PROT_READ)
        finally:
            os.close(fd)
        if self.image[:8] != b"stekring" or self.number(8) != 1:
            raise ValueError("not a ring of version 1")

    def number(self, at):
        return struct.unpack_from("<Q", self.image, at)[0]

    def side(self):
        """The side that holds, copied while it does not change."""
        while True:
            generation = self.number(16)
            side = self.image[SIDE_AT + generation % 2 * SIDE_LEN :][:SIDE_LEN]
            if generation != 0 and self.number(16) == generation:
                return side

    def records(self, now):
        """The records by rising seq; where nobody has published one in time, its continuation."""
        side = self.side()
        rotate, accept = struct.unpack_from("<qq", side)
        (count,) = struct.unpack_from("<Q", side, 72)
        records = []
        for i in range(min(count, 64)):
            at = 80 + i * RECORD_LEN
            records.append(Record(*struct.unpack_from("<QqqqQ", side, at), side[at + 40 : at + 72]))
        while records and records[-1].active_until <= now:
            last = records[-1]
            until = last.active_until + rotate
            secret = derive(last.secret, b"continue", 32)
            records.append(
                Record(last.seq + 1, last.active_until, until, until + accept, 2, secret)
            )
        return [record for record in records if now < record.accept_until]

    def keys(self, label, now=None):
        """(name[16] hmac_key[32] aes_key[32], whether it seals): the key that seals first."""
        now = int(time.time()) if now is None else now
        records = self.records(now)
        sealing = max(
            (r.seq for r in records if r.active_from <= now < r.active_until), default=None
        )
        keys = [
            (
                derive(r.secret, b"ticket\0" + label.encode(), 80),
                r.seq == sealing and r.origin != SUPERSEDED,
            )
            for r in records
        ]
        return sorted(keys, key=lambda key: not key[1])


if __name__ == "__main__":
    for key, seals in Ring(sys.argv[1]).keys(sys.argv[2]):
        print(key[:16].hex(), "seals and opens" if seals else "opens")
