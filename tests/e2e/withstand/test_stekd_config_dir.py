# SPDX-License-Identifier: Apache-2.0
"""What lies among the files of the configuration holds stekd up in nothing: a reload is refused
with one line that names the file, and all goes on as before."""
import os
import socket

import pytest

from harness.stekd import Stekd

HUGE_LEN = 1 << 40


def fifo(path):
    os.mkfifo(path)


def device(path):
    path.symlink_to("/dev/zero")


def nowhere(path):
    path.symlink_to("nowhere")


def circle(path):
    path.symlink_to(path.name)


def directory(path):
    path.mkdir()


def hole(path):
    with open(path, "wb") as file:
        file.truncate(HUGE_LEN)


def end_of_a_socket(path):
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(path))


def binary(path):
    path.write_bytes(os.urandom(4096).replace(b"\n", b"") + b"\0")


WORDS = {
    fifo: "not a regular file",
    device: "not a regular file",
    nowhere: "ENOENT",
    circle: "ELOOP",
    directory: "not a regular file",
    hole: "longer than 256 KiB",
    end_of_a_socket: "ENXIO",
    binary: "",
}


@pytest.fixture
def daemon(folder):
    with Stekd(folder / "stekd", web={"rotate": "1h"}) as started:
        yield started


def check_refused(daemon, name, words):
    keys = daemon.status("web")["keys"]
    said = daemon.reload()
    assert said.count("<3>") == 1, said
    assert name in said and words in said and "keeping the previous configuration" in said, said
    assert daemon.status("web")["keys"] == keys


@pytest.mark.parametrize("make", WORDS)
def test_a_drop_in_that_is_no_file_of_text_is_one_line(daemon, make):
    drop_ins = daemon.folder / "conf.d"
    drop_ins.mkdir()
    make(drop_ins / "50-odd.conf")
    check_refused(daemon, "conf.d/50-odd.conf", WORDS[make])


def test_something_in_the_place_of_the_directory_is_one_line(daemon):
    os.mkfifo(daemon.folder / "conf.d")
    check_refused(daemon, "conf.d", "ENOTDIR")


@pytest.mark.parametrize("make", [fifo, device, hole])
def test_something_in_the_place_of_the_file_is_one_line(daemon, make):
    text = daemon.config.read_text()
    daemon.config.unlink()
    make(daemon.config)
    daemon.write_config = lambda text=None: None
    check_refused(daemon, "stekd.conf", WORDS[make])
    daemon.config.unlink()
    daemon.config.write_text(text)
    assert "configuration loaded" in daemon.reload()
