# SPDX-License-Identifier: Apache-2.0
"""
A pre-forking server written with Python's ssl, its SSLContext made before or after the fork.

Python from 3.13 on, and with OpenSSL 1.1.1, reads the OpenSSL configuration with the first
SSLContext of a process, and not when it is imported. Where that is after the fork, each process has
a private ring of its own.
"""
import functools
import subprocess
from pathlib import Path

from .base import Server

PROGRAM = Path(__file__).parent / "programs/prefork.py"


@functools.cache
def reads_late():
    """Whether this release's Python does that."""
    late = "sys.version_info >= (3, 13) or ssl.OPENSSL_VERSION_INFO < (3,)"
    ask = ["/usr/bin/python3", "-c", f"import ssl, sys; print({late})"]
    return subprocess.run(ask, capture_output=True, text=True, check=True).stdout == "True\n"


class Python(Server):
    name = "python"
    context = "before"
    reads_early = False

    def __init__(self, *args, workers=4, second_host=False, no_session_id_context=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.workers = workers
        self.second_host = second_host  # serves b.example too, with an SSLContext of its own
        self.no_session_id_context = no_session_id_context

    def command(self):
        args = [
            "/usr/bin/python3",
            PROGRAM,
            self.port,
            self.pki.server.both,
            "--context",
            self.context,
            "--workers",
            self.workers,
        ]
        if self.reads_early:
            args += ["--read-early"]
        if self.second_host:
            args += ["--second-host", self.pki.other.both]
        if self.client_certificate:
            args += ["--verify-peers", self.pki.ca]
        if self.no_session_id_context:
            args += ["--no-session-id-context"]
        return args

    def is_ready(self):
        return len(self.process.children()) == self.workers


class PythonAfterFork(Python):
    name = "python-after-fork"
    context = "after"


class PythonAfterForkEarly(PythonAfterFork):
    """It makes an SSLContext before the fork, too, and drops it: what a program does for a private
    ring."""

    reads_early = True


def python_for_a_private_ring():
    """The server that makes its SSLContexts after the fork, and whose processes share a private
    ring."""
    return PythonAfterForkEarly if reads_late() else PythonAfterFork
