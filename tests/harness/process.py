# SPDX-License-Identifier: Apache-2.0
"""Programs under test: started in a session of their own, watched by condition, stopped whole."""
import collections
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path


STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
_alive = {}  # the programs that were started and not stopped yet, by the session that each leads


class Gone(Exception):
    """A program ended, or did not do in time what was waited for."""


# A busy machine takes several times as long; only a test that fails anyway waits to the end.
PATIENCE = 4


def wait_for(condition, what, timeout_s=20.0, pause_s=0.01):
    """
    Returns the first true value of condition(); asks again every pause_s. timeout_s is for a
    machine that has nothing
    else to do, and no promise of the program's is measured by it.
    """
    timeout_s *= PATIENCE
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Gone(f"waited {timeout_s:.0f} s for {what}")
        time.sleep(pause_s)


TICKING_CLOCK = 5  # CLOCK_REALTIME_COARSE, for which Python has no name


def wait_until(moment, what, timeout_s=20.0):
    """
    Waits for a moment of the calendar to be past for the programs under test, too: they count by
    time(2), which goes on with the kernel's ticks and is up to one of them behind time.time().
    """
    wait_for(lambda: time.clock_gettime(TICKING_CLOCK) >= moment, what, timeout_s)


def quickest_s(attempt, enough_s, tries=5):
    """
    The least of what attempt() returns or, when it returns nothing, takes, in seconds; tried again
    until it is under
    enough_s. A busy machine delays one try or another, a slow program every one.
    """
    best = float("inf")
    for _ in range(tries):
        began = time.monotonic()
        took_s = attempt()
        best = min(best, time.monotonic() - began if took_s is None else took_s)
        if best < enough_s:
            break
    return best


_given = collections.deque(maxlen=200)  # sockets that hold the names of ports


def free_port():
    """
    A port that nothing uses, below the range that clients' own ends are taken from; not one that a
    caller was given
    lately, here or in another run of the tests, who may not have bound it yet.
    """
    while True:
        port = random.randint(20000, 31999)
        claim = socket.socket(socket.AF_UNIX)
        try:
            # A name that the kernel forgets with this process, in the same network namespace as the
            # port.
            claim.bind(f"\0stek-test-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _keep_claim(claim)
        return port


def _keep_claim(claim):
    """The oldest goes when there are many: the test that asked for it has bound it by now."""
    if len(_given) == _given.maxlen:
        _given.popleft().close()
    _given.append(claim)


def is_listening(port):
    """Whether some process listens on this TCP port; looks it up, so that the server sees no
    connection."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                return True
    return False


def _stat_fields(pid):
    """/proc/PID/stat after the command name: state, ppid, pgrp, session, …; None if the process is
    gone."""
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
    env = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("OPENSSL_", "SSL_", "NODE_", "STEK_"))
    }
    env.update(
        PATH="/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", LC_ALL="C.UTF-8"
    )
    env.update({k: str(v) for k, v in extra.items() if v is not None})
    return env


def spawn(args, input_pipe=False, **options):
    """
    Starts a program in a session of its own. No signal comes between the start and its being known
    here, so that
    stop_all() misses none.
    """
    held = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        popen = subprocess.Popen(
            [str(a) for a in args],
            stdin=subprocess.PIPE if input_pipe else subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, held),
            **options,
        )
        _alive[popen.pid] = popen
        return popen
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _ask_to_end(popen):
    """unshare --fork ignores it: then the program that it has started is asked."""
    started = [pid for pid in session_pids(popen.pid) if pid != popen.pid]
    if popen.args[0] == "unshare" and "--fork" in popen.args and started:
        _kill([min(started)], signal.SIGTERM)
    else:
        popen.terminate()


def stop(popen):
    """Asks politely, then insists; returns the exit status. Nothing of the session is left
    afterwards."""

    def ended():
        return popen.poll() is not None and not session_pids(popen.pid)

    try:
        if popen.poll() is None:
            _ask_to_end(popen)
        wait_for(ended, "the end", timeout_s=5)
    except Gone:
        wait_for(lambda: ended() or _kill(session_pids(popen.pid)), "the killed to be gone")
    _alive.pop(popen.pid, None)
    return popen.returncode


def _kill(pids, number=signal.SIGKILL):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def stop_all():
    """Stops whatever is still there, and says what it was: nothing, unless somebody was
    interrupted."""
    left = list(_alive.values())
    for popen in left:
        stop(popen)
    return [popen.args[0] for popen in left]


class Process:
    """A program that runs until stop(), together with everything that it starts."""

    def __init__(self, args, folder, env=None):
        self.stdout_file = Path(folder) / "stdout"
        self.stderr_file = Path(folder) / "stderr"
        with open(self.stdout_file, "wb") as out, open(self.stderr_file, "wb") as err:
            self.popen = spawn(
                args, stdout=out, stderr=err, env=env or plain_environment(), cwd=folder
            )
        self.pid = self.popen.pid

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
            raise Gone(
                f"{self.popen.args[0]} ended with {self.popen.returncode}: {self.stderr()} {self.stdout()}"
            )
        return True

    def wait_until_listening(self, port):
        wait_for(
            lambda: self.check_alive() and is_listening(port),
            f"{self.popen.args[0]} on port {port}",
        )

    def signal(self, number):
        os.kill(self.pid, number)

    def stop(self):
        return stop(self.popen)


FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), "libfaketime.so.1")


class Clock:
    """A calendar clock that a test sets (libfaketime); `environment` is for the programs that go by
    it. Time since boot goes on as it does."""

    def __init__(self, folder):
        self.file = Path(folder) / "clock"
        self.environment = {
            "LD_PRELOAD": FAKETIME,
            "FAKETIME_TIMESTAMP_FILE": self.file,
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
        }
        self.set(0)

    def set(self, ahead_s):
        """By seconds of the real clock."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{ahead_s:+d}s\n")
        os.replace(new, self.file)
