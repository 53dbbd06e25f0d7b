# SPDX-License-Identifier: Apache-2.0
"""stekd with a configuration and a run directory of its own."""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from . import build
from .process import Process, plain_environment, wait_for

MEMORY = "/dev/shm"  # a tmpfs, which is where rings belong


class Stekd:
    """
    stekd with some rings, each with the settings of its section:

        with Stekd(folder, web={"rotate": "1h"}, mail={}) as daemon: ...

    `settings` are those of [stekd], `fleet` those of [fleet]. `options` go to the command line,
    `wrapper` before it. It
    becomes `user`, to whom the run directory is given. What it says is in stderr().
    """

    def __init__(
        self,
        folder,
        settings=None,
        options=(),
        wrapper=(),
        env=None,
        user=None,
        fleet=None,
        **rings,
    ):
        self.folder = Path(folder)
        self.settings = {**({"user": user} if user else {}), **(settings or {})}
        self.fleet = dict(fleet or {})
        self.rings = {name: dict(ring or {}) for name, ring in rings.items()}
        self.options = list(options) + (["--no-sandbox"] if build.sanitized() else [])
        self.wrapper = list(wrapper)
        self.env = env
        self.user = user
        self.config = self.folder / "stekd.conf"
        self.state_dir = self.folder / "state"
        self.run_dir = None
        self.process = None
        self.earlier = ""  # what stekd said before it was started again

    # -- before and after --

    def start(self, wait=True):
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.run_dir = Path(tempfile.mkdtemp(prefix="stek-run-", dir=MEMORY))
        self.run_dir.chmod(0o755)
        if self.user:
            shutil.chown(self.run_dir, self.user)
        self.state_dir.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            shutil.chown(self.state_dir, self.user)
        try:
            return self.launch(wait)
        except BaseException:
            self.close()
            raise

    def close(self):
        """Stops it and removes the run directory."""
        if self.process:
            self.stop()
        shutil.rmtree(self.run_dir, ignore_errors=True)

    __enter__ = start

    def __exit__(self, *_):
        self.close()

    # -- the program --

    def write_config(self, text=None):
        """Writes the configuration: what settings and rings say, or this text."""
        if text is None:
            sections = {
                "stekd": self.settings,
                **({"fleet": self.fleet} if self.fleet else {}),
                **{f"ring {name}": ring for name, ring in self.rings.items()},
            }
            text = "".join(
                f"[{section}]\n" + "".join(f"{k} = {v}\n" for k, v in values.items())
                for section, values in sections.items()
            )
        self.config.write_text(text)

    def command(self, *options):
        return [
            *self.wrapper,
            build.DAEMON,
            "--config",
            self.config,
            "--run-dir",
            self.run_dir,
            "--state-dir",
            self.state_dir,
            *(["--fleet-library", build.FLEET_LIBRARY] if self.fleet else []),
            *self.options,
            *options,
        ]

    def launch(self, wait=True):
        """Starts the program with what the run directory holds by now, and waits until it
        serves."""
        self.write_config()
        if self.process:
            self.earlier += self.process.stderr()
        self.process = Process(self.command(), self.folder, self.environment())
        if wait:
            wait_for(self.serves, "stekd to serve", timeout_s=60)
        return self

    def environment(self):
        """That of a service, whose standard error the journal reads: its lines show their level."""
        journal = self.folder / "stderr"
        journal.touch()
        about = journal.stat()
        stream = {"JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino}"}
        return plain_environment(**{**stream, **(self.env or {})})

    def serves(self):
        """Whether it answers; raises when it has ended."""
        self.process.check_alive()
        try:
            return "ok" in self.request(command="status")
        except (OSError, ValueError):
            return False

    @property
    def popen(self):
        return self.process.popen

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        """SIGTERM; returns the exit status. The rings stay."""
        return self.process.stop()

    def kill(self):
        """SIGKILL."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()
        self.process.stop()

    def restart(self):
        self.stop()
        return self.launch()

    def reload(self, text=None):
        """Has it read the configuration again; returns what it says about that."""
        self.write_config(text)
        before = len(self.process.stderr())
        self.process.signal(signal.SIGHUP)

        def said():
            self.process.check_alive()
            new = self.process.stderr()[before:]
            return (
                new
                if "configuration loaded" in new or "keeping the previous configuration" in new
                else None
            )

        return wait_for(said, "stekd to reload")

    def stderr(self):
        """Everything that it has said, over all its starts."""
        return self.earlier + (self.process.stderr() if self.process else "")

    # -- what it keeps --

    def ring(self, name):
        """The path of a ring file."""
        return self.run_dir / f"{name}.ring"

    @property
    def socket(self):
        return self.run_dir / "control.sock"

    def connect(self, timeout_s=20):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(self.socket))
            connection.settimeout(timeout_s)
        except BaseException:
            connection.close()
            raise
        return connection

    def request(self, **members):
        """Asks on the control socket and returns the answer."""
        with self.connect() as connection:
            connection.sendall(json.dumps(members).encode() + b"\n")
            return read_answer(connection)

    def status(self, ring):
        """The status of one ring."""
        answer = self.request(command="status", ring=ring)
        assert answer["ok"], answer
        return answer["rings"][0]

    def stek(self, *args, **options):
        """Runs the stek command on this run directory."""
        return subprocess.run(
            [str(build.COMMAND), "--run-dir", str(self.run_dir), *map(str, args)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
            env=plain_environment(),
            **options,
        )

    def rotate(self, ring):
        """By hand: as soon as stekd does, which it refuses in a key's first second."""
        wait_for(lambda: self.stek("rotate", ring).returncode == 0, "a rotation", pause_s=0.1)


def read_answer(connection):
    """One line of JSON."""
    text = b""
    while not text.endswith(b"\n"):
        part = connection.recv(65536)
        if not part:
            raise ValueError(f"the answer ends after {len(text)} bytes")
        text += part
    return json.loads(text)


def check_config(folder, text, *options):
    """Has stekd only look at a configuration; returns exit status and what it said."""
    path = Path(folder) / "stekd.conf"
    path.write_text(text)
    done = subprocess.run(
        [str(build.DAEMON), "--check-config", "--config", str(path), *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
        env=plain_environment(),
    )
    return done.returncode, done.stderr.replace(str(path.parent) + os.sep, "")
