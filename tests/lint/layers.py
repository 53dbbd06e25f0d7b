#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Includes run only downwards, and what concerns OpenSSL stays where it belongs
(ARCHITECTURE.md, "Folders")."""

import re

from report import files, finish, options

# A room may include itself and any room of a lower rank; rooms of the same rank never use each
# other.
RANKS = {
    "clock": 0,
    "conf": 0,
    "crypto": 0,
    "journal": 0,
    "core": 1,
    "counters": 2,
    "early": 2,
    "ringfile": 3,
    "adapters": 4,
    "tls": 4,
    "seed": 4,
    "etcd": 4,
    "fleet/rules": 4,
    "feed/rules": 4,
    "audit": 4,
    "tls/module": 5,
    "status": 5,
    "fleet/store": 5,
    "audit/dictionary": 5,
    "audit/handshake": 5,
    "audit/record": 5,
    "fleet": 6,
    "audit/judge": 6,
    "audit/observe": 6,
    "doctor": 6,
    "history": 6,
    "keyfile": 6,
    "audit/report": 7,
    "feed": 7,
    "daemon/system": 7,
    "daemon/config": 8,
    "daemon/front": 9,
    "cli": 10,
    "daemon": 10,
}
PUBLIC = "stek.h"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CONDITIONAL = re.compile(
    r"^\s*#\s*(?:if|elif|ifdef|ifndef)\b.*\b(OPENSSL_VERSION_\w+|OPENSSL_NO_\w+|LIBRESSL\w*|"
    r"OPENSSL_IS_\w+|(?!STEK_)\w*BORINGSSL\w*)"
)
VERSION_HEADER = "tls/ossl.h"
KEY_HEADERS = {"openssl/evp.h", "openssl/hmac.h", "openssl/kdf.h", "openssl/rand.h"}
KEY_ROOMS = {"adapters", "crypto", "tls", "audit"}


def room_of(path):
    """The room of a path below src/, or None."""
    folders = path.split("/")[:-1]
    for depth in range(len(folders), 0, -1):
        room = "/".join(folders[:depth])
        if room in RANKS:
            return room
    return None


def own_header(src, path, name):
    """Where a quoted include leads, below src/; None when to no file of ours."""
    for candidate in (src / name, path.parent / name):
        if candidate.exists():
            return candidate.resolve().relative_to(src.resolve()).as_posix()
    return None


def include_problem(src, path, room, mark, name):
    """Why this include is not allowed, or None."""
    if name == PUBLIC:
        return None
    if name in KEY_HEADERS and room.split("/")[0] not in KEY_ROOMS:
        return f"<{name}> belongs in crypto/, tls/, audit/ and adapters/ only"
    target = own_header(src, path, name)
    if target is None:
        return f'"{name}" is no file of ours' if mark == '"' else None
    other = room_of(target)
    if other is None or other == room or RANKS[other] < RANKS[room]:
        return None
    return f"{room}/ may not use {other}/ ({name})"


def line_problem(src, path, room, line):
    """Why this line is not allowed, or None."""
    include = INCLUDE.match(line)
    if include:
        return include_problem(src, path, room, *include.groups())
    conditional = CONDITIONAL.match(line)
    if conditional and path.relative_to(src).as_posix() != VERSION_HEADER:
        return f"{conditional.group(1)} belongs in {VERSION_HEADER} only"
    return None


def main():
    root = options(__doc__).root
    src = root / "src"
    problems = []
    for path in files(root, ["src"], [".c", ".h"]):
        room = room_of(path.relative_to(src).as_posix())
        if room is None:
            problems.append(f"{path.relative_to(root)}: in no room that tests/lint/layers.py knows")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            problem = line_problem(src, path, room, line)
            if problem:
                problems.append(f"{path.relative_to(root)}:{number}: {problem}")
    finish(problems)


if __name__ == "__main__":
    main()
