# SPDX-License-Identifier: Apache-2.0
"""libcryptos of other releases, from Debian's archive. As a program it unpacks them all, for a run
that has no network."""
import sys

from .. import build
from . import LIBRARIES

sys.path.insert(0, str(build.REPOSITORY / "tests/run"))
from private_apt import PrivateApt, Unreachable  # noqa: E402

OTHERS = {"openssl-4": ("experimental", "libssl-dev"), "openssl-1.1": ("bullseye", "libssl1.1")}


class Missing(Exception):
    """The text says which one, and what apt said."""


def libraries_of(name):
    """The folder with that one's libraries. It stays in the build folder."""
    suite, package = OTHERS[name]
    try:
        tree = PrivateApt(build.BUILD / "archive", suite).unpacked(package)
    except Unreachable as problem:
        said = str(problem).strip()[-200:]
        raise Missing(f"Debian's archive does not give {package} of {suite}: {said}") from None
    return tree / "usr/lib" / LIBRARIES.name


if __name__ == "__main__":
    for other in OTHERS:
        libraries_of(other)
