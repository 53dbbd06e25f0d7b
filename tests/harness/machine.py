# SPDX-License-Identifier: Apache-2.0
"""A machine that systemd has booted: a copy of this one, in namespaces of its own, that is
forgotten at the end."""
import contextlib
import os
import signal
import subprocess
from pathlib import Path

from . import build, client
from .process import PATIENCE, Process, plain_environment, wait_for

BOOT = Path(__file__).with_name("boot.sh")
PORT = 8443
NGINX = f"""
worker_processes 4;
pid /run/nginx.pid;
user www-data;
events {{ }}
http {{
    access_log off;
    server {{
        listen 127.0.0.1:{PORT} ssl;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate /etc/nginx/test.crt;
        ssl_certificate_key /etc/nginx/test.key;
        default_type text/plain;
        return 200 "$pid\\n";
    }}
}}
"""


def mount_options():
    """For unshare, where it makes mounts of its own: where / is no mount, as in a chroot, it cannot
    make them private."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    is_mount = any(line.split()[4] == "/" for line in mounts)
    return [] if is_mount else ["--propagation", "unchanged"]


class Machine:
    """with Machine(folder) as machine: machine.run("systemctl", "start", "stekd")

    A bare one has nothing of stek but the client that visits servers."""

    def __init__(self, folder, bare=False):
        self.folder = Path(folder)
        self.bare = bare
        self.process = None
        self.init = None  # systemd, as this machine sees it

    def __enter__(self):
        # In a chroot boot.sh makes a mount of / first.
        how = "bare" if self.bare else "install"
        self.process = Process(
            ["unshare", "--mount", *mount_options(), BOOT, self.folder, build.BUILD, how],
            self.folder,
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
            timeout=60 * PATIENCE,
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

    def starts_freely(self, unit):
        """Tests start it more often than systemd takes for sound."""
        limit = "[Unit]\nStartLimitIntervalSec=0\n"
        self.write(f"/etc/systemd/system/{unit}.service.d/starts.conf", limit)
        self.do("systemctl", "daemon-reload")

    def configure_nginx(self, certificates, configuration=NGINX):
        """Debian's nginx serves PORT from its next start on, or does as it is told."""
        self.starts_freely("nginx")
        self.write("/etc/nginx/nginx.conf", configuration)
        self.write("/etc/nginx/test.crt", certificates.server.cert.read_text())
        self.write("/etc/nginx/test.key", certificates.server.key.read_text())

    def keep_ring(self):
        """stekd runs from now on, with the ring web for nginx."""
        self.do("systemd-sysusers")
        self.starts_freely("stekd")
        self.write("/etc/stek/stekd.conf", "[ring web]\ngroup = www-data\n")
        self.do("systemctl", "enable", "--now", "stekd")

    def shows(self, unit, what):
        """A property of a unit."""
        return self.do("systemctl", "show", "--value", "-p", what, unit).strip()

    def visit(self, port, tls, **options):
        """A visit of ticket-client, on that machine's loopback."""
        text = self.do("ticket-client", *client.command(port, tls, http=True, **options)[1:])
        return client.Visits.parse(text.splitlines())


@contextlib.contextmanager
def with_nginx(folder, certificates, configuration=NGINX):
    """One with nginx, which does not run yet, and the ring web."""
    folder.mkdir()
    with Machine(folder) as machine:
        machine.configure_nginx(certificates, configuration)
        machine.keep_ring()
        yield machine
