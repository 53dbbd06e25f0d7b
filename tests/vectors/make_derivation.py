#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes derivation.json and appdata.json beside itself, from docs/formats.md and not from the C
code.

Needs nothing but Python. With --check it only says whether the files are what it would write.
"""
import hashlib
import hmac
import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).parent


def hkdf_extract(salt, ikm):
    return hmac.new(salt, ikm, hashlib.sha256).digest()


def hkdf_expand(prk, info, length):
    okm = block = b""
    while len(okm) < length:
        block = hmac.new(prk, block + info + bytes([len(okm) // 32 + 1]), hashlib.sha256).digest()
        okm += block
    return okm[:length]


def prk_of(secret):
    return hkdf_extract(b"stek v1", secret)


def continuation(secret):
    return hkdf_expand(prk_of(secret), b"continue", 32)


def sample(name):
    return hashlib.sha256(b"stek test vector: " + name.encode()).digest()


def derivation(about, secret, context):
    keys = hkdf_expand(prk_of(secret), b"ticket\0" + context, 80)
    short = hkdf_expand(prk_of(secret), b"ticket128\0" + context, 48)
    return {
        "about": about,
        "secret": secret.hex(),
        "context": context.hex(),
        "prk": prk_of(secret).hex(),
        "name": keys[:16].hex(),
        "hmac_key": keys[16:48].hex(),
        "aes_key": keys[48:].hex(),
        "short_name": short[:16].hex(),
        "short_hmac_key": short[16:32].hex(),
        "short_aes_key": short[32:].hex(),
        "continuation": continuation(secret).hex(),
        "mask": hkdf_expand(prk_of(secret), b"mask", 64).hex(),
        "fingerprint": hkdf_expand(prk_of(secret), b"fingerprint", 16).hex(),
    }


def derivations():
    one, two = sample("secret 1"), sample("secret 2")
    return [
        derivation("a label", one, b"www"),
        derivation("the same secret in another context", one, b"mail"),
        derivation("another secret in the same context", two, b"www"),
        derivation("a label of one character", one, b"x"),
        derivation(
            "a label with a space, and characters that mean something elsewhere",
            two,
            b'a "b"\\c%d/../*',
        ),
        derivation("a label that begins another one", two, b"ww"),
        derivation(
            "the longest label: 255 characters", two, b"0123456789abcdef" * 15 + b"0123456789abcde"
        ),
        derivation("an automatic context: 32 bytes of SHA-256", one, sample("automatic context 1")),
        derivation(
            "an automatic context with a zero byte at each end",
            two,
            b"\0" + sample("context 2")[1:31] + b"\0",
        ),
        derivation("255 bytes of all values but one", one, bytes(range(1, 256))),
        derivation("an empty context", two, b""),
        derivation(
            "a secret with every bit of the first one turned", bytes(b ^ 0xFF for b in one), b"www"
        ),
    ]


def chain(length):
    secrets = [sample("chain")]
    while len(secrets) <= length:
        secrets.append(continuation(secrets[-1]))
    return {
        "about": "each secret is the continuation of the one before",
        "context": b"www".hex(),
        "records": [
            {
                "secret": s.hex(),
                "name": derivation("", s, b"www")["name"],
                "continuation": continuation(s).hex(),
            }
            for s in secrets[:length]
        ],
    }


def weak_secrets():
    half = sample("half")
    return [
        {"about": about, "secret": secret.hex()}
        for about, secret in [
            ("zeros", bytes(32)),
            ("one byte all over", b"\x5a" * 32),
            ("counting up by 1", bytes(range(32))),
            ("counting down by 3, through zero", bytes((20 - 3 * i) % 256 for i in range(32))),
            ("24 bytes, then zeros", half[:24] + bytes(8)),
            ("zeros, then 24 bytes", bytes(8) + half[:24]),
            ("16 bytes, and the same again", half[:16] * 2),
        ]
    ]


NOBODY = bytes(16)


def appdata_bytes(origin, name_hash, verified_until=0, instance=NOBODY, serial=0, timeout_s=0):
    head = b"stk\x02" + struct.pack("<q", origin) + name_hash
    return (
        head + struct.pack("<q", verified_until) + instance + struct.pack("<QI", serial, timeout_s)
    )


def appdata_case(
    about, origin, server_name, verified_until=0, instance=NOBODY, serial=0, timeout_s=0
):
    name_hash = (
        hashlib.sha256(server_name.lower().encode()).digest()[:16] if server_name else bytes(16)
    )
    return {
        "about": about,
        "origin": origin,
        "server_name": server_name,
        "name_hash": name_hash.hex(),
        "verified_until": verified_until,
        "instance": instance.hex(),
        "serial": f"{serial:016x}",
        "timeout": timeout_s,
        "bytes": appdata_bytes(
            origin, name_hash, verified_until, instance, serial, timeout_s
        ).hex(),
    }


INSTANCE = hashlib.sha256(b"stek test vector: instance").digest()[:16]


def appdata_cases():
    return [
        appdata_case("a name", 1700000000, "www.example.com"),
        appdata_case("the same name in capitals", 1700000000, "WWW.Example.COM"),
        appdata_case("no name was sent", 1700000000, None),
        appdata_case("1970", 0, "a"),
        appdata_case("before 1970", -1, "a"),
        appdata_case("every byte of the time differs", 0x0102030405, "a"),
        appdata_case("the latest origin", 2**40, "a"),
        appdata_case("the earliest origin", -(2**40), "a"),
        appdata_case("a client was verified", 1700000000, "a", 1700086399),
        appdata_case("with a certificate that ended long ago", 1700000000, "a", -(2**40)),
        appdata_case("with one that never ends", 1700000000, "a", 2**40),
        appdata_case("early data, the first ticket", 1700000000, "a", 0, INSTANCE, 0),
        appdata_case("early data, every byte differs", 1, "a", 0, INSTANCE, 0x0102030405060708),
        appdata_case("the program's timeout", 1700000000, "a", timeout_s=7200),
        appdata_case("every byte of it differs", 1700000000, "a", timeout_s=0x01020304),
        appdata_case("all of it", 1700000000, None, 1700086399, INSTANCE, 2**64 - 1, 2**32 - 1),
    ]


def appdata_refused():
    name = sample("name")[:16]
    good = appdata_bytes(1700000000, name)
    return [
        {"about": about, "bytes": data.hex()}
        for about, data in [
            ("nothing", b""),
            ("one byte", b"s"),
            ("one byte too few", good[:-1]),
            ("one byte too many", good + b"\0"),
            ("twice", good * 2),
            ("other letters", b"STK\x02" + good[4:]),
            ("version 0", b"stk\x00" + good[4:]),
            ("version 1, of 28 bytes", b"stk\x01" + good[4:28]),
            ("version 1", b"stk\x01" + good[4:]),
            ("version 3", b"stk\x03" + good[4:]),
            ("an origin one second too late", appdata_bytes(2**40 + 1, name)),
            ("an origin one second too early", appdata_bytes(-(2**40) - 1, name)),
            ("the latest time of 64 bits", appdata_bytes(2**63 - 1, name)),
            ("the earliest time of 64 bits", appdata_bytes(-(2**63), name)),
            ("an end one second too late", appdata_bytes(1, name, 2**40 + 1)),
            ("an end one second too early", appdata_bytes(1, name, -(2**40) - 1)),
            ("a serial of nobody", appdata_bytes(1, name, 0, NOBODY, 1)),
        ]
    ]


def files():
    return {
        "derivation.json": {
            "about": "docs/formats.md, key derivation. All values in hexadecimal. A weak secret must be refused.",
            "vectors": derivations(),
            "chain": chain(3),
            "weak": weak_secrets(),
        },
        "appdata.json": {
            "about": "docs/formats.md, ticket appdata. Bytes in hexadecimal, origin in Unix seconds.",
            "vectors": appdata_cases(),
            "refused": appdata_refused(),
        },
    }


def main():
    stale = []
    for name, content in files().items():
        text = json.dumps(content, indent=2) + "\n"
        if "--check" not in sys.argv:
            (HERE / name).write_text(text)
        elif (HERE / name).read_text() != text:
            stale.append(name)
    if stale:
        sys.exit("not what make_derivation.py writes: " + ", ".join(stale))


if __name__ == "__main__":
    main()
