#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The pure folders call no clock, no I/O, no allocator and no random generator, and keep no
writable globals.

Judged by the compiled objects, so that no macro can hide a call. A pure folder may call the C
library's functions on
memory and strings, libcrypto's for wiping and comparing, core/, and crypto/ except for its random
generator.
The audit's judge and dictionary allocate and decrypt, but know no clock, no files, no network and
no random generator
either. A new file in one of these folders is judged like the others.
"""

import objects
from report import finish, options

# A folder below src/ and the library whose objects it makes, below the build folder.
PURE = {
    "core": "libstek_internal.a.p",
    "fleet/rules": "src/fleet/libstek_fleet.a.p",
    "feed/rules": "src/feed/libstek_feed.a.p",
}
DETERMINISTIC = {"crypto": "libstek_internal.a.p"}
JUDGES = {
    "audit/judge": "src/audit/libstek_audit.a.p",
    "audit/dictionary": "src/audit/libstek_audit.a.p",
    "doctor": "src/doctor/libstek_doctor.a.p",
    "history": "src/history/libstek_history.a.p",
}
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


def sources(root, folder):
    """The sources that stand in a folder itself."""
    return sorted((root / "src" / folder).glob("*.c"))


def object_of(build, library, source, root):
    """Where Meson puts the object of a source: its path with underscores, from where the library is
    made."""
    base = root / library.rsplit("/", 1)[0] if "/" in library else root
    name = source.relative_to(base).as_posix().replace("/", "_")
    return build / library / f"{name}.o"


def twin(path):
    """The object in whose place this one is compiled: OpenSSL 1.1.1 has hkdf11.c, every other
    hkdf.c."""
    name = path.name.replace("11.c.o", ".c.o")
    return path.with_name(name if name != path.name else path.name.replace(".c.o", "11.c.o"))


def objects_of(root, build, folders):
    """The objects of all sources of these folders, and a problem for each that is missing."""
    found, problems = [], []
    for folder, library in folders.items():
        paths = [object_of(build, library, source, root) for source in sources(root, folder)]
        found += [path for path in paths if path.exists()]
        problems += [
            f"src/{folder}: no object {path}"
            for path in paths
            if not path.exists() and not twin(path).exists()
        ]
        if not paths:
            problems.append(f"src/{folder}: no sources, though tests/lint/purity.py names it")
    return found, problems


def writable(path):
    return [
        f"{path.name}: writable data in {name}" for name in sorted(objects.writable_sections(path))
    ]


def calls(path, names):
    return [f"{path.name}: calls {name}" for name in sorted(names)]


def main():
    root, build = options(__doc__).root, options(__doc__).build
    pure, problems = objects_of(root, build, PURE)
    deterministic, missing = objects_of(root, build, DETERMINISTIC)
    judges, missing_judges = objects_of(root, build, JUDGES)
    problems += missing + missing_judges
    allowed = set(ALLOWED)
    for path in pure + [path for path in deterministic if path.name != RANDOM]:
        allowed |= objects.defined(path)
    for path in pure:
        problems += calls(path, objects.undefined(path) - allowed) + writable(path)
    for path in judges:
        problems += calls(path, objects.undefined(path) & FORBIDDEN) + writable(path)
    finish(problems)


if __name__ == "__main__":
    main()
