# SPDX-License-Identifier: Apache-2.0
"""Debian packages of this tree."""
import os
import re
import subprocess
from pathlib import Path

from .. import build

MAKE_DEB = build.REPOSITORY / "packaging/make-deb"
NAMES = ("libstek0", "libstek-dev", "stek", "stekd", "stek-fleet")
BEFORE = "0.0.9"


def make(folder, *options, umask=0o022, **environment):
    """Builds the packages into a folder. `environment` are variables beside this one's."""
    env = {**_environment(), **environment}
    command = [MAKE_DEB, *options, folder]
    done = subprocess.run(
        command, capture_output=True, text=True, env=env, umask=umask, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def _environment():
    kept = ("HOME", "PATH", "CCACHE_DIR")
    return {name: os.environ[name] for name in kept if name in os.environ}


def find(folder, name):
    """The file of a package."""
    return next(Path(folder).glob(f"{name}_*.deb"))


def version(file):
    return field(file, "Version")


def field(file, name):
    return subprocess.run(
        ["dpkg-deb", "--field", file, name], capture_output=True, text=True, check=True
    ).stdout.strip()


def as_before(folder, out):
    """The same packages as those of a version before, without a second build."""
    Path(out).mkdir()
    for name in NAMES:
        _as_before(find(folder, name), Path(out), name)
    return out


def _as_before(file, out, name):
    tree, now = out / name, re.escape(version(file))
    subprocess.run(["dpkg-deb", "--raw-extract", file, tree], check=True)
    control = tree / "DEBIAN/control"
    text = control.read_text()
    text = re.sub(f"^Version: {now}$", f"Version: {BEFORE}", text, flags=re.MULTILINE)
    control.write_text(re.sub(rf"\(= {now}\)", f"(= {BEFORE})", text))
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, f"{out}/{name}_{BEFORE}.deb"],
        check=True,
        capture_output=True,
    )
