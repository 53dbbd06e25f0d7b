# SPDX-License-Identifier: Apache-2.0
"""A stek that is installed below another root, and the servers of examples/embed that CMake builds
with it."""
import os
import subprocess

from .. import build
from ..process import plain_environment

SOURCES = build.REPOSITORY / "examples/embed"


def run(*args, **environment):
    return subprocess.run(
        [str(arg) for arg in args],
        capture_output=True,
        text=True,
        env=plain_environment(HOME=os.environ.get("HOME"), **environment),
        check=False,
    )


def do(*args, **environment):
    done = run(*args, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(root):
    """Returns the prefix of an installation below another root."""
    do("meson", "install", "-C", build.BUILD, "--no-rebuild", "--quiet", "--destdir", root)
    config = next(root.rglob("stekConfig.cmake"))
    return config.parents[next(i for i, up in enumerate(config.parents) if up.name == "lib") + 1]


def by_cmake(folder, prefix, *options):
    options = [f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror", *options]
    do("cmake", "-S", SOURCES, "-B", folder, *options)
    do("cmake", "--build", folder)
    return folder
