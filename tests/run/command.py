# SPDX-License-Identifier: Apache-2.0
"""Runs one command of the check: a clean environment, a time limit, its output in one string."""

import os
import signal
import subprocess

KEPT = ("HOME", "USER", "LOGNAME", "TERM", "TMPDIR", "CI")
ENDED_LATE = 124
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def environment(extra=None):
    """What a test may inherit. OPENSSL_CONF, proxies, make's jobserver and the like stay
    outside."""
    env = {name: os.environ[name] for name in KEPT if name in os.environ}
    env["PATH"] = "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    env["LC_ALL"] = "C.UTF-8"
    env["TZ"] = "UTC"
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env.update(extra or {})
    return env


def end_like_ctrl_c():
    """Lets a polite end from outside pass through the same clean-up as Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def stop(process):
    """Ends a command with all that it started: politely, so that tests stop their servers, then for
    good."""
    for number, wait_s in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
        try:
            os.killpg(process.pid, number)
            process.wait(wait_s)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass


def unblock():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


def start(argv, root, extra):
    """Starts a command in a session of its own."""
    return subprocess.Popen(
        [str(arg) for arg in argv],
        cwd=root,
        env=environment(extra),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=unblock,
        text=True,
        errors="replace",
    )


def run(argv, root, extra=None, limit_s=1800):
    """Returns the exit status (124: the time was over) and everything that the command wrote."""
    process = None
    # A Ctrl-C between a command's start and the try would leave it behind.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        process = start(argv, root, extra)
        unblock()
        output, _ = process.communicate(timeout=limit_s)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        stop(process)
        output, _ = process.communicate()
        return ENDED_LATE, f"{output}\nended after {limit_s} s: {' '.join(map(str, argv))}\n"
    finally:
        if process is None:
            unblock()
        elif process.poll() is None:
            stop(process)
