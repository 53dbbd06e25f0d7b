# SPDX-License-Identifier: Apache-2.0
"""A bare Debian of another release in a folder: made once, entered often, nothing of it mounted or
running afterwards."""

import pathlib
import shutil
import subprocess
import types

import archive
from command import environment, run
from copytree import mirror_tree

HOME = "/srv/stek"
GROUPS = ("build", "unit", "demo", "check")
UNPACKED = (
    ("harness.unpacked", "proftpd-core", "proftpd-mod-crypto"),
    ("harness.libcryptos.others",),
)

# Runs as the first process of namespaces of its own, which end with it: what is mounted here is
# mounted nowhere else,
# and what a test leaves running is killed. The shell stays, since a first process must wait for
# orphans. $1 is the root, and a mount point, so that tests can make namespaces of their own.
ENTER = """
root=$1; home=$2; shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
[ -z "$NEW_NET" ] || ip link set lo up
chroot "$root" /bin/sh -c 'cd "$0" && exec "$@"' "$home" "$@"
exit $?
"""


# What makes a chroot mounts things in it: in namespaces of its own, too, so that nothing is left
# when it is stopped.
ALONE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


class ChrootFailed(Exception):
    """The text says what was tried and what came of it."""


def mounted_below(folder, mountinfo):
    """Mount points in a folder, from the text of /proc/self/mountinfo."""
    points = [line.split()[4] for line in mountinfo.splitlines()]
    return [point for point in points if point.startswith(f"{folder}/")]


def remove(folder):
    """Removes a chroot, but never what something outside may be mounted in."""
    mounted = mounted_below(folder, pathlib.Path("/proc/self/mountinfo").read_text())
    if mounted:
        raise ChrootFailed(f"not removed, since something is mounted there: {' '.join(mounted)}\n")
    shutil.rmtree(folder, ignore_errors=True)


class Chroot:
    """One release's chroot below a folder that keeps them all."""

    def __init__(self, folder, release, home=HOME):
        self.release = release
        self.root = folder / release.name
        self._home = home

    def _must(self, what, argv, **options):
        status, output = run(argv, "/", **options)
        if status != 0:
            raise ChrootFailed(f"{what}: status {status}\n{output[-4000:]}")
        return output

    def inside(self, argv, net=False):
        """The command that runs `argv` in the chroot; without `net`, there is a loopback interface
        and no other."""
        spaces = ["--mount", "--pid", "--ipc", *([] if net else ["--net"])]
        shell = ["sh", "-ec", ENTER, "sh", self.root, self._home, *argv]
        return [
            "env",
            f"NEW_NET={'' if net else '1'}",
            "unshare",
            *spaces,
            "--fork",
            "--kill-child",
            *shell,
        ]

    def make(self, say, fresh=False):
        """Makes the chroot where it is not there yet."""
        if fresh:
            remove(self.root)
        if self.root.exists():
            return
        say(f"{self.release.name}: a bare system from the Debian archive ...")
        places = archive.mirror()
        problem = archive.unreachable(places[0], self.release.suite)
        if problem:
            raise ChrootFailed(f"{self.release.name}: the Debian archive: {problem}\n")
        part = self.root.with_name(self.release.name + ".part")
        remove(part)
        part.parent.mkdir(parents=True, exist_ok=True)
        options = [f"--aptopt={line}" for line in archive.settings()]
        lines = archive.sources(self.release, *places)
        bootstrap = [*ALONE, "mmdebstrap", "--quiet", "--mode=root", "--variant=apt"]
        # It is made anew where the power fails: nothing waits for the disk.
        if self.release.architecture:
            bootstrap.append(f"--architectures={self.release.architecture}")
        bootstrap += ["--dpkgopt=force-unsafe-io", "--skip=cleanup/apt/lists", *options]
        self._must("mmdebstrap", [*bootstrap, self.release.suite, part, *lines], limit_s=900)
        (part / "etc/resolv.conf").unlink(missing_ok=True)
        shutil.copy("/etc/resolv.conf", part / "etc/resolv.conf")
        part.rename(self.root)

    def update(self, source, say, groups=GROUPS):
        """Brings in the sources as they are now and the packages that they name."""
        home = self.root / HOME[1:]
        home.mkdir(parents=True, exist_ok=True)
        mirror_tree(source, home)
        say(f"{self.release.name}: packages ...")
        argv = ["packaging/install-packages", *groups]
        self._must("packages", self.inside(argv, net=True), limit_s=1200)
        if self.release.extra:
            self._extra()
        if "check" in groups:
            self._unpack(say)

    def _unpack(self, say):
        """What tests unpack while the network is there: they have none. Without it what they need
        is missing, and they say so."""
        for module, *packages in UNPACKED:
            argv = ["env", "PYTHONPATH=tests", "/usr/bin/python3", "-m", module, *packages]
            status, output = run(self.inside(argv, net=True), "/", limit_s=600)
            if status != 0:
                what = " ".join(packages) or module
                said = output.strip()[-200:]
                say(f"{self.release.name}: {what} could not be unpacked: {said}")

    def _extra(self):
        """The packages of the second suite, where they are not installed yet."""
        apt = [
            "apt-get",
            "-q",
            "-y",
            "-t",
            self.release.extra,
            "--no-install-recommends",
            "install",
        ]
        argv = ["env", "DEBIAN_FRONTEND=noninteractive", *apt, *self.release.extra_packages]
        self._must("packages", self.inside(argv, net=True), limit_s=600)

    def stream(self, argv):
        """Runs a command in the chroot that prints where this one does; returns its status."""
        full = [str(arg) for arg in self.inside(argv)]
        process = subprocess.Popen(full, env=environment(), stdin=subprocess.DEVNULL)
        try:
            return process.wait()
        finally:
            process.kill()  # where it was interrupted: all that runs inside ends with it
            process.wait()


def forbidden():
    """What this machine does not allow of what a chroot needs, in one line, or None. Containers
    often allow no mount."""
    this_system = Chroot(pathlib.Path("/"), types.SimpleNamespace(name=""), "/")
    status, output = run(this_system.inside(["true"]), "/", limit_s=60)
    if status == 0:
        return None
    said = output.strip().splitlines() or [f"status {status}"]
    return f"check-on needs namespaces and mounts, which this machine forbids: {said[-1]}\n"
