# SPDX-License-Identifier: Apache-2.0
"""Where stekd's secrets are: in the locked pages of the rings, and nowhere else. Each search first
finds what it must."""
import base64
import os
import re
import struct
import subprocess
from pathlib import Path

import pytest

from harness import build
from harness.process import plain_environment, wait_for
from harness.stekd import Stekd

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="reads another process's memory"),
    pytest.mark.skipif(build.sanitized(), reason="a sanitizer keeps copies of memory"),
]

# docs/formats.md, "The ring file": two sides, each with 80 bytes of policy and then 64 records.
SIDES, HEAD, RECORD, SECRET = (32, 9840), 80, 152, 40


def secrets(ring):
    """All secrets in a ring file, of both sides."""
    data = ring.read_bytes()
    found = set()
    for side in SIDES:
        (count,) = struct.unpack_from("<Q", data, side + HEAD - 8)
        for i in range(count):
            at = side + HEAD + i * RECORD + SECRET
            found.add(data[at : at + 32])
    return found


def regions(pid):
    """(range, what is mapped) of each readable region, with its bytes."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(
        f"/proc/{pid}/mem", "rb", buffering=0
    ) as memory:
        for line in maps:
            begin, end, mode, name = re.match(
                r"(\w+)-(\w+) (\S+) \S+ \S+ \S+\s*(.*)", line
            ).groups()
            if mode[0] != "r" or name.startswith("[v"):
                continue
            memory.seek(int(begin, 16))
            yield name or begin, memory.read(int(end, 16) - int(begin, 16))


@pytest.fixture
def daemon(folder):
    """One that has rotated, been asked, revoked and reloaded."""
    with Stekd(
        folder / "stekd",
        settings={"listen": f"unix:{folder}/m.sock"},
        web={"rotate": "1s", "accept": "20s"},
        mail={},
    ) as started:
        started.seen = secrets(started.ring("web")) | secrets(started.ring("mail"))
        first = started.status("web")["keys"][-1]["seq"]
        wait_for(lambda: started.status("web")["keys"][-1]["seq"] > first + 2, "rotations")
        started.seen |= secrets(started.ring("web"))
        started.request(command="revoke", ring="mail", all=True)
        started.request(command="revoke", ring="web", key="ffffffff")
        started.rings["web"]["accept"] = "30s"
        started.reload()
        subprocess.run(
            ["curl", "-s", "--unix-socket", f"{folder}/m.sock", "http://stekd/metrics"],
            capture_output=True,
            check=True,
            env=plain_environment(),
        )
        started.seen |= secrets(started.ring("web")) | secrets(started.ring("mail"))
        yield started


def test_secrets_are_in_the_memory_of_the_rings_only(daemon):
    now = secrets(daemon.ring("web")) | secrets(daemon.ring("mail"))
    assert len(now) >= 6 and len(daemon.seen) > len(now)
    in_rings, elsewhere, heap = set(), [], b""
    for name, data in regions(daemon.pid):
        if name.endswith(".ring"):
            in_rings |= {secret for secret in now if secret in data}
            continue
        if name == "[heap]":
            heap = data
        elsewhere += [(name, secret[:4].hex()) for secret in daemon.seen if secret in data]
    assert in_rings == now  # the control: the search finds what is there
    assert str(daemon.config).encode() in b"".join(data for _, data in regions(daemon.pid)) and heap
    assert elsewhere == []


def test_what_was_revoked_is_in_no_page_of_the_ring(daemon):
    gone = daemon.seen - secrets(daemon.ring("web")) - secrets(daemon.ring("mail"))
    assert len(gone) >= 3
    for name, data in regions(daemon.pid):
        assert not [secret for secret in gone if secret in data], name


def test_ring_pages_are_locked_and_left_out_of_core_dumps(daemon):
    text = Path(f"/proc/{daemon.pid}/smaps").read_text()
    found = re.findall(
        r"^[0-9a-f]+-[0-9a-f]+ [^\n]*/(\w+)\.ring\n(.*?)^VmFlags: ([^\n]*)$",
        text,
        re.MULTILINE | re.DOTALL,
    )
    assert sorted(name for name, _, _ in found) == ["mail", "web"]
    for _, numbers, flags in found:
        assert {"lo", "dd"} <= set(flags.split())
        assert "Locked:               20 kB" in numbers and "Swap:                  0 kB" in numbers


def memory_of(core):
    """The segments of an ELF core that hold memory. Its notes hold the registers, in which pieces
    of keys stay after copies (SECURITY.md); which ones depends on libc and on the processor."""
    PT_LOAD = 1
    (at,) = struct.unpack_from("<Q", core, 32)
    size, count = struct.unpack_from("<HH", core, 54)
    heads = [struct.unpack_from("<IIQQQQ", core, at + i * size) for i in range(count)]
    return [
        core[offset : offset + length] for kind, _, offset, _, _, length in heads if kind == PT_LOAD
    ]


def test_a_core_dump_that_a_debugger_writes_has_no_memory_with_a_secret(daemon, folder):
    done = subprocess.run(
        ["gcore", "-o", str(folder / "core"), str(daemon.pid)],
        capture_output=True,
        text=True,
        check=False,
        env=plain_environment(),
        timeout=120,
    )
    core = folder / f"core.{daemon.pid}"
    assert core.exists(), done.stdout + done.stderr
    data = b"".join(memory_of(core.read_bytes()))
    assert str(daemon.config).encode() in data  # the control: its heap and stack are there
    assert [secret for secret in daemon.seen if secret in data] == []


def spellings(secret):
    return {
        secret,
        secret.hex().encode(),
        secret.hex().upper().encode(),
        base64.b64encode(secret)[:40],
    }


def test_no_log_line_answer_or_metric_has_a_secret(daemon, folder):
    text = daemon.stderr().encode()
    for line in (
        '{"command":"status"}',
        '{"command":"revoke","ring":"mail","all":true}',
        "nonsense",
    ):
        with daemon.connect() as connection:
            connection.sendall(line.encode() + b"\n")
            text += connection.makefile("rb").readline()
    text += subprocess.run(
        ["curl", "-s", "--unix-socket", f"{folder}/m.sock", "http://stekd/metrics"],
        capture_output=True,
        check=True,
        env=plain_environment(),
    ).stdout
    assert (
        b"ring web: new" in text and b"stek_ring_up" in text and b"fingerprint" in text
    )  # the control
    for secret in daemon.seen | secrets(daemon.ring("mail")):
        assert not [spelling for spelling in spellings(secret) if spelling in text]


def test_no_file_of_ours_outside_the_rings_has_a_secret(daemon, folder):
    files = [path for top in (daemon.run_dir, folder) for path in top.rglob("*") if path.is_file()]
    assert daemon.ring("web") in files
    for path in files:
        found = [secret for secret in daemon.seen if secret in path.read_bytes()]
        assert (found != []) == (path.suffix == ".ring"), path
