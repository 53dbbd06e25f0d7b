#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes envelope.json beside itself, from docs/formats.md and not from the C code.

Needs nothing but Python. With --check it only says whether the file is what it would write.
"""
import json
import pathlib
import struct
import sys

sys.dont_write_bytecode = True
import aes_gcm  # noqa: E402
from make_derivation import hkdf_expand, hkdf_extract, sample  # noqa: E402

HERE = pathlib.Path(__file__).parent
RECORD, FLOOR = 1, 2
FRESH, CONTINUED = 1, 2
KEK = sample("key-encryption key 1")


def prk_of(kek):
    return hkdf_extract(b"stek fleet v1", kek)


def kek_id(kek):
    return hkdf_expand(prk_of(kek), b"kek id", 8)


def epoch_of(time):
    """The day since 2026-01-01."""
    return max(0, (time - 1767225600) // 86400)


def epoch_secret(kek, epoch):
    secret = hkdf_expand(prk_of(kek), b"epoch", 32)
    for _ in range(epoch):
        secret = hkdf_expand(secret, b"epoch next", 32)
    return secret


def head_of(kek, kind, seq, times, version=2, origin=0, zero=0, epoch=0):
    return (
        b"stkv"
        + struct.pack("<BBBB", version, kind, origin, zero)
        + kek_id(kek)
        + struct.pack("<QQ3q", epoch, seq, *times)
    )


def sealed(kek, ring, head, plain, nonce):
    secret = epoch_secret(kek, struct.unpack("<Q", head[16:24])[0])
    key = hkdf_expand(secret, b"value\0" + head[5:6] + head[24:32] + ring.encode(), 32)
    return head + nonce + aes_gcm.seal(key, nonce, head + ring.encode(), plain)


def record_bytes(ring, seq, times, secret, kek=KEK, origin=FRESH, epoch=None, **fields):
    epoch = epoch_of(times[2]) if epoch is None else epoch
    head = head_of(kek, RECORD, seq, times, origin=origin, epoch=epoch, **fields)
    return sealed(kek, ring, head, secret, sample(f"nonce {ring} {seq}")[:12])


def floor_bytes(ring, floor, made_at, kek=KEK, until=0, origin=0):
    head = head_of(kek, FLOOR, floor, (made_at, until, 0), origin=origin, epoch=epoch_of(made_at))
    return sealed(kek, ring, head, b"", sample(f"nonce floor {ring} {floor}")[:12])


TIMES = (1700000000, 1700003600, 1700046800)
LATER = (1780000000, 1780003600, 1780046800)  # retires in epoch 148


def kekfile(epoch, kek=KEK):
    """The file of a key that has gone on to this epoch."""
    secret = epoch_secret(kek, epoch)
    check = hkdf_expand(secret, b"epoch check\0" + kek_id(kek) + struct.pack("<Q", epoch), 8)
    return f"stek-kek-2 {kek_id(kek).hex()} {epoch:06} {secret.hex()} {check.hex()}\n"


def record_case(about, ring, seq, times, secret, origin=FRESH, epoch=None):
    return {
        "about": about,
        "ring": ring,
        "seq": seq,
        "origin": origin,
        "epoch": epoch_of(times[2]) if epoch is None else epoch,
        "active_from": times[0],
        "active_until": times[1],
        "accept_until": times[2],
        "secret": secret.hex(),
        "bytes": record_bytes(ring, seq, times, secret, origin=origin, epoch=epoch).hex(),
    }


def records():
    return [
        record_case("a record", "web", 7, TIMES, sample("secret 1")),
        record_case("a continuation", "web", 8, TIMES, sample("secret 4"), origin=CONTINUED),
        record_case("the same record of another ring", "mail", 7, TIMES, sample("secret 1")),
        record_case(
            "the first seq, times before 1970", "a", 1, (-20, -10, -10), sample("secret 2")
        ),
        record_case(
            "the longest name, the highest seq",
            "r" * 64,
            2**62,
            (2**30 - 2, 2**30 - 1, 2**30),
            sample("secret 3"),
        ),
        record_case("a record of a later epoch", "web", 9, LATER, sample("secret 5")),
        record_case(
            "a record under a later epoch than it needs",
            "web",
            10,
            LATER,
            sample("secret 6"),
            epoch=150,
        ),
    ]


def floors():
    return [
        {
            "about": "a floor",
            "ring": "web",
            "floor": 8,
            "made_at": 1700000001,
            "bytes": floor_bytes("web", 8, 1700000001).hex(),
        },
        {
            "about": "a floor of a later epoch",
            "ring": "web",
            "floor": 8,
            "epoch": 147,
            "made_at": LATER[0],
            "bytes": floor_bytes("web", 8, LATER[0]).hex(),
        },
        {
            "about": "no floor yet",
            "ring": "web",
            "floor": 0,
            "made_at": 1700000001,
            "bytes": floor_bytes("web", 0, 1700000001).hex(),
        },
        {
            "about": "the highest floor",
            "ring": "web",
            "floor": 2**62,
            "made_at": 0,
            "bytes": floor_bytes("web", 2**62, 0).hex(),
        },
    ]


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def epoch_cases(good, secret):
    return [
        (
            "an epoch that ends before it retires, well sealed",
            "malformed",
            record_bytes("web", 7, LATER, secret, epoch=147),
        ),
        (
            "an epoch that is not at hand",
            "wrong-key",
            record_bytes("web", 7, TIMES, secret, epoch=192),
        ),
        ("made for another epoch", "misplaced", flipped(good, 16)),
    ]


def refused_records():
    good = record_bytes("web", 7, TIMES, sample("secret 1"))
    secret = sample("secret 1")
    cases = [
        *epoch_cases(good, secret),
        ("nothing", "malformed", b""),
        ("a foreign value", "malformed", b"hello"),
        ("one byte too few", "malformed", good[:-1]),
        ("one byte too many", "malformed", good + b"\0"),
        ("other letters", "malformed", flipped(good, 0)),
        ("version 1, well sealed", "malformed", record_bytes("web", 7, TIMES, secret, version=1)),
        (
            "the reserved byte set, well sealed",
            "malformed",
            record_bytes("web", 7, TIMES, secret, zero=1),
        ),
        ("no origin, well sealed", "malformed", record_bytes("web", 7, TIMES, secret, origin=0)),
        (
            "a superseded record, well sealed",
            "malformed",
            record_bytes("web", 7, TIMES, secret, origin=3),
        ),
        ("an origin changed", "misplaced", good[:6] + bytes([CONTINUED]) + good[7:]),
        ("a floor under a record's name", "malformed", floor_bytes("web", 7, 1700000000)),
        (
            "another key-encryption key",
            "wrong-key",
            record_bytes("web", 7, TIMES, secret, kek=sample("key 2")),
        ),
        ("made for another ring", "misplaced", record_bytes("mail", 7, TIMES, secret)),
        ("made for another seq", "misplaced", record_bytes("web", 8, TIMES, secret)),
        ("a time changed by a second", "misplaced", flipped(good, 32)),
        ("a changed nonce", "misplaced", flipped(good, 56)),
        ("a changed ciphertext", "misplaced", flipped(good, 68)),
        ("a changed tag", "misplaced", flipped(good, len(good) - 1)),
        (
            "ends before it begins, well sealed",
            "malformed",
            record_bytes("web", 7, (5, 5, 9), secret),
        ),
        (
            "opens for less time than it seals, well sealed",
            "malformed",
            record_bytes("web", 7, (1, 5, 4), secret),
        ),
        (
            "a time out of range, well sealed",
            "malformed",
            record_bytes("web", 7, (-(2**40) - 1, 5, 9), secret),
        ),
    ]
    return [{"about": about, "value": value, "bytes": data.hex()} for about, value, data in cases]


def refused_floors():
    good = floor_bytes("web", 8, 1700000001)
    cases = [
        (
            "a record under the floor's name",
            "malformed",
            record_bytes("web", 8, TIMES, sample("secret 1")),
        ),
        ("a floor too high, well sealed", "malformed", floor_bytes("web", 2**62 + 1, 0)),
        (
            "a floor with an origin, well sealed",
            "malformed",
            floor_bytes("web", 8, 0, origin=FRESH),
        ),
        ("a floor with an end, well sealed", "malformed", floor_bytes("web", 8, 0, until=9)),
        ("made for another ring", "misplaced", floor_bytes("mail", 8, 1700000001)),
        ("raised by one", "misplaced", flipped(good, 24)),
        ("made for another epoch", "misplaced", flipped(good, 16)),
        ("a changed tag", "misplaced", flipped(good, len(good) - 1)),
    ]
    return [{"about": about, "value": value, "bytes": data.hex()} for about, value, data in cases]


def content():
    return {
        "about": "docs/formats.md, values in the store. Bytes in hexadecimal. Refused values are tried as ring `web`, "
        "record 7 or the floor; `value` says as what they are refused.",
        "kek": KEK.hex(),
        "kek_id": kek_id(KEK).hex(),
        "epochs": [
            {"epoch": epoch, "secret": epoch_secret(KEK, epoch).hex(), "file": kekfile(epoch)}
            for epoch in (0, 1, 2, 148, 191)
        ],
        "records": records(),
        "floors": floors(),
        "refused_records": refused_records(),
        "refused_floors": refused_floors(),
    }


def main():
    path = HERE / "envelope.json"
    text = json.dumps(content(), indent=2) + "\n"
    if "--check" not in sys.argv:
        path.write_text(text)
    elif path.read_text() != text:
        sys.exit("not what make_fleet.py writes: envelope.json")


if __name__ == "__main__":
    main()
