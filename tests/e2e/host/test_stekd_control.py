# SPDX-License-Identifier: Apache-2.0
"""The control socket: what it answers, to whom, and that nobody who misbehaves there delays
another."""
import base64
import contextlib
import grp
import json
import os
import pwd
import socket
import subprocess
import threading
import time

import pytest

from harness.process import plain_environment, wait_for, wait_until
from harness.stekd import Stekd, read_answer

ROOT = os.geteuid() == 0
STATUS = b'{"command":"status"}\n'
SOON_S = 5  # the machine may be busy; an idle connection lives twice as long


@pytest.fixture
def daemon(folder):
    with Stekd(
        folder / "stekd", settings={"admin_group": "games"}, web={"rotate": "1h"}
    ) as started:
        yield started


@pytest.fixture
def crowd(daemon):
    """crowd(count): so many connections that are closed in the end."""
    with contextlib.ExitStack() as stack:
        yield lambda count: [stack.enter_context(daemon.connect()) for _ in range(count)]


def ask(connection, line):
    connection.sendall(line)
    return read_answer(connection)


def took_s(action):
    began = time.monotonic()
    action()
    return time.monotonic() - began


# -- what it answers --


def test_status_tells_about_stekd_and_its_rings(daemon):
    answer = daemon.request(command="status")
    assert answer["ok"] and answer["stekd"]["pid"] == daemon.pid
    assert [ring["name"] for ring in answer["rings"]] == ["web"]
    assert set(answer) == {"ok", "stekd", "rings"} and set(answer["stekd"]) == {
        "version",
        "pid",
        "since",
        "clock_problem",
    }


def test_rotate_makes_the_next_key_active_now(daemon):
    keys = daemon.status("web")["keys"]
    wait_until(keys[0]["active_from"] + 1, "the first second of the active key to pass")
    assert daemon.request(command="rotate", ring="web") == {"ok": True, "ring": "web"}
    after = daemon.status("web")["keys"]
    assert [key["state"] for key in after[:2]] == ["draining", "active"]
    assert after[1]["fingerprint"] == keys[1]["fingerprint"]
    assert sum(key["state"] == "pending" for key in after) == 2
    assert f"ring web: rotated by hand (user {os.geteuid()}, process " in daemon.stderr()


def test_revoke_all_leaves_no_key_that_was_there(daemon):
    before = {key["fingerprint"] for key in daemon.status("web")["keys"]}
    answer = daemon.request(command="revoke", ring="web", all=True)
    assert answer == {"ok": True, "ring": "web", "revoked": 3}
    status = daemon.status("web")
    assert status["health"] == "fine" and not before & {
        key["fingerprint"] for key in status["keys"]
    }
    assert "ring web: 3 keys revoked by hand" in daemon.stderr()


def test_revoke_one_key_by_its_fingerprint_or_its_number(daemon):
    keys = daemon.status("web")["keys"]
    assert (
        daemon.request(command="revoke", ring="web", key=keys[0]["fingerprint"][:8])["revoked"] == 1
    )
    assert daemon.request(command="revoke", ring="web", key=str(keys[2]["seq"]))["revoked"] == 1
    assert daemon.stderr().count("ring web: 1 key revoked by hand") == 2
    left = {key["fingerprint"] for key in daemon.status("web")["keys"]}
    assert keys[0]["fingerprint"] not in left and keys[2]["fingerprint"] not in left
    assert keys[1]["fingerprint"] in left


def test_revoke_what_sealed_before_a_time(daemon):
    keys = daemon.status("web")["keys"]
    assert (
        daemon.request(command="revoke", ring="web", before=keys[0]["active_from"])["revoked"] == 0
    )
    assert (
        daemon.request(command="revoke", ring="web", before=keys[0]["active_from"] + 1)["revoked"]
        == 1
    )


def test_inspect_looks_at_a_ticket_and_changes_nothing(daemon):
    before = daemon.status("web")["keys"]
    answer = daemon.request(
        command="inspect", ring="web", ticket=base64.b64encode(os.urandom(160)).decode()
    )
    assert answer["ok"] and answer["ring"] == "web" and answer["ticket"]["verdict"] == "unknown"
    assert daemon.request(command="inspect", ring="web", ticket="no base64!")["kind"] == "usage"
    assert daemon.status("web")["keys"] == before


@pytest.mark.parametrize(
    "members, kind",
    [
        ({"command": "status", "ring": "none"}, "unknown-ring"),
        ({"command": "rotate", "ring": "none"}, "unknown-ring"),
        ({"command": "rotate"}, "usage"),
        ({"command": "stop"}, "usage"),
        ({"command": "revoke", "ring": "web"}, "usage"),
        ({"command": "revoke", "ring": "web", "key": "ffffffff"}, "failed"),
    ],
)
def test_errors_have_a_kind_and_one_line(daemon, members, kind):
    answer = daemon.request(**members)
    assert (
        set(answer) == {"ok", "kind", "error"} and answer["ok"] is False and answer["kind"] == kind
    )
    assert answer["error"] and "\n" not in answer["error"]


def test_a_connection_serves_many_requests_one_after_the_other(daemon):
    with daemon.connect() as connection:
        for _ in range(50):
            assert ask(connection, STATUS)["ok"]
        assert ask(connection, b"nonsense\n")["kind"] == "usage"
        assert ask(connection, STATUS)["ok"]


def test_requests_that_come_at_once_are_answered_in_turn_also_after_the_peer_shut_down_its_side(
    daemon,
):
    with daemon.connect() as connection:
        connection.sendall(STATUS * 3 + b'{"command":"rotate"}\n' + STATUS)
        connection.shutdown(socket.SHUT_WR)
        text = b"".join(iter(lambda: connection.recv(65536), b""))
    answers = [json.loads(line) for line in text.splitlines()]
    assert [answer["ok"] for answer in answers] == [True, True, True, False, True]


def test_a_request_of_64_kib_is_read_and_one_byte_more_is_not(daemon):
    with daemon.connect() as connection:
        line = STATUS[:-1] + b" " * (65536 - len(STATUS) + 1)
        assert len(line) == 65536 and ask(connection, line + b"\n")["ok"]
        assert "64 KiB" in ask(connection, line + b" ")["error"]
        assert connection.recv(1) == b""


def with_many_keys(folder, rings):
    return Stekd(folder / "many", **{f"ring{i}": {"ahead": "16"} for i in range(rings)})


def test_an_answer_larger_than_the_socket_holds_arrives_whole_after_the_peer_shut_down_its_side(
    folder,
):
    with with_many_keys(folder, 100) as daemon, daemon.connect() as connection:
        connection.sendall(STATUS)
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.5)  # until the socket is full
        answer = read_answer(connection)
        assert len(answer["rings"]) == 100 and len(json.dumps(answer)) > 256 * 1024
        assert connection.recv(1) == b""


def test_a_status_of_many_rings_arrives_whole(folder):
    with with_many_keys(folder, 400) as daemon:
        answer = daemon.request(command="status")
        assert answer["ok"] and len(answer["rings"]) == 400
        assert len(json.dumps(answer)) > 1024 * 1024
        shown = daemon.stek("status")
        assert shown.returncode == 0 and "ring399 " in shown.stdout


# -- to whom --


def as_user(daemon, user, groups=()):
    """What the socket says to another user: an answer, or the error of connecting."""
    code = (
        "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.settimeout(20)\ns.connect(sys.argv[1])\n"
        "s.sendall(b'{\"command\":\"status\"}\\n')\nprint(s.makefile().readline(), end='')\n"
    )
    entry = pwd.getpwnam(user)
    done = subprocess.run(
        ["/usr/bin/python3", "-c", code, str(daemon.socket)],
        capture_output=True,
        text=True,
        timeout=60,
        user=entry.pw_uid,
        group=entry.pw_gid,
        extra_groups=groups,
        check=False,
        cwd="/",
        env=plain_environment(),
    )
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr.splitlines()[-1]


@pytest.mark.skipif(not ROOT, reason="becomes other users")
class TestPeers:
    def test_the_socket_lets_in_root_and_the_administrators_group(self, daemon):
        status = daemon.socket.stat()
        assert status.st_mode & 0o777 == 0o660 and status.st_gid == grp.getgrnam("games").gr_gid
        assert as_user(daemon, "nobody", [grp.getgrnam("games").gr_gid])["ok"]
        assert "PermissionError" in as_user(daemon, "nobody")

    def test_credentials_decide_even_if_the_socket_lets_everybody_in(self, daemon):
        daemon.socket.chmod(0o666)
        answer = as_user(daemon, "nobody")
        assert (answer["ok"], answer["kind"]) == (False, "denied")
        assert as_user(daemon, "nobody", [grp.getgrnam("games").gr_gid])["ok"]
        assert as_user(daemon, "games")["ok"]  # its own group is the administrators'

    def test_a_member_of_very_many_groups_is_found(self, daemon):
        groups = [*range(100000, 101000), grp.getgrnam("games").gr_gid]
        assert as_user(daemon, "nobody", groups)["ok"]
        daemon.socket.chmod(0o666)
        assert as_user(daemon, "nobody", groups[:-1])["kind"] == "denied"

    def test_without_the_group_only_root_gets_in(self, daemon):
        daemon.settings["admin_group"] = "no-such-group"
        daemon.reload()
        assert daemon.socket.stat().st_mode & 0o777 == 0o600
        assert daemon.request(command="status")["ok"]
        daemon.socket.chmod(0o666)
        assert as_user(daemon, "nobody", [grp.getgrnam("games").gr_gid])["kind"] == "denied"


# -- nobody delays another --


def test_stalled_clients_delay_nobody(daemon, crowd):
    """Three times as many as there are places, each with half a request; some have lost their place
    by then."""
    for connection in crowd(200):
        with contextlib.suppress(BrokenPipeError):
            connection.sendall(b'{"command":')
    assert took_s(lambda: daemon.request(command="status")) < SOON_S


def test_clients_that_read_nothing_delay_nobody(daemon, crowd):
    for connection in crowd(60):
        connection.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                connection.send(STATUS * 100)
    assert took_s(lambda: daemon.request(command="status")) < SOON_S


def test_slow_clients_are_served_and_delay_nobody(daemon):
    def drip():
        with daemon.connect() as connection:
            for byte in STATUS:
                connection.sendall(bytes([byte]))
                time.sleep(0.02)
            answers.append(read_answer(connection)["ok"])

    answers = []
    threads = [threading.Thread(target=drip) for _ in range(30)]
    for thread in threads:
        thread.start()
    assert took_s(lambda: daemon.request(command="status")) < SOON_S
    for thread in threads:
        thread.join()
    assert answers == [True] * 30


def test_a_flood_of_requests_delays_nobody(daemon):
    ends = threading.Event()

    def flood():
        while not ends.is_set():
            with contextlib.suppress(OSError), daemon.connect() as connection:
                connection.settimeout(0.2)
                connection.sendall(STATUS * 1000)
                while not ends.is_set() and connection.recv(65536):
                    pass

    threads = [threading.Thread(target=flood) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        assert max(took_s(lambda: daemon.request(command="status")) for _ in range(20)) < SOON_S
    finally:
        ends.set()
        for thread in threads:
            thread.join()


def test_rotation_goes_on_under_hostile_clients(folder):
    with Stekd(
        folder / "stekd", web={"rotate": "1s", "accept": "30s"}
    ) as daemon, contextlib.ExitStack() as stack:
        first = daemon.status("web")["keys"][-1]["seq"]
        for _ in range(100):
            with contextlib.suppress(BrokenPipeError):
                stack.enter_context(daemon.connect()).sendall(
                    os.urandom(4096).replace(b"\n", b"") + b"\n" + STATUS[:9]
                )
        wait_for(lambda: daemon.status("web")["keys"][-1]["seq"] >= first + 3, "three rotations")
        assert "continued" not in {key["origin"] for key in daemon.status("web")["keys"]}


@pytest.mark.skipif(not ROOT, reason="becomes another user")
def test_a_crowd_of_one_user_takes_no_place_of_another(daemon, crowd):
    """Root's connections are the most, so they make room; the one of the other user stays."""
    gid = grp.getgrnam("games").gr_gid
    code = (
        "import socket, sys, time\ns = socket.socket(socket.AF_UNIX)\ns.settimeout(8)\ns.connect(sys.argv[1])\n"
        "print('here', flush=True)\nsys.stdin.readline()\n"
        "s.sendall(b'{\"command\":\"status\"}\\n')\nprint(s.makefile().readline()[:10])\n"
    )
    with subprocess.Popen(
        ["/usr/bin/python3", "-c", code, str(daemon.socket)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        user=65534,
        group=gid,
        extra_groups=[],
        cwd="/",
        env=plain_environment(),
    ) as other:
        assert other.stdout.readline() == "here\n"
        crowd(150)
        daemon.request(command="status")
        out, _ = other.communicate("\n", timeout=60)
    assert out == '{"ok":true\n'


def test_an_idle_connection_is_closed(daemon):
    with daemon.connect(timeout_s=60) as connection:
        assert 8 < took_s(lambda: connection.recv(1)) < 40


def test_garbage_is_answered_and_survived(daemon):
    with daemon.connect() as connection:
        for line in (
            b"",
            b"\x00" * 100,
            b"[" * 3000,
            b'{"command":"status"}\x00',
            b"\xff\xfe",
            b'"',
            b"{}" * 1000,
        ):
            assert ask(connection, line + b"\n")["kind"] == "usage"
    for _ in range(50):
        with daemon.connect() as connection:
            connection.sendall(os.urandom(1000))
    assert daemon.request(command="status")["ok"]


def test_the_socket_of_a_killed_stekd_is_replaced(daemon):
    daemon.kill()
    assert daemon.socket.exists()
    daemon.launch()
    assert daemon.request(command="status")["ok"]
