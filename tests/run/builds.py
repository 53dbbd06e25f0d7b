# SPDX-License-Identifier: Apache-2.0
"""The build folders, each made once in a run."""

from command import run

# Sanitizers need a second compiler's eyes too: the plain build is the system's compiler, the others are clang.
CLANG = {"CC": "clang"}
STOP_AT_ONCE = "-fno-sanitize-recover=all"

FOLDERS = {
    "build": ([], {}),
    "build-asan": (["-Db_sanitize=address,undefined", "-Db_lundef=false", f"-Dc_args={STOP_AT_ONCE}"], CLANG),
    "build-tsan": (["-Db_sanitize=thread", "-Db_lundef=false"], CLANG),
    "build-fuzz": (["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dfuzz=true",
                    f"-Dc_args={STOP_AT_ONCE} -fsanitize=fuzzer-no-link"], CLANG),
}


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
        if not (folder / "build.ninja").exists():
            status, output = run(["meson", "setup", folder, *options], self.root, env)
            if status != 0:
                return folder, status, output
        return folder, *run(["ninja", "-C", folder, "--quiet", *targets], self.root, env)
