# SPDX-License-Identifier: Apache-2.0
"""The build folders, each made once in a run."""

import hashlib
import pathlib
import re
import shutil
import sysconfig

from command import run

CLANG = {"CC": "clang"}
# Warnings are errors in our runs, not for users.
SANITIZED = ["-Dwerror=true", "-Db_lundef=false"]
STOP_AT_ONCE = "-fno-sanitize-recover=all"

# Where a compiler of another C library must not look: pkg-config names no folder of the system.
TRIPLET = sysconfig.get_config_var("MULTIARCH")
OURS = {"PKG_CONFIG_SYSTEM_INCLUDE_PATH": f"/usr/include:/usr/include/{TRIPLET}"}

# Options for Meson and environment of each folder.
FOLDERS = {
    "build": (["-Dwerror=true"], {}),
    "build-clang": (["-Dwerror=true"], CLANG),
    # tests/run/ports.py writes the two files.
    "build-musl": (["-Dwerror=true", "-Dtests=false", "--native-file=build-ports/musl.ini"], OURS),
    "build-arm64": (
        ["-Dwerror=true", "-Dadapters=disabled", "--cross-file=build-ports/arm64.ini"],
        {},
    ),
    "build-asan": (
        [*SANITIZED, "-Db_sanitize=address,undefined", f"-Dc_args={STOP_AT_ONCE}"],
        CLANG,
    ),
    "build-tsan": ([*SANITIZED, "-Db_sanitize=thread"], CLANG),
    "build-fuzz": (
        [
            *SANITIZED,
            "-Db_sanitize=address,undefined",
            "-Dfuzz=true",
            f"-Dc_args={STOP_AT_ONCE} -fsanitize=fuzzer-no-link",
        ],
        CLANG,
    ),
}


# Ninja 1.10, which is Debian 11's, has no --quiet.
NINJA_PROGRESS = re.compile(r"^\[\d+/\d+\] .*\n", re.MULTILINE)


PACKAGES = pathlib.Path("/var/lib/dpkg/status")


def packages():
    """What changes with each package that comes, goes or is upgraded; "" where dpkg is not used."""
    return hashlib.sha256(PACKAGES.read_bytes()).hexdigest() if PACKAGES.exists() else ""


def forget(folder):
    """Has Meson look for everything anew. It remembers what it did not find, and has no way to
    forget that which keeps the objects; but it recovers from an empty file by the options given."""
    (folder / "meson-private/coredata.dat").write_bytes(b"")


class BuildFailed(Exception):
    """The text is what the compiler or Meson said."""


class Builds:
    """Builds a folder when it is first asked for; a second asker gets the same answer."""

    def __init__(self, root):
        self.root = root
        self._done = {}

    def get(self, name, *targets):
        """Returns the folder, up to date, or raises BuildFailed."""
        if (name, targets) not in self._done:
            self._done[name, targets] = self._build(name, targets)
        folder, status, output = self._done[name, targets]
        if status != 0:
            raise BuildFailed(output)
        return folder

    def _build(self, name, targets):
        folder = self.root / name
        options, env = FOLDERS[name]
        status, output = self._configure(folder, options, env)
        if status != 0:
            return folder, status, output
        status, output = run(["ninja", "-C", folder, *targets], self.root, env)
        return folder, status, NINJA_PROGRESS.sub("", output)

    def _configure(self, folder, options, env):
        """Sets a folder up, anew where it was set up with other options; the one of `make` keeps
        its own as well. Meson remembers which libraries it did not find: it looks again where other
        packages are installed."""
        stamps = {
            folder / "check-options": "\n".join(options),
            folder / "check-packages": packages(),
        }
        known = (folder / "build.ninja").exists()
        alike = [
            known and path.exists() and path.read_text() == text for path, text in stamps.items()
        ]
        if all(alike):
            return 0, ""
        again = []
        if known and (alike[0] or folder.name == "build"):
            again = ["--reconfigure"]
            forget(folder)
        elif known:
            shutil.rmtree(folder)
        status, output = run(["meson", "setup", *again, folder, *options], self.root, env)
        if status == 0:
            for path, text in stamps.items():
                path.write_text(text)
        return status, output
