# SPDX-License-Identifier: Apache-2.0
"""`stek rotate`, `stek revoke` and `stek inspect`, with servers that go on running."""
import json
import os
import pty
import re
import shutil
import subprocess
import time

import pytest

from harness import build
from harness.client import VERSIONS, Background
from harness.process import plain_environment, wait_for, wait_until
from harness.servers import Nginx, Python
from harness.stekd import Stekd

FINE, FAILED, USAGE, DEGRADED, UNREACHABLE = range(5)
each_version = pytest.mark.parametrize("tls", VERSIONS)


@pytest.fixture
def stekd(folder):
    with Stekd(folder / "stekd", web={"rotate": "1h"}) as daemon:
        yield daemon


def keys(stekd):
    return stekd.status("web")["keys"]


def active(stekd):
    return next(key for key in keys(stekd) if key["state"] == "active")


def wait_until_the_active_key_is_a_second_old(stekd):
    wait_until(active(stekd)["active_from"] + 1, "the next second")


def s_client(server, tls, *options):
    """One connection of `openssl s_client`; returns what it prints."""
    command = [
        "openssl",
        "s_client",
        "-connect",
        f"127.0.0.1:{server.port}",
        "-servername",
        "localhost",
        f"-tls{tls.replace('.', '_')}",
        "-CAfile",
        server.pki.ca,
        "-ign_eof",
        *options,
    ]
    return subprocess.run(
        command,
        input=b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n",
        check=True,
        capture_output=True,
        timeout=60,
        env=plain_environment(),
    ).stdout.decode(errors="replace")


def save_session(server, path, tls):
    """A session in PEM, as s_client writes it."""
    s_client(server, tls, "-sess_out", path)
    return path


def resumes(server, session, tls):
    """Whether the server resumes a saved session."""
    return (
        re.search(r"^(New|Reused), ", s_client(server, tls, "-sess_in", session), re.M).group(1)
        == "Reused"
    )


# -- rotate --


@each_version
def test_rotating_changes_the_key_that_seals_and_loses_no_resumption(stekd, loaded, tls):
    nginx = loaded(Nginx, stek={"ring": stekd.ring("web")})
    wait_until_the_active_key_is_a_second_old(stekd)
    visitor = Background(nginx.port, tls, seconds=30, interval_ms=50)
    try:
        wait_for(lambda: len(visitor.so_far().resumed()) > 3, "resumptions")
        done = stekd.stek("rotate", "web")
        assert done.returncode == FINE, done.stderr
        assert (
            f"key {active(stekd)['fingerprint'][:8]} (seq {active(stekd)['seq']}) seals now"
            in done.stdout
        )
        wait_for(lambda: len(visitor.so_far().keys()) == 2, "tickets under the next key")
        wait_for(lambda: len(visitor.so_far().resumed()) > 10, "resumptions")
        assert not visitor.so_far().failed() and not visitor.so_far().lost()
    finally:
        visitor.stop()


def test_rotating_again_in_the_same_second_says_what_to_do(stekd):
    wait_until_the_active_key_is_a_second_old(stekd)
    for _ in range(20):  # two orders may fall into two seconds
        first, second = stekd.stek("rotate", "web"), stekd.stek("rotate", "web")
        if second.returncode != FINE:
            break
        wait_until_the_active_key_is_a_second_old(stekd)
    assert (first.returncode, second.returncode) == (FINE, FAILED)
    assert "try again in a second" in second.stderr


# -- revoke --


@each_version
def test_revoking_all_ends_resumption_within_a_second_in_servers_that_nobody_touches(
    stekd, loaded, folder, tls
):
    servers = [loaded(program, stek={"ring": stekd.ring("web")}) for program in (Nginx, Python)]
    sessions = [save_session(server, folder / f"{server.name}.pem", tls) for server in servers]
    assert [resumes(*pair, tls) for pair in zip(servers, sessions)] == [True, True]
    before = {key["fingerprint"] for key in keys(stekd)}
    done = stekd.stek("revoke", "web", "--all", "--yes")
    assert [resumes(*pair, tls) for pair in zip(servers, sessions)] == [False, False]
    assert done.returncode == FINE and "3 keys revoked" in done.stdout
    assert not before & {key["fingerprint"] for key in keys(stekd)}


@each_version
def test_a_client_that_keeps_coming_loses_one_resumption_to_a_revocation_and_no_handshake(
    stekd, loaded, tls
):
    nginx = loaded(Nginx, stek={"ring": stekd.ring("web")})
    visitor = Background(nginx.port, tls, seconds=30, interval_ms=20)
    try:
        wait_for(lambda: len(visitor.so_far().resumed()) > 5, "resumptions")
        assert stekd.stek("revoke", "web", "--all", "--yes").returncode == FINE
        wait_for(
            lambda: len(visitor.so_far().keys()) == 2 and visitor.so_far()[-1].resumed,
            "resumptions anew",
        )
        # None, when the order came while a handshake was under way that replaced the ticket.
        assert len(visitor.so_far().lost()) <= 1 and not visitor.so_far().failed()
    finally:
        visitor.stop()


@pytest.mark.parametrize("name", ["seq", "fingerprint"])
def test_one_key_is_revoked_by_its_number_or_its_digits(stekd, name):
    key = active(stekd)
    done = stekd.stek("revoke", "web", "--key", str(key[name])[:8], "--yes")
    assert done.returncode == FINE and "1 key revoked" in done.stdout
    assert key["fingerprint"] not in {other["fingerprint"] for other in keys(stekd)}
    assert active(stekd)["seq"] == key["seq"] + 1


def test_keys_from_before_a_time_are_revoked(stekd):
    wait_until_the_active_key_is_a_second_old(stekd)
    first = active(stekd)
    assert stekd.stek("rotate", "web").returncode == FINE
    second = active(stekd)
    done = stekd.stek("revoke", "web", "--before", f"@{second['active_from']}", "--yes")
    assert done.returncode == FINE and "1 key revoked" in done.stdout
    left = {key["fingerprint"] for key in keys(stekd)}
    assert first["fingerprint"] not in left and second["fingerprint"] in left


@pytest.mark.parametrize(
    "args, words",
    [
        ([], "which keys?"),
        (["--all", "--key", "1"], "which keys?"),
        (["--before", "tomorrow"], "allowed: a time that has passed"),
        (["--before", "2999-01-01 00:00"], "allowed: a time that has passed"),
        (["--all"], "add --yes"),
    ],
)
def test_what_is_not_clear_is_not_done(stekd, args, words):
    before = keys(stekd)
    done = stekd.stek("revoke", "web", *args)
    assert done.returncode == USAGE
    assert words in done.stderr and done.stderr.count("\n") == 1
    assert [key["fingerprint"] for key in keys(stekd)] == [key["fingerprint"] for key in before]


@pytest.mark.parametrize("args", [["--key", "999", "--yes"], ["--key", "zzzz", "--yes"]])
def test_a_key_that_is_not_there_is_said_not_to_be(stekd, args):
    done = stekd.stek("revoke", "web", *args)
    assert done.returncode == FAILED and "there is no such key" in done.stderr


def on_a_terminal(args, answer):
    """Runs stek on a terminal and answers its question; returns status and output."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(build.COMMAND, [str(build.COMMAND), *map(str, args)], plain_environment())
    output = b""
    while b"[y/N]" not in output:
        output += os.read(terminal, 4096)
    os.write(terminal, answer.encode())
    try:
        while True:
            part = os.read(terminal, 4096)
            if not part:
                break
            output += part
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output.decode()


@pytest.mark.parametrize(
    "answer, status", [("n\n", FAILED), ("\n", FAILED), ("\x04", FAILED), ("y\n", FINE)]
)
def test_on_a_terminal_it_asks_first(stekd, answer, status):
    before = active(stekd)["fingerprint"]
    code, output = on_a_terminal(["revoke", "web", "--all", "--run-dir", stekd.run_dir], answer)
    assert code == status
    assert "Revoke ALL keys of ring web?" in output
    assert (active(stekd)["fingerprint"] != before) == (status == FINE)


@pytest.mark.parametrize("line", [["rotate", "web"], ["revoke", "web", "--all", "--yes"]])
def test_without_stekd_orders_are_not_given(stekd, line):
    stekd.stop()
    done = stekd.stek(*line)
    assert done.returncode == UNREACHABLE
    assert "systemctl start stekd" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "line",
    [
        ["rotate"],
        ["rotate", "a", "b"],
        ["rotate", "-x"],
        ["revoke", "--all"],
        ["rotate", "a/b"],
    ],
)
def test_a_wrong_line_is_a_fault_of_usage(stekd, line):
    done = stekd.stek(*line)
    assert done.returncode == USAGE and done.stderr.startswith("stek r")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("line", [["rotate", "web"], ["revoke", "web", "--all", "--yes"]])
def test_another_user_may_not_give_orders(stekd, folder, line):
    command = shutil.copy(build.COMMAND, folder / "stek")
    before = active(stekd)["fingerprint"]
    done = subprocess.run(
        [command, "--run-dir", stekd.run_dir, *line],
        capture_output=True,
        text=True,
        user="nobody",
        group="nogroup",
        extra_groups=[],
    )
    assert done.returncode == FAILED and "stek-admin" in done.stderr
    assert active(stekd)["fingerprint"] == before


# -- inspect --


@each_version
def test_a_session_of_a_real_server_is_found_under_its_key(stekd, loaded, folder, tls):
    nginx = loaded(Nginx, stek={"ring": stekd.ring("web")})
    path = save_session(nginx, folder / "session.pem", tls)
    key = active(stekd)
    for stopped in (False, True):  # through stekd, and from the ring file
        if stopped:
            stekd.stop()
        done = stekd.stek("inspect", path, "--ring", "web", "--json")
        assert done.returncode == FINE, done.stderr + done.stdout
        found = json.loads(done.stdout)
        assert (found["verdict"], found["seq"], found["state"]) == (
            "sound",
            key["seq"],
            "active",
        )
        assert found["fingerprint"] == key["fingerprint"]
        assert abs(found["full_handshake_at"] - time.time()) < 60
        assert ("sealed_at" in found) == (tls == "1.3")
        assert abs(found.get("sealed_at", time.time()) - time.time()) < 60
        assert found["tls_version"] == {"1.2": 0x303, "1.3": 0x304}[tls]
        assert found["server_name"] == "localhost" and found["client_certificate"] is False


def test_what_inspect_prints_is_for_people(stekd, loaded, folder):
    path = save_session(
        loaded(Nginx, stek={"ring": stekd.ring("web")}), folder / "session.pem", "1.2"
    )
    done = stekd.stek("inspect", path, "--ring", "web")
    assert done.returncode == FINE
    assert "sound, sealed under a key of ring web" in done.stdout
    assert re.search(
        rf"key +{active(stekd)['fingerprint'][:8]}, seq 1, active, context auto:",
        done.stdout,
    )
    assert all(len(line) <= 80 for line in done.stdout.splitlines()[1:])


def ticket_bytes(path):
    """The ticket in a session, by way of `openssl sess_id -text`."""
    text = subprocess.run(
        ["openssl", "sess_id", "-in", path, "-noout", "-text"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    lines = re.findall(r"^ {4}[0-9a-f]{4} - ((?:[0-9a-f]{2}[ -]){1,16})", text, re.M)
    return bytes.fromhex("".join(lines).replace("-", " "))


def test_a_ticket_as_bytes_is_taken_too_and_damage_is_seen(stekd, loaded, folder):
    ticket = ticket_bytes(
        save_session(
            loaded(Nginx, stek={"ring": stekd.ring("web")}),
            folder / "session.pem",
            "1.2",
        )
    )
    (folder / "ticket").write_bytes(ticket)
    assert stekd.stek("inspect", folder / "ticket", "--ring", "web").returncode == FINE
    (folder / "ticket").write_bytes(ticket[:40] + bytes([ticket[40] ^ 1]) + ticket[41:])
    done = stekd.stek("inspect", folder / "ticket", "--ring", "web")
    assert done.returncode == DEGRADED and "DAMAGED" in done.stdout


def test_a_ticket_under_a_revoked_key_is_unknown(stekd, loaded, folder):
    path = save_session(
        loaded(Nginx, stek={"ring": stekd.ring("web")}), folder / "session.pem", "1.2"
    )
    assert stekd.stek("revoke", "web", "--all", "--yes").returncode == FINE
    done = stekd.stek("inspect", path, "--ring", "web")
    assert (
        done.returncode == DEGRADED
        and "no key of ring web has the ticket's key name" in done.stdout
    )


@pytest.mark.parametrize(
    "content, status, words",
    [
        (b"", FAILED, "it is empty"),
        (b"x" * 100, DEGRADED, "not a ticket"),
        (
            os.urandom(48 + 160),
            DEGRADED,
            "no key of ring web has the ticket's key name",
        ),
        (
            b"-----BEGIN SSL SESSION PARAMETERS-----\nbad\n",
            FAILED,
            "OpenSSL cannot read it",
        ),
        (b"-----BEGIN CERTIFICATE-----\nMIIB\n", FAILED, "it is PEM, but no session"),
        (b"x" * 300000, FAILED, "longer than"),
    ],
    ids=["empty", "short", "random", "bad PEM", "certificate", "long"],
)
def test_what_is_no_ticket_is_said_to_be_none(stekd, folder, content, status, words):
    (folder / "file").write_bytes(content)
    done = stekd.stek("inspect", folder / "file", "--ring", "web")
    assert done.returncode == status and words in done.stdout + done.stderr


@pytest.mark.parametrize(
    "line", [["inspect"], ["inspect", "file"], ["inspect", "a", "b", "--ring", "web"]]
)
def test_inspect_needs_a_file_and_a_ring(stekd, line):
    assert stekd.stek(*line).returncode == USAGE
