# SPDX-License-Identifier: Apache-2.0
"""Programs of Debian packages that cannot be installed beside others. As a program it unpacks the
packages that it is told of."""
import fcntl
import subprocess
import sys

from . import build


def unpacked(*packages):
    """
    A folder with what these packages and what they still need hold. It stays in the build folder.
    """
    folder = build.BUILD / "unpacked" / packages[0]
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _unpack(folder, packages)
    return folder


def fetched(name, *packages):
    """A folder with the archives of these packages and of what they still need."""
    folder = build.BUILD / "fetched" / name
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _fetch(folder, packages)
            (folder / "complete").touch()
    return folder


def _fetch(folder, packages):
    """What apt says that it would install."""
    plan = _run("apt-get", "install", "--simulate", "--no-install-recommends", *packages)
    wanted = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    _run("apt-get", "download", *wanted, cwd=folder)


def _unpack(folder, packages):
    """Unpacked, and not installed."""
    _fetch(folder, packages)
    for archive in folder.glob("*.deb"):
        _run("dpkg-deb", "-x", archive, folder)
        archive.unlink()
    (folder / "complete").touch()


def _run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


if __name__ == "__main__":
    unpacked(*sys.argv[1:])
