# SPDX-License-Identifier: Apache-2.0
"""`stek status`: as table, as JSON, with stekd and without it, and what its exit code says."""
import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from harness import build
from harness.process import plain_environment, spawn, stop, wait_for
from harness.servers import Nginx
from harness.stekd import Stekd

FINE, FAILED, USAGE, DEGRADED, UNREACHABLE = range(5)


@pytest.fixture
def stekd(folder):
    with Stekd(folder / "stekd", web={"rotate": "1h"}, mail={"rotate": "30m"}) as daemon:
        yield daemon


@pytest.fixture
def short(folder):
    """A ring whose published keys are used up within seconds, once stekd is gone."""
    with Stekd(folder / "short", web={"rotate": "1s", "accept": "60s", "ahead": "1"}) as daemon:
        yield daemon


def secrets_of(stekd, ring):
    """The secrets in a ring file, as hexadecimal digits."""
    data = stekd.ring(ring).read_bytes()
    side = 32 + 9808 * (data[16] & 1)
    count = int.from_bytes(data[side + 72 : side + 80], "little")
    records = [data[side + 80 + 152 * i : side + 80 + 152 * (i + 1)] for i in range(count)]
    return [record[40:72].hex() for record in records]


def test_several_rings_are_a_table(stekd):
    done = stekd.stek("status")
    assert done.returncode == FINE, done.stderr
    assert re.search(r"^mail +fine +3 ", done.stdout, re.M)
    assert re.search(r"^web +fine +3 ", done.stdout, re.M)


def test_one_ring_is_shown_with_its_keys(stekd):
    done = stekd.stek("status", "web")
    assert done.returncode == FINE, done.stderr
    states = re.findall(r"^  [0-9a-f]{8} +\d+ (\w+) +published", done.stdout, re.M)
    assert states == ["active", "pending", "pending"]
    assert "rotate 1h, accept 12h, ahead 2, max_session_age 24h" in done.stdout


def test_it_fits_80_columns(stekd, short, loaded):
    nginx = loaded(Nginx, stek={"ring": short.ring("web")})
    nginx.visit("1.3", count=5)
    wait_for(lambda: len(short.status("web")["keys"]) > 12, "keys to drain", timeout_s=60)
    for daemon, args in ((stekd, []), (stekd, ["web"]), (short, ["web"])):
        assert all(len(line) <= 80 for line in daemon.stek("status", *args).stdout.splitlines())
    short.kill()
    wait_for(lambda: short.stek("status").returncode == DEGRADED, "continuations")
    for line in short.stek("status", "web").stdout.splitlines()[1:]:
        assert len(line) <= 80


def test_json_has_what_the_control_socket_says(stekd):
    answer = json.loads(stekd.stek("status", "--json").stdout)
    assert answer["stekd"]["pid"] == stekd.pid
    assert {ring["name"] for ring in answer["rings"]} == {"web", "mail"}
    assert answer["rings"] == stekd.request(command="status")["rings"]


def test_without_stekd_it_reads_the_files_and_says_so(stekd):
    before = json.loads(stekd.stek("status", "--json").stdout)
    stekd.stop()
    done = stekd.stek("status", "--json")
    assert done.returncode == UNREACHABLE
    after = json.loads(done.stdout)
    assert after["stekd"] is None
    assert {r["name"]: r["keys"] for r in after["rings"]} == {
        r["name"]: r["keys"] for r in before["rings"]
    }
    assert "stekd NOT RUNNING" in stekd.stek("status").stdout


def test_a_ring_on_continuations_is_degraded_until_fresh_keys_seal_again(short):
    assert short.stek("status").returncode == FINE
    short.kill()
    wait_for(lambda: short.stek("status").returncode == DEGRADED, "continuations")
    done = short.stek("status", "web")
    assert "DEGRADED: on continuations for" in done.stdout
    assert re.search(r"active +continued", done.stdout)
    short.launch()
    wait_for(lambda: short.stek("status").returncode == FINE, "fresh keys")


def test_a_ring_file_that_is_refused_is_shown_with_the_reason(stekd):
    stekd.stop()
    stekd.ring("mail").chmod(0o666)
    done = stekd.stek("status")
    assert done.returncode == FAILED
    assert re.search(r"^mail +unreadable +\S.*group or others", done.stdout, re.M)
    assert re.search(r"^web +fine", done.stdout, re.M)


def test_an_unknown_ring_is_an_error_that_says_what_to_do(stekd):
    for stopped in (False, True):
        if stopped:
            stekd.stop()
        done = stekd.stek("status", "nosuch")
        assert (done.returncode, done.stdout) == (FAILED, "")
        assert "there is no ring 'nosuch'" in done.stderr and "stek status" in done.stderr
        assert done.stderr.count("\n") == 1


def test_no_run_directory_is_not_reachable(folder):
    done = subprocess.run(
        [build.COMMAND, "status", "--run-dir", folder / "none"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == UNREACHABLE
    assert "systemctl start stekd" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "line",
    [
        ["--run-dir", "{}", "status", "web"],
        ["status", "--run-dir", "{}", "web"],
        ["status", "web", "--run-dir={}"],
    ],
)
def test_the_run_directory_may_stand_anywhere(stekd, line):
    done = subprocess.run(
        [build.COMMAND, *(word.format(stekd.run_dir) for word in line)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == FINE and "Ring web: fine" in done.stdout


@pytest.mark.parametrize(
    "line",
    [
        ["--run-dir"],
        ["status", "--run-dir="],
        ["status", "a", "b"],
        ["status", "--nosuch"],
        ["status", "../etc"],
        ["nosuch"],
        [],
    ],
)
def test_a_wrong_line_is_a_fault_of_usage(line):
    done = subprocess.run([build.COMMAND, *line], capture_output=True, text=True)
    assert done.returncode == USAGE
    assert done.stdout == "" and done.stderr.startswith("stek")


def test_no_secret_is_shown(stekd):
    shown = "".join(
        stekd.stek("status", *args).stdout for args in (["web"], ["--json"], ["web", "--json"])
    )
    secrets = secrets_of(stekd, "web")
    assert len(secrets) == 3
    for secret in secrets:
        assert secret[:16] not in shown and secret[-16:] not in shown


def test_a_consumer_is_shown_with_its_tickets(stekd, loaded):
    nginx = loaded(Nginx, stek={"ring": stekd.ring("web")})
    visits = nginx.visit("1.2", count=10)
    done = stekd.stek("status", "web")
    assert f"sealed {sum(c.tickets for c in visits)} (0 of them renewals)" in done.stdout
    assert "opened 9: 100.0 % of those presented" in done.stdout
    assert re.search(r"consumers +5 processes", done.stdout)


def test_follow_shows_it_again_and_ends_when_interrupted(stekd, folder):
    with open(folder / "out", "w") as out:
        follower = spawn(
            [
                build.COMMAND,
                "status",
                "web",
                "--follow",
                "--json",
                "--run-dir",
                stekd.run_dir,
            ],
            stdout=out,
            env=plain_environment(),
        )
    try:
        wait_for(lambda: (folder / "out").read_text().count("\n") >= 2, "two lines")
        follower.send_signal(signal.SIGINT)
        assert follower.wait(timeout=30) == FINE
        lines = (folder / "out").read_text().splitlines()
        assert all(json.loads(line)["rings"][0]["name"] == "web" for line in lines)
    finally:
        stop(follower)


def test_a_stopped_stekd_is_given_up_after_ten_seconds(stekd):
    stekd.process.signal(signal.SIGSTOP)
    try:
        done = stekd.stek("status", "web")
    finally:
        stekd.process.signal(signal.SIGCONT)
    assert done.returncode == UNREACHABLE
    assert "does not answer" in done.stdout and "Ring web: fine" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_user_who_may_not_ask_gets_what_he_may_read(stekd, folder):
    stekd.ring("web").chmod(0o644)
    command = shutil.copy(build.COMMAND, folder / "stek")  # where everybody may run it
    done = subprocess.run(
        [command, "--run-dir", stekd.run_dir, "status"],
        capture_output=True,
        text=True,
        user="nobody",
        group="nogroup",
        extra_groups=[],
    )
    assert "stekd NOT ASKED" in done.stdout
    assert re.search(r"^web +fine", done.stdout, re.M)
    assert re.search(r"^mail +unreadable", done.stdout, re.M)
    assert done.returncode == FAILED
