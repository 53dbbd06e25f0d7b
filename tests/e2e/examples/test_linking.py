# SPDX-License-Identifier: Apache-2.0
"""A stek that is installed, and programs that find it there: by CMake and by pkg-config, as a
shared library and as an archive."""
import os
import shutil
import subprocess

import pytest

from harness import build
from harness.process import plain_environment
from harness.servers.embedded import Threads

SOURCES = build.REPOSITORY / "examples/embed"
NAMES = ("forks", "threads", "events")

pytestmark = pytest.mark.skipif(build.sanitized(), reason="what is installed has no sanitizer")


def run(*args, **environment):
    return subprocess.run(
        [str(arg) for arg in args],
        capture_output=True,
        text=True,
        env=plain_environment(HOME=os.environ.get("HOME"), **environment),
        check=False,
    )


def do(*args, **environment):
    done = run(*args, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(work):
    """The prefix of an installation below another root."""
    root = work / "installed-for-examples"
    do("meson", "install", "-C", build.BUILD, "--no-rebuild", "--quiet", "--destdir", root)
    config = next(root.rglob("stekConfig.cmake"))
    return config.parents[next(i for i, up in enumerate(config.parents) if up.name == "lib") + 1]


def by_cmake(folder, installed, *options):
    options = [
        f"-DCMAKE_PREFIX_PATH={installed}",
        "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror",
        *options,
    ]
    do("cmake", "-S", SOURCES, "-B", folder, *options)
    do("cmake", "--build", folder)
    return folder


@pytest.fixture(scope="module")
def shared(work, installed):
    return by_cmake(work / "cmake-shared", installed)


@pytest.fixture(scope="module")
def static(work, installed):
    return by_cmake(work / "cmake-static", installed, "-DSTATIC=ON")


def needs(program):
    return do("readelf", "--dynamic", program)


def test_cmake_finds_the_shared_library(shared, stock):
    assert all("libstek.so.0" in needs(shared / name) for name in NAMES)
    assert len(stock(Threads, where=shared).visit("1.3", count=4).resumed()) == 3


def test_with_the_archive_a_program_needs_no_file_of_ours(static, stock):
    assert not any("libstek" in needs(static / name) for name in NAMES)
    assert len(stock(Threads, where=static).visit("1.3", count=4).resumed()) == 3


def test_a_program_with_the_archive_shares_a_ring_of_stekds(static, stock, daemon, folder):
    server = stock(Threads, where=static, ring=daemon.ring("web"))
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
    return os.environ.get("CC") or shutil.which("cc")


def test_pkg_config_gives_what_the_compiler_needs(installed, folder):
    """The command of stek(3)."""
    sources = [SOURCES / "threads.c", SOURCES / "start.c"]
    flags = pkg_config(installed, "--cflags", "--libs", "stek")
    do(compiler(), *sources, "-pthread", *flags, "-o", folder / "threads")
    assert "libstek.so.0" in needs(folder / "threads")


def test_pkg_config_gives_what_the_archive_needs(installed, folder, stock):
    """The command of examples/README.md."""
    sources = [SOURCES / "threads.c", SOURCES / "start.c"]
    cflags = pkg_config(installed, "--cflags", "stek")
    libraries = pkg_config(installed, "--static", "--libs", "stek")
    archived = ["-l:libstek.a" if name == "-lstek" else name for name in libraries]
    do(compiler(), *sources, "-pthread", *cflags, *archived, "-o", folder / "threads")
    assert "libstek" not in needs(folder / "threads")
    assert len(stock(Threads, where=folder).visit("1.3", count=4).resumed()) == 3
