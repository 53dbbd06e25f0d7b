# SPDX-License-Identifier: Apache-2.0
"""The demo: says what it measured, and leaves nothing behind however it ends."""
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness import build
from harness.process import Process, plain_environment, wait_for

DEMO = ["/usr/bin/python3", build.REPOSITORY / "demo/demo.py"]
SMALL = ["--connections", "20", "--visitors", "5", "--interval-ms", "20"]


@pytest.fixture
def demo(folder):
    """demo(*args, build=…): the demo, with a folder for temporary files that it must leave
    empty."""
    started = []

    def start(*args, built=build.BUILD):
        temporary = folder / "tmp"
        temporary.mkdir()
        env = plain_environment(STEK_BUILD=built, TMPDIR=temporary)
        started.append(Process([*DEMO, *args], folder, env))
        started[-1].temporary = temporary
        return started[-1]

    yield start
    for process in started:
        process.stop()


def started_by(demo):
    """What runs in the demo's temporary folder, or was told of it: {pid: name}."""
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            told = Path(f"/proc/{entry}/cmdline").read_text()
            if str(demo.temporary) in told + os.readlink(f"/proc/{entry}/cwd"):
                found[entry] = Path(f"/proc/{entry}/comm").read_text().strip()
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def shown(work):
    """What it prints without options."""
    folder = work / "demo"
    folder.mkdir()
    running = Process(DEMO, folder, plain_environment(STEK_BUILD=build.BUILD))
    status = running.popen.wait(timeout=60)
    running.stop()
    assert status == 0, running.stderr()
    return running.stdout()


def table_rows(shown):
    return [
        line.replace("|", "").split()
        for line in shown.splitlines()
        if line.startswith(("nginx  ", "Python  "))
    ]


def test_it_fits_80_columns(shown):
    assert max(map(len, shown.splitlines())) <= 80


def test_its_tables_have_a_row_for_each_server_and_version(shown):
    expected = [
        [name, tls, count]
        for count in ("200", "100")
        for name in ("nginx", "Python")
        for tls in ("1.2", "1.3")
    ]
    assert [row[:3] for row in table_rows(shown)] == expected


def test_with_stek_everybody_who_comes_back_resumes_while_keys_rotate(shown):
    for name, tls, _, stock_resumed, _, _, _, resumed, _, _, keys in table_rows(shown):
        assert int(stock_resumed) < int(resumed) == 100, (name, tls)
        assert int(keys) > 1, (name, tls)


def test_it_says_in_a_sentence_what_each_part_means(shown):
    sentences = [
        " ".join(text.split("\n\n")[0].split()) for text in shown.split("What it means:")[1:]
    ]
    assert len(sentences) == 2
    for sentence in sentences:
        assert "with stek 0 of" in sentence
        assert sentence.endswith("no handshake failed.")


def test_it_ends_with_the_ring_as_the_command_shows_it(shown):
    end = shown[shown.index("`stek status web`") :]
    assert "Ring web: fine" in end
    assert " active " in end


def test_it_leaves_nothing_behind(demo):
    running = demo(*SMALL)
    running.popen.wait(timeout=60)
    assert not started_by(running)
    assert not list(running.temporary.iterdir())


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name
)
@pytest.mark.parametrize("moment", ["openssl", "nginx", "ticket-client"])
def test_interrupted_it_stops_all_that_it_started(demo, number, moment):
    running = demo()
    wait_for(lambda: moment in started_by(running).values(), moment)
    os.killpg(running.pid, number)
    assert running.popen.wait(timeout=20) == 130
    assert not started_by(running)
    assert not list(running.temporary.iterdir())
    assert running.stderr().strip().count("\n") == 0


def test_interrupted_twice_it_still_stops_all(demo):
    running = demo()
    wait_for(lambda: "ticket-client" in started_by(running).values(), "the visitors")
    os.killpg(running.pid, signal.SIGINT)
    os.killpg(running.pid, signal.SIGINT)
    assert running.popen.wait(timeout=20) == 130
    assert not started_by(running)


def test_what_is_missing_is_said_in_one_line(demo, folder):
    running = demo(built=folder)
    assert running.popen.wait(timeout=20) == 1
    assert running.stderr().startswith(f"demo: not built: {folder}")
    assert running.stderr().count("\n") == 1
    assert running.stdout() == ""


def test_a_server_that_resumes_too_seldom_with_stek_is_named(monkeypatch):
    monkeypatch.syspath_prepend(build.REPOSITORY / "demo")
    from report import too_few  # pylint: disable=import-outside-toplevel

    def row(server, percent):
        return SimpleNamespace(server=server, tls="1.3", resumed_percent=lambda: percent)

    results = {
        "as they come": [row("nginx", 50), row("Python", 24)],
        "with stek": [row("nginx", 100), row("Python", 24)],
    }
    assert too_few(results) == ["with stek: only 24 % resumed with Python in TLS 1.3"]
