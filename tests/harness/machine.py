# SPDX-License-Identifier: Apache-2.0
"""A machine that systemd has booted: a copy of this one, in namespaces of its own, that is
forgotten at the end."""
import os
import signal
import subprocess
from pathlib import Path

from . import build, client
from .process import Process, plain_environment, wait_for

BOOT = Path(__file__).with_name("boot.sh")


def root_is_a_mount():
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return any(line.split()[4] == "/" for line in mounts)


class Machine:
    """with Machine(folder) as machine: machine.run("systemctl", "start", "stekd")"""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.process = None
        self.init = None  # systemd, as this machine sees it

    def __enter__(self):
        # Where / is no mount, as in a chroot, unshare cannot make it private: boot.sh makes a mount
        # of it first.
        kept = [] if root_is_a_mount() else ["--propagation", "unchanged"]
        self.process = Process(
            ["unshare", "--mount", *kept, BOOT, self.folder, build.BUILD], self.folder
        )
        try:
            self.init = wait_for(self.find_init, "systemd to start", timeout_s=60)
            wait_for(
                lambda: self.run("systemctl", "is-active", "basic.target").returncode == 0,
                "systemd to have booted",
                timeout_s=60,
            )
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        """The kernel ends all processes of a namespace with its first."""
        if self.init:
            os.kill(self.init, signal.SIGKILL)
            self.process.popen.wait(timeout=20)
        self.process.stop()

    def find_init(self):
        """systemd leaves boot.sh's session as it starts: only its ancestors tell whose it is."""
        self.process.check_alive()
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                found = (entry / "comm").read_text() == "systemd\n" and self.descends(entry.name)
            except OSError:
                continue
            if found:
                return int(entry.name)
        return None

    def descends(self, pid):
        """Whether a process is a child of boot.sh, or a child's child."""
        while int(pid) > 1:
            pid = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]
            if int(pid) == self.process.pid:
                return True
        return False

    def run(self, *args):
        """Runs a command there."""
        return subprocess.run(
            ["nsenter", "-t", str(self.init), "-a", "-r", "--", *map(str, args)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
            env=plain_environment(),
        )

    def do(self, *args):
        """Runs a command that has to succeed; returns what it printed."""
        done = self.run(*args)
        assert done.returncode == 0, f"{args}: {done.stdout}{done.stderr}{self.said()[-2000:]}"
        return done.stdout

    def said(self):
        """The journal."""
        return self.run("journalctl", "--no-pager").stdout

    def path(self, path):
        """How this machine reaches a file of that one."""
        return Path(f"/proc/{self.init}/root") / path.lstrip("/")

    def write(self, path, text):
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(text)

    def shows(self, unit, what):
        """A property of a unit."""
        return self.do("systemctl", "show", "--value", "-p", what, unit).strip()

    def visit(self, port, tls, **options):
        """A visit of ticket-client, on that machine's loopback."""
        text = self.do("ticket-client", *client.command(port, tls, http=True, **options)[1:])
        return client.Visits.parse(text.splitlines())
