#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The pure rooms call no clock, no I/O, no allocator and no random generator, and keep no writable globals.

Judged by the compiled objects, so that no macro can hide a call. A pure room may call the C library's functions on
memory and strings, libcrypto's for wiping and comparing, itself, and crypto/ except for its random generator. So are the
fleet's rules, which may also call core/.
The audit's judge allocates and decrypts, but knows no clock, no files, no network and no random generator either.
"""

import objects
from report import finish, options

PURE = ("core", "keyfile")
FLEET = ("adopt", "decide", "operate", "publish", "relink", "stagger", "storeview", "sync")
DETERMINISTIC = ("crypto",)
RANDOM = "src_crypto_random.c.o"
ALLOWED = {
    "memcpy",
    "memmove",
    "memset",
    "memcmp",
    "memchr",
    "strlen",
    "strnlen",
    "strcmp",
    "strncmp",
    "strchr",
    "__memcpy_chk",
    "__memmove_chk",
    "__memset_chk",
    "OPENSSL_cleanse",
    "CRYPTO_memcmp",
    "__stack_chk_fail",
    "_GLOBAL_OFFSET_TABLE_",
}
JUDGE = ("dict", "judg", "keyname", "matrix", "protection")
FORBIDDEN = {
    "time",
    "clock",
    "clock_gettime",
    "gettimeofday",
    "open",
    "open64",
    "fopen",
    "fopen64",
    "read",
    "write",
    "fread",
    "fwrite",
    "printf",
    "fprintf",
    "puts",
    "socket",
    "connect",
    "send",
    "recv",
    "getenv",
    "secure_getenv",
    "random",
    "rand",
    "getrandom",
    "RAND_bytes",
    "RAND_priv_bytes",
    "BIO_new_file",
    "BIO_new_connect",
}


def judge_problems(build):
    """What the objects of the judge and of the dictionary call and must not."""
    paths = [
        path
        for path in sorted((build / "src" / "audit" / "libstek_audit.a.p").glob("*.o"))
        if path.name.startswith(JUDGE)
    ]
    return [
        f"{path.name}: calls {name}"
        for path in paths
        for name in sorted(objects.undefined(path) & FORBIDDEN)
    ] + [
        f"{path.name}: writable data in {name}"
        for path in paths
        for name in sorted(objects.writable_sections(path))
    ]


def objects_of(build, rooms):
    """The objects of the internal library that come from these rooms."""
    return [
        path
        for room in rooms
        for path in sorted((build / "libstek_internal.a.p").glob(f"src_{room}_*.o"))
    ]


def main():
    build = options(__doc__).build
    fleet = [build / "src" / "fleet" / "libstek_fleet.a.p" / f"{name}.c.o" for name in FLEET]
    pure = objects_of(build, PURE) + [path for path in fleet if path.exists()]
    allowed = set(ALLOWED)
    for path in pure + [path for path in objects_of(build, DETERMINISTIC) if path.name != RANDOM]:
        allowed |= objects.defined(path)
    problems = (
        [] if objects_of(build, PURE) else [f"{build}: no objects of core/ in libstek_internal.a.p"]
    )
    problems += [
        f"{build}: no {path.name} in libstek_fleet.a.p" for path in fleet if not path.exists()
    ]
    for path in pure:
        problems += [
            f"{path.name}: calls {name}" for name in sorted(objects.undefined(path) - allowed)
        ]
        problems += [
            f"{path.name}: writable data in {name}"
            for name in sorted(objects.writable_sections(path))
        ]
    finish(problems + judge_problems(build))


if __name__ == "__main__":
    main()
