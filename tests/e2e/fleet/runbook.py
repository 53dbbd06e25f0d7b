# SPDX-License-Identifier: Apache-2.0
"""docs/runbooks.md as a list of commands, and a shell that runs them on a fleet of the tests.

Each block of commands follows its place: "On one host:", "On every host:", "On host2:", "On every
other host:" (than host2), "At the store:".
"""
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from harness import build
from harness.etcd import ETCDCTL
from harness.process import Gone, plain_environment, wait_for

DOCUMENT = build.REPOSITORY / "docs/runbooks.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"\b(?:On|At) ([a-z0-9 ]*)[^.:]*:$", re.IGNORECASE)
CONFIG, STATE = "/etc/stek/conf.d/fleet.conf", "/var/lib/stek"


@dataclass(frozen=True)
class Step:
    place: str
    commands: tuple


def sections(text):
    """heading to text, of the sections of the second order."""
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def steps(text):
    """The steps of one section, in order."""
    found, at = [], 0
    for block in BLOCK.finditer(text):
        place = PLACE.search(" ".join(text[at : block.start()].split()))
        if not place:
            raise ValueError(f"no place is named before: {block.group(1)}")
        found.append(Step(place.group(1).strip(), tuple(block.group(1).splitlines())))
        at = block.end()
    return found


def read(heading):
    return steps(sections(DOCUMENT.read_text())[heading])


SHIMS = {
    "stek": 'exec "{command}" --run-dir "$RUN_DIR" "$@"',
    "etcdctl": 'exec {etcdctl} {options} "$@"',
    # What systemd does: here the test stops and reloads, and this waits until that is done.
    "systemctl": 'echo "$*" >"{asked}.new" && mv "{asked}.new" "{asked}"\n'
    'while [ -e "{asked}" ]; do sleep 0.05; done',
    # The tests' stekd has no user of its own.
    "chown": 'test "$1" = stek && test -f "$2"',
    "scp": 'to=$3; host=${{to%%:*}}; name=$(basename "${{to#*:}}")\n'
    'cp -p "$2" "$(dirname "{config}")/$host/$name"',
}


class Shell:
    """
    Runs steps on the hosts of a fleet. Each host's files are in its own folder, `systemctl` calls
    act(host, words), `replaced` are texts of the document that mean something else here.
    """

    def __init__(self, folder, fleet, act, replaced=()):
        self.folder, self.fleet, self.act = folder, fleet, act
        self.replaced = dict(replaced)
        self.bin = folder / "bin"
        self.bin.mkdir()

    def hosts(self, place):
        every = self.fleet.hosts
        if place == "every host":
            return every
        if place == "every other host":
            return [host for host in every if host.name != "host2"]
        if place in ("one host", "the store"):
            return every[:1]
        named = [host for host in every if host.name == place]
        assert named, f"docs/runbooks.md names a place that the fleet does not have: {place}"
        return named

    def write_shims(self, host):
        etcd = self.fleet.etcd
        options = ["--endpoints", ",".join(etcd.endpoints())]
        if etcd.pki:
            options += ["--cacert", etcd.pki.ca, "--cert", etcd.root.cert, "--key", etcd.root.key]
        names = {
            "command": build.COMMAND,
            "etcdctl": shutil.which(ETCDCTL),
            "options": " ".join(map(str, options)),
            "asked": self.folder / "asked",
            "config": host.folder,
        }
        for name, body in SHIMS.items():
            path = self.bin / name
            path.write_text("#!/bin/sh\n" + body.format(**names) + "\n")
            path.chmod(0o755)

    def run_line(self, host, line):
        """One command line; returns its exit status and what it said."""
        self.write_shims(host)
        for old, new in {
            CONFIG: str(host.config),
            STATE: str(host.folder),
            **self.replaced,
        }.items():
            line = line.replace(old, new)
        env = plain_environment(RUN_DIR=host.run_dir, ETCDCTL_API="3")
        env["PATH"] = f"{self.bin}{os.pathsep}{env['PATH']}"
        asked = self.folder / "asked"
        with subprocess.Popen(
            ["sh", "-c", line],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            text=True,
        ) as shell:

            def ended():
                if asked.exists():
                    self.act(host, asked.read_text().split())
                    asked.unlink()
                return shell.poll() is not None

            wait_for(ended, f"the end of: {line}", timeout_s=60)
            return shell.returncode, shell.stdout.read()

    def run(self, step):
        """Every line on every host of its place. What only looks, or is refused for now, is
        repeated, as an operator would."""
        for host in self.hosts(step.place):
            for line in step.commands:
                if line.startswith(("stek fleet status", "stek fleet rekey")):
                    self.repeat(host, line)
                else:
                    code, said = self.run_line(host, line)
                    assert code == 0, f"{host.name}: {line}: {said}"

    def repeat(self, host, line):
        said = []

        def works():
            said[:] = self.run_line(host, line)
            return said[0] == 0

        try:
            wait_for(works, line, timeout_s=90, pause_s=0.5)
        except Gone as gone:
            raise Gone(f"{gone}: {host.name}: {said}") from None
