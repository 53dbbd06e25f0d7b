# SPDX-License-Identifier: Apache-2.0
"""What is used of the tests' common harness, wherever that lies."""
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
for place in (HERE.parent, HERE.parent / "e2e"):
    if (place / "harness").is_dir():
        sys.path.insert(0, str(place))
        break

# pylint: disable=wrong-import-position,unused-import
from harness import build, module, pki, process  # noqa: E402
from harness.process import Gone, Process, free_port, plain_environment, wait_for  # noqa: E402
from harness.stekd import Stekd  # noqa: E402


def is_stek_mapped(pid):
    """Whether the module of this build lies in the memory of a process."""
    try:
        return str(build.MODULE) in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


_unpacking = threading.Lock()


def unpacked(*packages):
    """
    A folder with what these packages and what they still need hold, for those that cannot be
    installed beside others. It stays in the build folder.
    """
    folder = build.BUILD / "unpacked" / packages[0]
    with _unpacking:
        if not (folder / "complete").exists():
            _unpack(folder, packages)
    return folder


def _unpack(folder, packages):
    """apt says what it would install, and that is unpacked instead."""
    folder.mkdir(parents=True, exist_ok=True)
    plan = _run("apt-get", "install", "--simulate", "--no-install-recommends", *packages)
    for line in plan.splitlines():
        if line.startswith("Inst "):
            _run("apt-get", "download", line.split()[1], cwd=folder)
    for archive in folder.glob("*.deb"):
        _run("dpkg-deb", "-x", archive, folder)
        archive.unlink()
    (folder / "complete").touch()


def _run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout
