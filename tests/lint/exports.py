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
# Each is built where its TLS library is, and brings that library and libstek only. A process with
# BoringSSL has no room for OpenSSL, which libstek brings.
ADAPTERS = {
    "boringssl": "libssl|libcrypto",
    "gnutls": "libstek|libgnutls",
    "mbedtls": "libstek|libmbedtls|libmbedcrypto",
    "wolfssl": "libstek|libwolfssl",
}
# The loader stands for thread-local variables; it is part of libc.
LIBRARIES = re.compile(r"(libssl|libcrypto|libc|ld-linux-[a-z0-9-]+)\.so\.[0-9]+$")


def names_in_map(path):
    """The names after `global:` in a version script."""
    public = path.read_text().split("global:")[1].split("local:")[0]
    return set(re.findall(r"(\w+)\s*;", public))


def object_problems(path, names, libraries=LIBRARIES):
    """What is wrong with one shared object."""
    if not path.exists():
        return [f"{path}: not built"]
    offered = objects.exported(path)
    problems = [f"{path.name}: exports {name}" for name in sorted(offered - names)]
    problems += [f"{path.name}: does not export {name}" for name in sorted(names - offered)]
    problems += [
        f"{path.name}: needs {name}"
        for name in sorted(objects.needed(path))
        if not libraries.match(name)
    ]
    return problems


def adapter_problems(root, build, name, libraries):
    """What is wrong with the library for another TLS library, where it is built."""
    path = build / "src" / "adapters" / f"libstek-{name}.so"
    if not path.exists():
        return []
    names = names_in_map(root / "src" / "adapters" / f"{name}.map")
    return object_problems(
        path, names, re.compile(rf"(libc|ld-linux-[a-z0-9-]+|{libraries})\.so\.[0-9]+$")
    )


def main():
    chosen = options(__doc__)
    library = object_problems(
        chosen.build / LIBRARY, names_in_map(chosen.root / "src" / "libstek.map")
    )
    adapters = [
        problem
        for name, libraries in ADAPTERS.items()
        for problem in adapter_problems(chosen.root, chosen.build, name, libraries)
    ]
    finish(library + object_problems(chosen.build / MODULE, MODULE_NAMES) + adapters)


if __name__ == "__main__":
    main()
