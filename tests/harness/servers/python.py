# SPDX-License-Identifier: Apache-2.0
"""A pre-forking server written with Python's ssl, its SSLContext made before or after the fork."""
from pathlib import Path

from .base import Server

PROGRAM = Path(__file__).parent / "programs/prefork.py"


class Python(Server):
    name = "python"
    context = "before"

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
