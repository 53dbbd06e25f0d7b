# SPDX-License-Identifier: Apache-2.0
"""The secrets of an audit's own sessions: in its recording, and in its memory only as it needs
them."""
import signal
import subprocess

import pytest

from harness.audit import Background, command, handshakes, lines
from harness.process import plain_environment, wait_for
from harness.servers import Broken


@pytest.fixture
def recording(folder):
    return folder / "seen.jsonl"


def loaded(core):
    """The parts of a core file that were memory. Its notes have the vector registers, and with them
    what libc copied last."""
    table = subprocess.run(
        ["readelf", "-lW", core],
        capture_output=True,
        text=True,
        check=True,
        env=plain_environment(),
    ).stdout
    data = core.read_bytes()
    loads = [line.split() for line in table.splitlines() if line.split()[:1] == ["LOAD"]]
    spans = [(int(load[1], 16), int(load[4], 16)) for load in loads]
    return b"".join(data[at : at + size] for at, size in spans)


def memory(pid, folder):
    """All that a debugger sees of a process's memory."""
    done = subprocess.run(
        ["gcore", "-o", str(folder / "core"), str(pid)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    core = folder / f"core.{pid}"
    assert core.exists(), done.stdout + done.stderr
    return loaded(core)


def in_memory(watch, recording, folder):
    """Of the secrets in the recording: which are in the memory of the audit as text, and how many
    as bytes."""
    secrets = [line["secret"] for line in lines(recording) if line["type"] == "ticket"]
    data = memory(watch.popen.pid, folder)
    return (
        [secret for secret in secrets if secret[:32].encode() in data],
        len([secret for secret in secrets if bytes.fromhex(secret) in data]),
    )


@pytest.mark.parametrize("sittings", [1, 2])
def test_what_was_written_or_read_stays_in_no_buffer(stock, recording, folder, sittings):
    """Bytes are there, for the sessions; their text in the recording passed through libjansson and
    stdio."""
    server = stock(Broken)
    for sitting in range(sittings):
        seen = len(handshakes(recording, "sample"))
        watch = Background(server, recording, watch="1h", every="1s")
        wait_for(lambda: len(handshakes(recording, "sample")) >= seen + 4, "some samples")
        texts, as_bytes = (
            in_memory(watch, recording, folder) if sitting == sittings - 1 else ([], None)
        )
        watch.end(signal.SIGINT)
    assert as_bytes > 20
    assert texts == []


def test_no_core_dump_can_be_made(folder):
    trace = folder / "trace"
    subprocess.run(
        ["strace", "-e", "trace=prctl,openat", "-o", trace, *command(**{"from": "/dev/null"})],
        capture_output=True,
        check=False,
        env=plain_environment(),
        timeout=60,
    )
    calls = trace.read_text()
    assert "prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE)" in calls
    assert calls.index("SUID_DUMP_DISABLE") < calls.index("/dev/null")
