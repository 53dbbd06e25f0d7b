#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The shared objects offer the public names only, and bring nothing into a server but libssl,
libcrypto and libc."""

import re

import objects
from report import finish, options

LIBRARY = "src/libstek.so"
MODULE = "src/tls/module/stek.so"
MODULE_NAMES = {"OPENSSL_init", "OPENSSL_finish"}
# The loader stands for thread-local variables; it is part of libc.
LIBRARIES = re.compile(r"(libssl|libcrypto|libc|ld-linux-[a-z0-9-]+)\.so\.[0-9]+$")


def names_in_map(path):
    """The names after `global:` in a version script."""
    public = path.read_text().split("global:")[1].split("local:")[0]
    return set(re.findall(r"(\w+)\s*;", public))


def object_problems(path, names):
    """What is wrong with one shared object."""
    if not path.exists():
        return [f"{path}: not built"]
    offered = objects.exported(path)
    problems = [f"{path.name}: exports {name}" for name in sorted(offered - names)]
    problems += [f"{path.name}: does not export {name}" for name in sorted(names - offered)]
    problems += [
        f"{path.name}: needs {name}"
        for name in sorted(objects.needed(path))
        if not LIBRARIES.match(name)
    ]
    return problems


def main():
    chosen = options(__doc__)
    library = object_problems(
        chosen.build / LIBRARY, names_in_map(chosen.root / "src" / "libstek.map")
    )
    finish(library + object_problems(chosen.build / MODULE, MODULE_NAMES))


if __name__ == "__main__":
    main()
