# SPDX-License-Identifier: Apache-2.0
"""Programs with `ring = …`: they use stekd's ring, or say in one line why not and go on with a
private one."""
import os
import struct
import tempfile
from pathlib import Path

import pytest

from harness import build, module
from harness.client import VERSIONS
from harness.programs import run, shares_tickets
from harness.servers import Apache, Nginx, Python, Stunnel
from harness.stekd import Stekd

each_version = pytest.mark.parametrize("tls", VERSIONS)
COUNT_AT, SIDE_LEN, RECORDS_AT, RECORD_LEN = 72, 9808, 80, 152


@pytest.fixture
def stekd(folder):
    """A stekd that keeps the ring `web`, readable for all groups that nginx's workers may be in."""
    with Stekd(folder / "stekd", web={}) as daemon:
        yield daemon


def side_of(data):
    """Where the side that holds begins."""
    return 32 + SIDE_LEN * (data[16] & 1)


def put(path, at, value):
    """Writes a number into the side that holds."""
    data = bytearray(path.read_bytes())
    at += side_of(data)
    data[at : at + 8] = struct.pack("<Q", value)
    path.write_bytes(data)


def first_record(path, field):
    data = path.read_bytes()
    return struct.unpack_from("<q", data, side_of(data) + RECORDS_AT + 8 * field)[0]


def truncate(path):
    os.truncate(path, 4000)


def change_version(path):
    data = bytearray(path.read_bytes())
    data[8] = 2
    path.write_bytes(data)


def randomise(path):
    path.write_bytes(os.urandom(path.stat().st_size))


def swap_times(path):
    put(path, RECORDS_AT + 16, first_record(path, 1) - 1)


def add_records(path):
    put(path, COUNT_AT, 65)


def give_away(path):
    os.chown(path, 12345, -1)


def link(path):
    real = path.rename(path.with_name("real.ring"))
    path.symlink_to(real)


def let_group_write(path):
    path.chmod(0o660)


def let_others_into_folder(path):
    path.parent.chmod(0o1777)


def remove(path):
    path.unlink()


REFUSED = [
    (truncate, "its size is not that of a ring file: it was truncated or extended"),
    (change_version, "it is a ring file, but its version is not 1"),
    (randomise, "it is not a ring file"),
    (swap_times, "a record's times are in the wrong order"),
    (add_records, "more than 64 records"),
    (give_away, "its owner is neither root nor the owner of its directory"),
    (link, "it is a symbolic link"),
    (let_group_write, "it is writable by its group or others"),
    (let_others_into_folder, "its directory is writable by group or others"),
    (remove, "it does not exist: is stekd running, and does it have a ring of this name?"),
]
each_fault = pytest.mark.parametrize(
    "spoil, problem", REFUSED, ids=lambda value: getattr(value, "__name__", "")
)


def assert_refused(conf, path, problem, certificates):
    """One line that says which, and then a private ring: the program's SSL_CTXs share tickets,
    which stock never do."""
    ended = run(["openssl", "version"], conf)
    assert ended.status == 0
    assert ended.stderr == f"stek: ring file {path}: {problem}; going on with a private ring\n"
    assert shares_tickets(conf, certificates.server)


@each_fault
def test_a_file_that_nobody_may_believe_is_refused_in_one_line(
    stekd, folder, certificates, spoil, problem
):
    stekd.stop()
    path = stekd.ring("web")
    spoil(path)
    assert_refused(module.compose(folder / "stek.cnf", ring=path), path, problem, certificates)


def test_a_file_on_a_disk_is_refused(stekd, folder, certificates):
    """The folder of the tests may be on tmpfs, that of the build is not."""
    with tempfile.TemporaryDirectory(dir=build.BUILD) as name:
        path = Path(name) / "web.ring"
        path.write_bytes(stekd.ring("web").read_bytes())
        assert_refused(
            module.compose(folder / "stek.cnf", ring=path),
            path,
            "it is on a disk file system: keys belong on tmpfs",
            certificates,
        )


def test_a_ring_by_its_name_is_looked_for_in_the_run_directory(folder, certificates):
    ended = run(["openssl", "version"], module.compose(folder / "stek.cnf", ring="no-such-ring"))
    assert ended.stderr.startswith("stek: ring file /run/stek/no-such-ring.ring: ")
    assert ended.stderr.endswith("; going on with a private ring\n")


def test_control_a_file_that_nobody_touched_is_used_and_nothing_is_said(stekd, folder):
    assert (
        run(
            ["openssl", "version"], module.compose(folder / "stek.cnf", ring=stekd.ring("web"))
        ).stderr
        == ""
    )


@each_version
def test_sessions_pass_between_programs_and_over_restarts(stekd, loaded, tls):
    ring = {"ring": stekd.ring("web"), "context": "web"}
    first = loaded(Python, stek=ring)
    session = first.visit(tls, count=3)
    assert not session.failed() and len(session.resumed()) == 2
    first.restart()
    again = first.visit(tls, count=3)
    assert not again.failed()
    assert session.keys() == again.keys()


@pytest.mark.parametrize("program", [Nginx, Apache, Stunnel, Python], ids=lambda p: p.name)
def test_a_server_with_a_refused_ring_resumes_with_a_private_one(stekd, loaded, program):
    stekd.stop()
    randomise(stekd.ring("web"))
    server = loaded(program, stek={"ring": stekd.ring("web")})
    visits = server.visit("1.3", count=10)
    assert not visits.failed()
    assert len(visits.resumed()) == 9
