# SPDX-License-Identifier: Apache-2.0
"""Runs `stek audit` and keeps what it found."""
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from . import build
from .process import plain_environment, spawn, stop, wait_for

ENDED = os.WEXITED | os.WNOWAIT | os.WNOHANG
LEVELS = ("info", "low", "medium", "high", "critical")


@dataclass(frozen=True)
class Finding:
    id: str
    severity: str
    target: Optional[int]
    other: Optional[int]
    version: Optional[str]
    observed: str


@dataclass(frozen=True)
class Report:
    """What one run told: `whole` is its JSON."""

    status: int
    stderr: str
    whole: dict

    @property
    def findings(self):
        return [
            Finding(**{name: found[name] for name in Finding.__dataclass_fields__})
            for found in self.whole["findings"]
        ]

    def ids(self, at_least="info"):
        """The ids of this severity or a graver one."""
        return {
            found.id
            for found in self.findings
            if LEVELS.index(found.severity) >= LEVELS.index(at_least)
        }

    def of(self, identity):
        return [found for found in self.findings if found.id == identity]

    def severities(self, identity):
        return {found.severity for found in self.of(identity)}

    def observed(self, identity):
        return " / ".join(found.observed for found in self.of(identity))


def command(*targets, **options):
    """The command line: option names with underscores, True for a bare flag, a list for several,
    None for none."""
    args = [str(build.COMMAND), "audit"]
    for name, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            if one is None or one is False:
                continue
            args.append("--" + name.replace("_", "-"))
            if one is not True:
                args.append(str(one))
    return args + [str(target) for target in targets]


def run_text(*targets, **options):
    """Runs it as asked; for people, unless `json` is asked for."""
    return subprocess.run(
        command(*targets, **options),
        capture_output=True,
        text=True,
        check=False,
        env=plain_environment(),
        timeout=300,
    )


def run(*targets, tickets=20, rate=1000, **options):
    """A quick audit with its report in JSON."""
    if "from" in options:
        tickets = rate = None
    done = run_text(*targets, json=True, tickets=tickets, rate=rate, **options)
    assert done.stdout, f"no report, status {done.returncode}: {done.stderr}"
    return Report(done.returncode, done.stderr, json.loads(done.stdout))


def audit(server, *targets, **options):
    """Audits a server under test by its name in the certificate, trusting its CA."""
    options.setdefault("ca", server.pki.ca)
    return run(*(targets or [f"localhost:{server.port}"]), **options)


class Background:
    """An audit with a recording, which runs while the test does something else."""

    def __init__(self, server, recording, **options):
        options = {"tickets": 20, "rate": 1000} | options
        self.output = open(recording.with_suffix(".json"), "w+")
        self.said = open(recording.with_suffix(".err"), "w+")
        self.popen = spawn(
            command(
                f"localhost:{server.port}", ca=server.pki.ca, json=True, record=recording, **options
            ),
            stdout=self.output,
            stderr=self.said,
            env=plain_environment(),
        )

    def signal(self, number):
        self.popen.send_signal(number)

    def end(self, number=None):
        """Sends a signal, if one is given, and waits, as long as a busy machine may take; the
        report, or None if there is none."""
        if number is not None:
            self.signal(number)
        try:
            status = self.popen.wait(timeout=300)
        finally:
            stop(self.popen)
        self.output.seek(0)
        self.said.seek(0)
        with self.output, self.said:
            text, said = self.output.read(), self.said.read()
        return Report(status, said, json.loads(text)) if text else None

    def interrupt(self):
        """Ctrl-C. The report, and for how many seconds it was seen to go on, less those in which it
        wanted to run and other programs had the processors."""
        pid = self.popen.pid
        before, asked = waited_s(pid), time.monotonic()
        seen = asked

        def ended():
            nonlocal seen
            now = time.monotonic()
            if os.waitid(os.P_PID, pid, ENDED):
                return True
            seen = now
            return False

        self.signal(signal.SIGINT)
        wait_for(ended, "the audit to end", 60)
        took = seen - asked - (waited_s(pid) - before)
        return self.end(), took


def waited_s(pid):
    """How long a process has waited for a processor: also one that has ended and was not waited
    for."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def lines(path):
    """The whole lines of a recording."""
    if not path.exists():
        return []
    text = path.read_text()
    return [json.loads(line) for line in text.splitlines()[: text.count("\n")]]


def handshakes(path, purpose):
    return [line for line in lines(path) if line.get("purpose") == purpose]
