# SPDX-License-Identifier: Apache-2.0
"""Programs under test: started in a session of their own, watched by condition, stopped whole."""
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path


started = []  # the session of every program that was started


class Gone(Exception):
    """A program ended, or did not do in time what was waited for."""


def wait_for(condition, what, timeout_s=20.0):
    """Returns the first true value of condition(); asks again every few milliseconds."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Gone(f"waited {timeout_s:.0f} s for {what}")
        time.sleep(0.01)


def free_port():
    """A port that nothing uses, below the range that clients' own ends are taken from."""
    while True:
        port = random.randint(20000, 31999)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def is_listening(port):
    """Whether some process listens on this TCP port; looks it up, so that the server sees no connection."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                return True
    return False


def _stat_fields(pid):
    """/proc/PID/stat after the command name: state, ppid, pgrp, session, …; None if the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rsplit(")", 1)[1].split()


def session_pids(sid):
    """The living processes of a session."""
    found = []
    for entry in os.listdir("/proc"):
        fields = _stat_fields(entry) if entry.isdigit() else None
        if fields and fields[3] == str(sid) and fields[0] not in "ZX":
            found.append(int(entry))
    return sorted(found)


def plain_environment(**extra):
    """The environment without anything that configures OpenSSL; None values are left out."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("OPENSSL_", "SSL_", "NODE_", "STEK_"))}
    env.update(PATH="/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", LC_ALL="C.UTF-8")
    env.update({k: str(v) for k, v in extra.items() if v is not None})
    return env


class Process:
    """A program that runs until stop(), together with everything that it starts."""

    def __init__(self, args, folder, env=None):
        self.stdout_file = Path(folder) / "stdout"
        self.stderr_file = Path(folder) / "stderr"
        with open(self.stdout_file, "wb") as out, open(self.stderr_file, "wb") as err:
            self.popen = subprocess.Popen([str(a) for a in args], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                          env=env or plain_environment(), cwd=folder, start_new_session=True)
        self.pid = self.popen.pid
        started.append(self.pid)

    def pids(self):
        return session_pids(self.pid)

    def children(self):
        return [pid for pid in self.pids() if pid != self.pid]

    def stderr(self):
        return self.stderr_file.read_text(errors="replace")

    def stdout(self):
        return self.stdout_file.read_text(errors="replace")

    def check_alive(self):
        if self.popen.poll() is not None:
            raise Gone(f"{self.popen.args[0]} ended with {self.popen.returncode}: {self.stderr()} {self.stdout()}")
        return True

    def wait_until_listening(self, port):
        wait_for(lambda: self.check_alive() and is_listening(port), f"{self.popen.args[0]} on port {port}")

    def signal(self, number):
        os.kill(self.pid, number)

    def stop(self):
        """Asks politely, then insists; returns the exit status. Nothing of the session is left afterwards."""
        if self.popen.poll() is None:
            self.popen.terminate()
        try:
            wait_for(lambda: self.popen.poll() is not None and not self.pids(), "the end", timeout_s=5)
        except Gone:
            self._kill()
        return self.popen.wait()

    def _kill(self):
        def none_left():
            for pid in self.pids():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            return self.popen.poll() is not None and not self.pids()
        wait_for(none_left, "the killed to be gone")
