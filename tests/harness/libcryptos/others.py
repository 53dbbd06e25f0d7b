# SPDX-License-Identifier: Apache-2.0
"""libcryptos of other releases, from Debian's archive. As a program it unpacks them all, for a run
that has no network."""
import sys

from .. import build
from . import LIBRARIES, compile_c

sys.path.insert(0, str(build.REPOSITORY / "tests/run"))
from private_apt import PrivateApt, Unreachable  # noqa: E402

OTHERS = {
    "openssl-4": ("experimental", "libssl-dev"),
    "openssl-3.0": ("bookworm", "libssl3"),
    "openssl-3.0-program": ("bookworm", "openssl"),
    "openssl-3.0-headers": ("bookworm", "libssl-dev"),
    "openssl-1.1": ("bullseye", "libssl1.1"),
}


class Missing(Exception):
    """The text says which one, and what apt said."""


def tree_of(name):
    """The folder with that one's files, as they would lie under /. It stays in the build folder."""
    suite, package = OTHERS[name]
    try:
        return PrivateApt(build.BUILD / "archive", suite).unpacked(package)
    except Unreachable as problem:
        said = str(problem).strip()[-200:]
        raise Missing(f"Debian's archive does not give {package} of {suite}: {said}") from None


def libraries_of(name):
    """The folder with that one's libraries."""
    return tree_of(name) / "usr/lib" / LIBRARIES.name


def module_for_3_0(output):
    """stek.so as it is built where OpenSSL is 3.0."""
    headers, libraries = tree_of("openssl-3.0-headers"), libraries_of("openssl-3.0")
    rooms = ("crypto", "core", "counters", "early", "ringfile", "tls")
    sources = [path for room in rooms for path in (build.REPOSITORY / "src" / room).rglob("*.c")]
    return compile_c(
        output,
        "-shared",
        "-fPIC",
        "-D_GNU_SOURCE",
        '-DSTEK_MODULE_DIR="/nonexistent"',
        '-DSTEK_RUN_DIR="/nonexistent"',
        *(f"-I{build.REPOSITORY / folder}" for folder in ("include", "src")),
        f"-I{headers / 'usr/include'}",
        f"-I{headers / 'usr/include' / LIBRARIES.name}",
        *(path for path in sources if not path.name.endswith("11.c")),
        *(next(libraries.glob(f"{name}.so.3")) for name in ("libssl", "libcrypto")),
        f"-Wl,--version-script={build.REPOSITORY / 'src/tls/module/module.map'}",
        "-Wl,-z,nodelete,-z,relro,-z,now",
    )


if __name__ == "__main__":
    for other in OTHERS:
        tree_of(other)
