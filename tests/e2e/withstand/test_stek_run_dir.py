# SPDX-License-Identifier: Apache-2.0
"""stek on a run directory that is not stekd's: what lies there, and who answers at its socket,
holds nobody up, steers no terminal and fills no memory."""
import json
import os
import socket
import subprocess
import threading
import time

import pytest

from harness import build
from harness.process import plain_environment

STEERING = "\x1b[2J\x1b]0;gone\x07\x9b1m\x7f"
COMMANDS = {
    "status": ["status"],
    "status-json": ["status", "--json"],
    "rotate": ["rotate", "web"],
    "revoke": ["revoke", "web", "--all"],
    "fleet": ["fleet", "status"],
    "report": ["report"],
    "inventory": ["inventory"],
}


def stek(run_dir, *args, timeout_s=60):
    began = time.monotonic()
    done = subprocess.run(
        [build.COMMAND, "--run-dir", run_dir, *args],
        capture_output=True,
        timeout=timeout_s,
        check=False,
        stdin=subprocess.DEVNULL,
        env=plain_environment(),
    )
    return done, time.monotonic() - began


def is_plain(text):
    """Whether it leaves a terminal as it is."""
    return not any(
        (char < " " and char != "\n") or "\x7f" <= char <= "\x9f"
        for char in text.decode(errors="surrogateescape")
    )


class Answering:
    """Somebody else at the control socket: says `answer` to each request, as often as it may."""

    def __init__(self, run_dir, answer):
        self.answer = answer
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(run_dir / "control.sock"))
        self.listener.listen(16)
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.recv(65536)
                    self.answer(connection)
                except OSError:
                    pass

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


def steering_answers():
    refused = {"ok": False, "kind": "failed", "error": f"no {STEERING} way"}
    key = {"key": STEERING, "epoch": 1, "opens_since": 1, "file_opens_since": 1}
    fleet = {
        "ok": True,
        "configured": True,
        "host": STEERING,
        "online": True,
        "endpoint": STEERING,
        "problem": STEERING,
        "since": 1,
        "keys": [STEERING],
        "epochs": [{**key, "problem": STEERING}],
        "state": {"folder": STEERING, "problem": STEERING},
        "rings": [{"name": STEERING, "text": STEERING, "problem": STEERING, "standing": STEERING}],
        "members": {"hosts": {STEERING: {"rings": {STEERING: {"held": 1}}}}},
    }
    status = {
        "ok": True,
        "stekd": {"version": STEERING, "pid": 1, "since": 1, "clock_problem": STEERING},
        "rings": [],
    }
    return {"refused": refused, "fleet": fleet, "status": status}


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("which", steering_answers())
def test_answers_do_not_steer_the_terminal(folder, which, ascii_only):
    answer = steering_answers()[which]

    def steer(connection):
        answer.get("members", {})["reading"] = time.monotonic_ns()  # the store was read again
        connection.sendall(json.dumps(answer, ensure_ascii=ascii_only).encode() + b"\n")

    with Answering(folder, steer):
        for command in COMMANDS.values():
            done, _ = stek(folder, *command)
            assert is_plain(done.stdout) and is_plain(done.stderr), (command, done)


def test_an_answer_without_an_end_is_read_no_further_than_16_mib(folder):
    def endless(connection):
        while True:
            connection.sendall(b"[" * 65536)

    with Answering(folder, endless):
        done, _ = stek(folder, "rotate", "web")
        assert done.returncode != 0 and b"it does not answer" in done.stderr


@pytest.mark.long
def test_an_answer_of_a_byte_a_second_has_a_minute(folder):
    def dripping(connection):
        for _ in range(600):
            connection.sendall(b" ")
            time.sleep(1)

    with Answering(folder, dripping):
        done, took_s = stek(folder, "rotate", "web", timeout_s=200)
        assert done.returncode != 0 and 50 < took_s < 150


def test_what_lies_there_holds_nobody_up(folder):
    """Each in the place of a ring: what blocks, what has no end, what is not there."""
    os.mkfifo(folder / "fifo.ring")
    (folder / "zero.ring").symlink_to("/dev/zero")
    (folder / "loop.ring").symlink_to("loop.ring")
    (folder / "folder.ring").mkdir()
    (folder / f"{STEERING.replace('/', '')}.ring").touch()
    with open(folder / "hole.ring", "wb") as hole:
        hole.truncate(1 << 40)
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(folder / "socket.ring"))
    os.mkfifo(folder / "control.sock")
    os.mkfifo(folder / "fifo.stats")
    for ring in ("fifo", "zero", "loop", "folder", "hole", "socket"):
        done, _ = stek(folder, "status", ring)
        assert done.returncode == 1 and is_plain(done.stdout + done.stderr), done
    done, _ = stek(folder, "status")
    assert done.returncode == 1 and is_plain(done.stdout + done.stderr), done
    assert done.stdout.count(b"unreadable") == 6
