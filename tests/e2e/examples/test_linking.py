# SPDX-License-Identifier: Apache-2.0
"""A stek that is installed, and programs that find it there: by CMake and by pkg-config, as a
shared library and as an archive."""
import os
import shlex

import pytest

from harness import build
from harness.installed import SOURCES, do, run
from harness.servers.embedded import Threads

NAMES = ("forks", "threads", "events")

pytestmark = pytest.mark.skipif(build.sanitized(), reason="what is installed has no sanitizer")


def needs(program):
    return do("readelf", "--dynamic", program)


def test_cmake_finds_the_shared_library(cmake_shared, stock):
    assert all("libstek.so.0" in needs(cmake_shared / name) for name in NAMES)
    assert len(stock(Threads, where=cmake_shared).visit("1.3", count=4).resumed()) == 3


def test_with_the_archive_a_program_needs_no_file_of_ours(cmake_static, stock):
    assert not any("libstek" in needs(cmake_static / name) for name in NAMES)
    assert len(stock(Threads, where=cmake_static).visit("1.3", count=4).resumed()) == 3


def test_a_program_with_the_archive_shares_a_ring_of_stekds(cmake_static, stock, daemon, folder):
    server = stock(Threads, where=cmake_static, ring=daemon.ring("web"))
    assert not server.visit("1.3", sess_out=folder / "session.pem").failed()
    server.restart()
    assert server.visit("1.3", sess_in=folder / "session.pem").resumed()


def test_all_names_in_the_archive_begin_with_stek(installed):
    archive = next(installed.rglob("libstek.a"))
    lines = do("nm", "--extern-only", "--defined-only", archive).splitlines()
    names = [line.split()[-1] for line in lines if len(line.split()) == 3]
    assert "stek_attach" in names
    assert [name for name in names if not name.startswith("stek_")] == []


@pytest.mark.parametrize(
    "wanted, found",
    [("", True), ("0", True), ("0.1", True), ("0.1.0 EXACT", True)]
    + [("0.1.99", False), ("0.0", False), ("0.2", False), ("1", False)],
)
def test_cmake_takes_only_a_version_that_serves(installed, folder, wanted, found):
    text = "cmake_minimum_required(VERSION 3.13)\nproject(p C)\n"
    text += f"find_package(stek {wanted} REQUIRED)\n"
    (folder / "CMakeLists.txt").write_text(text)
    done = run("cmake", "-S", folder, "-B", folder / "b", f"-DCMAKE_PREFIX_PATH={installed}")
    assert (done.returncode == 0) == found, done.stdout + done.stderr


def pkg_config(installed, *args):
    """What it says of the installation, whose files name the prefix that they were made for."""
    place = next(installed.rglob("stek.pc")).parent
    said = do("pkg-config", f"--define-variable=prefix={installed}", *args, PKG_CONFIG_PATH=place)
    return said.split()


def compiler():
    return shlex.split(os.environ.get("CC") or "cc")


def test_pkg_config_gives_what_the_compiler_needs(installed, folder):
    """The command of stek(3)."""
    sources = [SOURCES / "threads.c", SOURCES / "start.c"]
    flags = pkg_config(installed, "--cflags", "--libs", "stek")
    do(*compiler(), *sources, "-pthread", *flags, "-o", folder / "threads")
    assert "libstek.so.0" in needs(folder / "threads")


def test_pkg_config_gives_what_the_archive_needs(installed, folder, stock):
    """The command of examples/README.md."""
    sources = [SOURCES / "threads.c", SOURCES / "start.c"]
    cflags = pkg_config(installed, "--cflags", "stek")
    libraries = pkg_config(installed, "--static", "--libs", "stek")
    archived = ["-l:libstek.a" if name == "-lstek" else name for name in libraries]
    do(*compiler(), *sources, "-pthread", *cflags, *archived, "-o", folder / "threads")
    assert "libstek" not in needs(folder / "threads")
    assert len(stock(Threads, where=folder).visit("1.3", count=4).resumed()) == 3
