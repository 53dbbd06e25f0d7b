#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes contexts.json beside itself, from docs/formats.md ("Contexts") and not from the C code.

Needs nothing but Python. With --check it only says whether the file is what it would write.
"""
import hashlib
import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).parent
OTHER, DNS, IP, URI, EMAIL, PUBLIC_KEY, ALTERNATIVES, SUBJECT = range(8)
NAMES, OPENSSL, CONFIGURATION = range(3)
ALTERNATIVES_A = b"\x30\x0b\x82\x09a.example"
SUBJECT_A = bytes.fromhex("300c310a300806035504030c0161")  # CN=a


def u32(number):
    return struct.pack(">I", number)


def member(kind, name):
    if kind == DNS:
        name = bytes(b + 32 if 0x41 <= b <= 0x5A else b for b in name)
    return bytes([kind]) + name


def encode_set(members):
    distinct = sorted(set(members))
    return u32(len(distinct)) + b"".join(u32(len(m)) + m for m in distinct)


def context(sharing, names, limit):
    members = encode_set([member(kind, name) for kind, name in names])
    return hashlib.sha256(b"stek auto v2\0" + bytes([sharing]) + members + limit).digest()


def case(about, sharing, names, limit=b""):
    return {
        "about": about,
        "sharing": sharing,
        "names": [{"kind": kind, "bytes": name.hex()} for kind, name in names],
        "limit": limit.hex(),
        "context": context(sharing, names, limit).hex(),
    }


def cases():
    own = hashlib.sha256(bytes(range(80))).digest()
    a, b = (DNS, b"a.example"), (DNS, b"b.example")
    return [
        case("one DNS name", NAMES, [a]),
        case("the same name in capitals", NAMES, [(DNS, b"A.Example")]),
        case("two names", NAMES, [a, b]),
        case("the same in another order, one twice", NAMES, [b, a, b]),
        case("a name that begins another", NAMES, [a, (DNS, b"a.example.org")]),
        case(
            "both IP versions",
            NAMES,
            [(IP, b"\xc0\0\2\1"), (IP, b"\x20\1\x0d\xb8" + bytes(12))],
        ),
        case("a URI", NAMES, [(URI, b"spiffe://A/one")]),
        case("the same text as an e-mail address", NAMES, [(EMAIL, b"spiffe://A/one")]),
        case(
            "another alternative: its DER",
            NAMES,
            [(OTHER, bytes.fromhex("88032a0304"))],
        ),
        case("a certificate without a name", NAMES, [(PUBLIC_KEY, b"not a real key")]),
        case(
            "a program that verifies peers",
            OPENSSL,
            [(ALTERNATIVES, ALTERNATIVES_A)],
            own,
        ),
        case("the same without alternatives", OPENSSL, [(SUBJECT, SUBJECT_A)], own),
        case("an SSL_CTX without a certificate", OPENSSL, [], own),
        case("the operator's word: the same configuration", CONFIGURATION, [a], own),
    ]


def main():
    content = {
        "about": "docs/formats.md, contexts. Bytes in hexadecimal. No limit: an empty text.",
        "vectors": cases(),
    }
    text = json.dumps(content, indent=2) + "\n"
    path = HERE / "contexts.json"
    if "--check" not in sys.argv:
        path.write_text(text)
    elif path.read_text() != text:
        sys.exit("contexts.json is not what make_contexts.py writes")


if __name__ == "__main__":
    main()
