# SPDX-License-Identifier: Apache-2.0
"""`stek feed` and targets that are not as they should be: each is one clear line, and another feed
has its keys meanwhile."""
import contextlib
import os
import re
import shutil
import socket
import threading
import time

import pytest

from harness.process import wait_for


def assert_fails(feed, name, words, tries=2, **settings):
    """The feed `name` says these words, once, and the feed `well` beside it is fed."""
    place = {} if "directory" in settings else {"to": "h2o", "file": feed.place("keys")}
    feed.add(
        **{name: {**place, **settings}},
        well={"to": "h2o", "file": feed.place("well")},
    )
    feed.launch()
    feed.wait_until("fed", "well")
    feed.wait_until("failing", name)
    wait_for(lambda: feed.feed(name)["failures"] >= tries, "another try")
    lines = [line for line in feed.stderr().splitlines() if f": {name}: " in line]
    assert len(lines) == 1 and words in lines[0], lines
    assert feed.feed(name)["problem"] in lines[0]
    assert feed.status().returncode == 3
    assert feed.feed("well")["state"] == "fed"


# ---- files ----


def make_link(path):
    other = path.with_name("other")
    other.write_bytes(b"precious")
    path.symlink_to(other)


def make_huge(path):
    with open(path, "wb") as file:
        file.truncate(1 << 40)  # without blocks: to overwrite it would fill the memory


@pytest.mark.parametrize(
    "make, words",
    [
        (make_link, "keys: it is a symbolic link"),
        (os.mkfifo, "keys: it is not a regular file"),
        (os.mkdir, "keys: Is a directory"),
        (make_huge, "keys: it is larger than any file of keys"),
    ],
    ids=["link", "fifo", "directory", "huge"],
)
def test_what_is_no_file_of_keys_is_left_alone(still_feed, make, words):
    path = still_feed.place("keys")
    make(path)
    before = path.lstat()
    assert_fails(still_feed, "odd", words)
    after = path.lstat()
    assert (after.st_ino, after.st_size, after.st_blocks) == (
        before.st_ino,
        before.st_size,
        before.st_blocks,
    )
    if path.is_symlink():
        assert path.read_bytes() == b"precious"


def test_a_list_that_is_a_link_is_left_alone(still_feed):
    place = still_feed.place("nginx")
    place.mkdir()
    make_link(place / "keys.conf")
    assert_fails(
        still_feed,
        "odd",
        "keys.conf: it is a symbolic link",
        to="nginx",
        directory=place,
    )
    assert (place / "keys.conf").read_bytes() == b"precious"


def test_a_link_in_the_place_of_a_directory_is_refused(still_feed):
    place = still_feed.place("nginx")
    still_feed.place("other").mkdir()
    place.symlink_to(still_feed.place("other"))
    assert_fails(still_feed, "odd", "Not a directory", to="nginx", directory=place)
    assert not list(still_feed.place("other").iterdir())


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_files_that_somebody_removed_are_written_again(still_feed, kind):
    place = still_feed.place("keys")
    where = {"directory": place, "to": "nginx"} if kind == "folder" else {"file": place}
    still_feed.put("a", **{"to": "h2o", **where})
    if kind == "folder":
        shutil.rmtree(place)
        place = place / "keys.conf"
    else:
        place.unlink()
    wait_for(place.exists, "the file")
    assert still_feed.stderr().count("a: its files are not there any more: handing over again") == 1


# ---- HAProxy's socket ----


def silent(connection):
    time.sleep(60)


def closing(connection):
    connection.recv(4096)


def hasty(connection):
    connection.recv(1)


def garbage(connection):
    connection.recv(4096)
    connection.sendall(b"\x1b[2J\xff\xfe\x80 garbage\n" * 3)


def endless(connection):
    connection.recv(4096)
    while True:
        connection.sendall(b"# " + b"x" * 4094)


def trickling(connection):
    connection.recv(4096)
    while True:
        connection.sendall(b"#")
        time.sleep(0.2)


HOSTILE = [
    (silent, "haproxy.sock: no answer in time"),
    (closing, "HAProxy refuses: it closes the connection"),
    (hasty, "haproxy.sock: Connection reset by peer"),
    (garbage, "HAProxy refuses: ?[2J??? garbage"),
    (endless, "haproxy.sock: the answer is too long"),
    (trickling, "haproxy.sock: no answer in time"),
]


@contextlib.contextmanager
def answering(path, answer):
    """A unix socket that answers each visitor so."""

    def serve(connection):
        with connection, contextlib.suppress(OSError):
            answer(connection)

    def take(listener):
        with contextlib.suppress(OSError):
            while True:
                connection = listener.accept()[0]
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        threading.Thread(target=take, args=(listener,), daemon=True).start()
        yield path
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("answer, words", HOSTILE, ids=[answer.__name__ for answer, _ in HOSTILE])
def test_a_socket_that_is_no_haproxy_is_one_line(still_feed, answer, words):
    with answering(still_feed.place("haproxy.sock"), answer) as path:
        assert_fails(still_feed, "odd", words, to="haproxy", socket=path)


def test_a_server_that_repeats_its_orders_has_no_key_printed(still_feed):
    """It answers as HAProxy to the question, and echoes each new key."""
    keys = still_feed.place("keys")
    sent = []

    def echo(connection):
        order = connection.recv(4096)
        if order.startswith(b"show"):
            held = b"".join(b"0.%d %s=\n" % (n, b"A" * 107) for n in range(3))
            connection.sendall(b"# id secret\n" + held)
        else:
            sent.append(order.split()[-1].decode())
            connection.sendall(b"what is " + order)

    with answering(still_feed.place("haproxy.sock"), echo) as path:
        assert_fails(still_feed, "odd", "HAProxy refuses", to="haproxy", socket=path)
    status = (still_feed.state_dir / "status.json").read_text()
    lines = [line for line in keys.read_text().splitlines() if line]
    assert sent and all(key in lines for key in sent)
    for key in lines:
        assert key[:32] not in still_feed.stderr() + status


# ---- commands ----


def script(folder, text):
    path = folder / "tell"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "text, words",
    [
        ("echo first >&2; echo second >&2; exit 3", "it ended with status 3: first"),
        ("printf '\\033[2J\\377'>&2; exit 3", "it ended with status 3: ?[2J?"),
        (
            "yes >&2 & yes & sleep 1; kill $!; kill $(jobs -p); exit 3",
            "with status 3: y",
        ),
        ("kill -9 $$", "it ended with signal 9"),
    ],
    ids=["fails", "odd", "prints", "dies"],
)
def test_a_command_that_fails_is_one_line_with_its_own_first_words(still_feed, folder, text, words):
    assert_fails(still_feed, "odd", words, command=script(folder, text))


def test_a_command_that_is_not_there_says_so(still_feed, folder):
    words = "it cannot be run: No such file or directory"
    assert_fails(still_feed, "odd", words, command=folder / "none")


def test_a_command_that_hangs_ends_with_its_children(still_feed, folder):
    """They say who they are, and print without an end."""
    text = f"(echo $$ >>{folder}/pids; exec yes >&2) &\necho $! >>{folder}/pids; wait"
    assert_fails(
        still_feed,
        "odd",
        "it took too long, and was killed",
        command=script(folder, text),
    )
    first = [int(pid) for pid in (folder / "pids").read_text().split()[:2]]
    for pid in first:
        with contextlib.suppress(FileNotFoundError):
            state = re.search(r"\) (\w)", open(f"/proc/{pid}/stat").read()).group(1)
            assert state == "Z", pid
