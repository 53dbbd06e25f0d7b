# SPDX-License-Identifier: Apache-2.0
"""`stek feed` and what it writes to: files that nobody else reads, and servers that do not
answer."""
import grp
import os
import re
import shutil
import signal
import socket
import stat

import pytest

from harness.client import VERSIONS
from harness.feed import FED, Feed, check_config, fed_haproxy, fed_nginx
from harness.process import Process, wait_for, wait_until
from harness.stekd import Stekd

SOON = 8  # seconds, as rotations


@pytest.fixture
def silent_socket(folder):
    """A unix socket that takes connections and never answers."""
    path = folder / "silent.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        yield path


def test_a_process_that_ended_is_started_again_however_much_the_others_say(folder):
    """One says at each second that it has handed over, and one half a second later: in between
    nothing is ever quiet for a whole second."""
    with Stekd(folder / "stekd", web={"rotate": "1s", "accept": "30s"}) as stekd:
        with Feed(folder / "feed", stekd) as feed:
            busy = {"to": "dnsdist", "command": "/bin/sleep 0.5"}
            feed.add(
                ends={"to": "h2o", "file": feed.place("a")},
                quick={"to": "h2o", "file": feed.place("b")},
                busy={**busy, "file": feed.place("c")},
            )
            feed.launch()
            feed.wait_until("fed")
            os.kill(min(feed.process.children()), signal.SIGKILL)
            wait_for(lambda: "ends: its process ended" in feed.stderr(), "the end to be seen")
            before = feed.feed("busy")["handed_over"]
            wait_for(
                lambda: "ends: handed" in feed.stderr().split("its process ended")[1],
                "the other process",
            )
            assert feed.feed("busy")["handed_over"] <= before + SOON


def handed_over(feed, name, times):
    wait_for(lambda: feed.feed(name)["handed_over"] >= times, f"{times} times of {name}")


def test_a_server_that_hangs_is_one_line_in_the_log_and_holds_no_other_up(feed, silent_socket):
    feed.add(hangs={"to": "haproxy", "file": feed.place("a"), "socket": silent_socket})
    feed.put("well", to="h2o", file=feed.place("b"))
    feed.wait_until("failing", "hangs")
    before = feed.feed("well")["handed_over"]
    handed_over(feed, "well", before + 3)
    wait_for(lambda: feed.feed("hangs")["failures"] >= 2, "another try")
    assert feed.stderr().count("hangs: ") == 1 and "trying again" in feed.stderr()
    # No journal reads here, so no line begins with a level.
    assert all(line.startswith("stek feed: ") for line in feed.stderr().splitlines())
    status = feed.status()
    assert status.returncode == 3 and re.search(r"hangs +failing", status.stdout)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize(
    "owner, mode, complaint",
    [
        ("nobody", 0o644, "its owner is not the owner of that process"),
        ("root", 0o666, "others than its owner can write it"),
    ],
)
def test_a_pid_file_that_somebody_else_can_write_signals_nobody(still_feed, owner, mode, complaint):
    """The feed may send signals to all processes; whoever writes the file must not choose one."""
    victim = Process(["sleep", "1000"], still_feed.folder)
    try:
        pid_file = still_feed.folder / "server.pid"
        pid_file.write_text(f"{victim.pid}\n")
        shutil.chown(pid_file, owner)
        pid_file.chmod(mode)
        place = still_feed.place("nginx")
        still_feed.add(a={"to": "nginx", "directory": place, "signal": "HUP", "pid_file": pid_file})
        still_feed.launch()
        wait_for(
            lambda: victim.popen.poll() is not None or complaint in still_feed.stderr(),
            "the feed to signal",
        )
        assert victim.popen.poll() is None
        assert f"server.pid: {complaint}" in still_feed.stderr()
        shutil.chown(pid_file, "root")
        pid_file.chmod(0o644)
        assert victim.popen.wait(60) == -signal.SIGHUP  # the control
    finally:
        victim.stop()


def test_a_server_that_comes_late_gets_its_keys(still_feed, running):
    """The signal had nobody to go to when the keys came."""
    place = still_feed.place("nginx")
    late = still_feed.folder / "late.pid"
    still_feed.add(late={"to": "nginx", "directory": place, "signal": "HUP", "pid_file": late})
    still_feed.launch()
    still_feed.wait_until("failing")
    assert "late.pid: No such file or directory" in still_feed.stderr()
    late.symlink_to("/proc/self/stat")
    assert still_feed.feed("late")["state"] == "failing"
    late.unlink()
    server = fed_nginx(running, still_feed, "early")
    late.write_text((server.folder / "nginx.pid").read_text())
    still_feed.wait_until("fed")


@pytest.mark.parametrize(
    "program",
    [pytest.param(name, marks=[pytest.mark.long] * (name == "trafficserver")) for name in FED],
)
def test_revoked_keys_leave_the_server_and_its_files(still_feed, running, folder, program):
    server = FED[program](running, still_feed, program)
    sessions = {tls: folder / f"{tls}.session" for tls in VERSIONS}
    for tls, file in sessions.items():
        server.visit(tls, sess_out=file)
        assert server.visit(tls, sess_in=file).resumed()
    old = still_feed.feed(program)
    still_feed.stekd.stek("revoke", "web", "--all", "--yes")
    handed_over(still_feed, program, old["handed_over"] + 1)
    for tls, file in sessions.items():
        wait_for(lambda: not server.visit(tls, sess_in=file).resumed(), "the ticket to be refused")
    names = [path.name for path in still_feed.state_dir.rglob("*.key")]
    assert old["sealing_key"] + ".key" not in names


def test_an_old_file_is_overwritten_before_it_goes(feed):
    """Not with zeros, which a server that opened it just now would take for a key."""
    path = feed.place("keys")
    feed.put("a", to="dnsdist", file=path)
    with open(path, "rb") as old:
        keys = old.read()
        handed_over(feed, "a", feed.feed("a")["handed_over"] + 1)
        wait_for(lambda: os.fstat(old.fileno()).st_nlink == 0, "another file in its place")
        wait_for(lambda: os.pread(old.fileno(), 4096, 0)[:80] != keys[:80], "other bytes")
        left = os.pread(old.fileno(), 4096, 0)
    assert len(left) == len(keys) and len(keys) >= 240
    for at in range(0, len(keys), 80):
        assert left[at : at + 80] != keys[at : at + 80]
        assert left[at + 16 : at + 80].count(0) < 16


def test_only_the_server_reads_the_files(still_feed):
    group = grp.getgrgid(os.getgid()).gr_name
    still_feed.put("own", to="nginx", directory=still_feed.place("own"))
    still_feed.put("shared", to="h2o", file=still_feed.place("shared"), group=group)
    for path in still_feed.place("own").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    shared = still_feed.place("shared").stat()
    assert stat.S_IMODE(shared.st_mode) == 0o640 and shared.st_gid == os.getgid()


def test_a_directory_in_which_others_write_is_refused(still_feed):
    place = still_feed.place("open")
    place.mkdir()
    place.chmod(0o777)
    still_feed.add(a={"to": "h2o", "file": place / "keys"})
    still_feed.launch()
    still_feed.wait_until("failing")
    assert "others than its owner can write in it" in still_feed.stderr()
    assert not list(place.iterdir())


def test_a_directory_on_a_disk_is_refused(still_feed):
    still_feed.add(a={"to": "h2o", "file": "/usr/keys"})
    still_feed.launch()
    still_feed.wait_until("failing")
    assert "on a disk" in still_feed.stderr()


def test_a_command_is_run_after_each_hand_over_and_tried_again_when_it_fails(feed, folder):
    count, script = folder / "count", folder / "tell"
    script.write_text(
        f'#!/bin/sh\n[ "$1" = now ] || exit 9\necho >>{count}\n[ -e {folder}/well ]\n'
    )
    script.chmod(0o755)
    feed.add(a={"to": "h2o", "file": feed.place("keys"), "command": f"{script} now"})
    feed.launch()
    feed.wait_until("failing")
    assert "it ended with status 1" in feed.feed("a")["problem"]
    (folder / "well").touch()
    feed.wait_until("fed")
    handed_over(feed, "a", 2)
    assert len(count.read_text()) >= 3


def test_what_dnsdists_console_says_is_an_error(running, feed):
    """It ends with status 0 all the same, and goes on with the keys of before."""
    server = FED["dnsdist"](running, feed, "a")
    order = server.loading_command().replace("getTLSFrontend", "getNothing")
    feed.add(a={"to": "dnsdist", "file": feed.place("a"), "command": order})
    feed.reload()
    feed.wait_until("failing")
    assert "getNothing" in feed.feed("a")["problem"]


def test_a_line_is_sent_to_a_socket(still_feed, folder):
    path = folder / "orders.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(60)
        keys = still_feed.place("keys")
        still_feed.add(a={"to": "dnsdist", "file": keys, "socket": path, "line": "reload keys"})
        still_feed.launch()
        with listener.accept()[0] as connection:
            assert connection.makefile().readline() == "reload keys\n"
            assert keys.stat().st_size >= 240
            connection.sendall(b"ok\n")
        still_feed.wait_until("fed")


def test_keys_that_somebody_else_gave_haproxy_are_replaced(still_feed, running, folder):
    server = fed_haproxy(running, still_feed, "haproxy")
    session = folder / "session"
    server.visit("1.2", sess_out=session)
    before = still_feed.feed("haproxy")["handed_over"]
    with socket.socket(socket.AF_UNIX) as orders:
        orders.connect(str(still_feed.place("haproxy.sock")))
        orders.sendall(f"set ssl tls-key {still_feed.place('haproxy')} {'A' * 107}=\n".encode())
        assert b"updated" in orders.recv(4096)
    handed_over(still_feed, "haproxy", before + 1)
    assert "the server holds other keys" in still_feed.stderr()
    visit = server.visit("1.2", sess_in=session)[0]
    assert visit.resumed and visit.key == still_feed.feed("haproxy")["sealing_key"]


def test_files_of_keys_stay_when_it_stops_and_it_goes_on_with_them(still_feed):
    path = still_feed.place("keys")
    still_feed.put("a", to="dnsdist", file=path)
    before = path.read_bytes()
    assert still_feed.process.stop() == 0
    assert path.read_bytes() == before
    assert still_feed.status().returncode == 4
    still_feed.launch()
    still_feed.wait_until("fed")
    assert path.read_bytes() == before


def written_at(feed):
    """When it says that it wrote its metrics."""
    text = (feed.state_dir / "metrics.prom").read_text()
    return int(re.search(r"^stek_feed_timestamp_seconds (\d+)$", text, re.MULTILINE).group(1))


def test_its_metrics_say_that_it_lives_while_nothing_changes_and_not_when_it_is_stuck(still_feed):
    still_feed.put("a", to="h2o", file=still_feed.place("keys"))
    first = written_at(still_feed)
    wait_for(lambda: written_at(still_feed) > first, "another beat")
    still_feed.process.signal(signal.SIGSTOP)
    last = written_at(still_feed)
    wait_until(last + 15, "two beats to be due")
    assert written_at(still_feed) == last
    still_feed.process.signal(signal.SIGCONT)
    wait_for(lambda: written_at(still_feed) > last, "it to go on")


def test_a_faulty_configuration_is_named_and_the_previous_one_stays(still_feed):
    still_feed.put("a", to="h2o", file=still_feed.place("keys"))
    still_feed.config.write_text("[feed a]\nring = web\n")
    still_feed.reload()
    wait_for(lambda: "keeping the previous configuration" in still_feed.stderr(), "the complaint")
    assert still_feed.feed("a")["state"] == "fed"


def test_check_config_says_what_is_wrong_in_one_line(folder):
    good = "[feed a]\nring = web\ncontext = c\nto = h2o\nfile = /run/x\n"
    assert check_config(folder, good) == (0, "")
    code, said = check_config(folder, good + "group = no-such-group\n")
    assert code == 2
    assert (
        said == "stek feed: feed.conf:1: [feed a]: group = no-such-group: there is no such group: "
        "create it, or name another\n"
    )
