# SPDX-License-Identifier: Apache-2.0
"""Metrics for Prometheus, and what is made for reading them: alert rules and a dashboard."""
import contextlib
import json
import os
import re
import socket
import stat
import subprocess
import time

import pytest

from harness import build
from harness.feed import Feed
from harness.process import free_port, plain_environment, wait_for, wait_until
from harness.stekd import Stekd

PACKAGING = build.REPOSITORY / "packaging"
RULES = PACKAGING / "prometheus/stek.rules.yml"


def curl(*args):
    return subprocess.run(
        ["curl", "-sS", "--max-time", "30", *map(str, args)],
        capture_output=True,
        text=True,
        check=True,
        env=plain_environment(),
    ).stdout


def promtool(*args, text=None):
    return subprocess.run(
        ["promtool", *map(str, args)],
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=plain_environment(),
    )


@pytest.fixture
def daemon(folder):
    port = free_port()
    with Stekd(
        folder / "stekd",
        settings={"listen": f"127.0.0.1:{port} unix:{folder}/metrics.sock"},
        web={"rotate": "1h"},
        mail={"rotate": "1s", "accept": "20s"},
    ) as started:
        started.url = f"http://127.0.0.1:{port}"
        yield started


@pytest.fixture
def member(fleet):
    """A host of a fleet that knows its store's clock."""
    port = free_port()
    host = fleet.prepare()
    host.settings["listen"] = f"127.0.0.1:{port}"
    host.url = f"http://127.0.0.1:{port}"
    with host:
        host.wait_in_step()
        wait_for(lambda: host.fleet_status()["clock_ahead_s"] is not None, "the clock to be known")
        yield host


def metrics(daemon):
    """{"name{labels}": value}"""
    return {
        name: float(value)
        for name, value in re.findall(
            r"^([a-z_]+(?:\{.*\})?) (\S+)$", curl(f"{daemon.url}/metrics"), re.MULTILINE
        )
    }


def test_promtool_finds_nothing_wrong_with_those_of_a_fleet(member):
    done = promtool("check", "metrics", text=curl(f"{member.url}/metrics"))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_promtool_finds_nothing_wrong_with_them(daemon):
    done = promtool("check", "metrics", text=curl(f"{daemon.url}/metrics"))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_control_promtool_does_find_faults():
    assert (
        promtool(
            "check", "metrics", text="# TYPE stek_tickets counter\nstek_tickets 1\n"
        ).returncode
        != 0
    )


def test_they_tell_what_the_rings_do(daemon):
    wait_for(
        lambda: metrics(daemon)['stek_ring_rotations_total{ring="mail"}'] >= 2, "two rotations"
    )
    found = metrics(daemon)
    assert found['stek_ring_up{ring="web"}'] == 1
    assert found['stek_ring_keys{ring="web",state="active"}'] == 1
    assert found['stek_ring_keys{ring="web",state="pending"}'] == 2
    assert found['stek_ring_continuations_total{ring="web"}'] == 0
    assert found['stek_ring_rotations_total{ring="web"}'] == 0
    assert 2 * 3600 < found['stek_ring_published_remaining_seconds{ring="web"}'] <= 3 * 3600
    assert 0 <= found['stek_ring_active_key_age_seconds{ring="web"}'] < 600
    assert found['stek_ring_active_key_age_seconds{ring="mail"}'] <= 30
    for name in ("web", "mail"):
        policy = daemon.status(name)["policy"]
        for part in ("rotate", "accept"):
            metric = f'stek_ring_policy_{part}_seconds{{ring="{name}"}}'
            assert found[metric] == policy[f"{part}_s"]
    assert found['stek_ring_consumers{ring="web"}'] == 0
    assert found['stek_tickets_presented_total{ring="web",result="opened"}'] == 0
    assert any(name.startswith('stek_build_info{version="') for name in found)
    assert abs(found["stek_start_time_seconds"] - time.time()) < 600


def test_a_refused_configuration_shows(daemon):
    assert metrics(daemon)["stek_config_last_reload_successful"] == 1
    daemon.reload("[rings]\n")
    assert metrics(daemon)["stek_config_last_reload_successful"] == 0
    daemon.reload()
    assert metrics(daemon)["stek_config_last_reload_successful"] == 1


def test_continuations_show(folder):
    port = free_port()
    with Stekd(
        folder / "stekd",
        settings={"listen": f"127.0.0.1:{port}"},
        web={"rotate": "1s", "accept": "50s", "ahead": "1"},
    ) as daemon:
        daemon.url = f"http://127.0.0.1:{port}"
        daemon.kill()
        wait_until(time.time() + 5, "five intervals to pass")
        daemon.launch()
        assert metrics(daemon)['stek_ring_continuations_total{ring="web"}'] >= 2


def test_they_are_served_on_a_unix_socket_too(daemon, folder):
    assert "stek_ring_up" in curl("--unix-socket", folder / "metrics.sock", "http://stekd/metrics")
    daemon.stop()
    assert not (folder / "metrics.sock").exists()
    daemon.launch()


def test_a_unix_socket_is_for_everybody_whatever_the_umask(folder):
    page = folder / "page.sock"
    wrapper = ["sh", "-c", 'umask 077; exec "$@"', "sh"]
    with Stekd(folder / "stekd", wrapper=wrapper, settings={"listen": f"unix:{page}"}, web={}):
        assert stat.S_IMODE(page.stat().st_mode) == 0o666


def test_nothing_listens_unless_told(folder):
    with Stekd(folder / "stekd", web={}) as daemon:
        links = subprocess.run(
            ["ls", "-l", f"/proc/{daemon.pid}/fd"], capture_output=True, text=True, check=True
        ).stdout
        inodes = set(re.findall(r"socket:\[(\d+)\]", links))
        for table in ("tcp", "tcp6", "udp", "udp6"):
            with open(f"/proc/net/{table}", encoding="ascii") as lines:
                assert not inodes & {line.split()[9] for line in lines}


def test_an_address_that_is_taken_ends_the_start_in_one_line(folder):
    with socket.socket() as taken, Stekd(folder / "stekd", web={}) as daemon:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        daemon.stop()
        daemon.settings["listen"] = f"127.0.0.1:{taken.getsockname()[1]}"
        daemon.launch(wait=False)
        assert daemon.popen.wait(60) == 1
        assert (
            f"listen = {daemon.settings['listen']}: EADDRINUSE (Address already in use): "
            "another process listens there, and 'ss -lntxp' names it" in daemon.process.stderr()
        )


def test_the_socket_of_a_program_that_runs_is_not_taken(folder):
    path = folder / "other.sock"
    with socket.socket(socket.AF_UNIX) as other, Stekd(folder / "stekd", web={}) as daemon:
        other.bind(str(path))
        other.listen()
        daemon.stop()
        daemon.settings["listen"] = f"unix:{path}"
        daemon.launch(wait=False)
        assert daemon.popen.wait(60) == 1
        assert f"listen = unix:{path}: EADDRINUSE" in daemon.process.stderr()
        with socket.socket(socket.AF_UNIX) as visitor:
            visitor.connect(str(path))
        other.close()  # what it leaves is in nobody's hands
        daemon.restart()
        assert curl("--unix-socket", path, "http://stekd/healthz") == "ok\n"


def test_healthz_is_ok(daemon):
    assert curl(f"{daemon.url}/healthz") == "ok\n"
    assert curl("-o", "/dev/null", "-w", "%{http_code}", f"{daemon.url}/other") == "404"
    assert curl("-o", "/dev/null", "-w", "%{http_code}", "-d", "x=1", f"{daemon.url}/metrics") in (
        "405",
        "501",
    )
    assert curl("-I", f"{daemon.url}/healthz").startswith("HTTP/1.1 200")


def test_a_ring_that_somebody_destroyed_shows_everywhere_and_is_replaced_at_the_next_start(daemon):
    """Only stekd's user and root can write to it."""
    with open(daemon.ring("web"), "r+b") as ring:
        ring.write(b"\xff" * 20480)
    assert (
        curl("-w", "%{http_code}", f"{daemon.url}/healthz")
        == "ring web cannot be read or updated\n503"
    )
    assert (
        metrics(daemon)['stek_ring_up{ring="web"}'] == 0
        and metrics(daemon)['stek_ring_up{ring="mail"}'] == 1
    )
    assert daemon.status("web")["health"] == "unreadable"
    assert daemon.request(command="rotate", ring="web")["kind"] == "failed"
    assert "keeping the previous" not in daemon.reload()
    daemon.restart()
    assert curl(f"{daemon.url}/healthz") == "ok\n"
    assert daemon.status("web")["health"] == "fine"


def test_no_key_and_no_fingerprint_is_among_them(daemon):
    text = curl(f"{daemon.url}/metrics")
    for ring in ("web", "mail"):
        for key in daemon.status(ring)["keys"]:
            assert key["fingerprint"][:8] not in text


def test_hostile_visitors_delay_neither_metrics_nor_the_control_socket(daemon):
    port = int(daemon.url.rsplit(":", 1)[1])
    with contextlib.ExitStack() as stack:
        for i in range(400):
            visitor = stack.enter_context(socket.socket())
            visitor.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                visitor.connect(("127.0.0.1", port))
            with contextlib.suppress(OSError):
                visitor.send(
                    (b"GET /metrics HTTP/1.1\r\nX: ", b"\x00" * 5000, b"GET / HTTP/9.9\r\n" * 100)[
                        max(0, i % 5 - 2)
                    ]
                )
        began = time.monotonic()
        assert daemon.request(command="status")["ok"]
        assert time.monotonic() - began < 5
        assert len(os.listdir(f"/proc/{daemon.pid}/fd")) < 128 + 64
        # Those that are idle go after five seconds, so there is room again.
        wait_for(
            lambda: subprocess.run(
                ["curl", "-sf", "--max-time", "10", f"{daemon.url}/healthz"],
                check=False,
                capture_output=True,
                env=plain_environment(),
            ).stdout
            == b"ok\n",
            "metrics to be served again",
            timeout_s=60,
        )
    assert daemon.request(command="status")["ok"]


def test_a_visitor_that_says_nothing_is_sent_away(daemon):
    with socket.create_connection(
        ("127.0.0.1", int(daemon.url.rsplit(":", 1)[1])), timeout=60
    ) as visitor:
        began = time.monotonic()
        assert visitor.recv(1) == b""
        assert 4 < time.monotonic() - began < 30


# -- what reads them --


def test_the_alert_rules_are_sound():
    done = promtool("check", "rules", RULES)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_when_it_should_and_not_otherwise(folder):
    cases = folder / "cases.yml"
    cases.write_text(
        (build.REPOSITORY / "tests/e2e/host/stek.rules.test.yml")
        .read_text()
        .replace("RULES", str(RULES))
    )
    done = promtool("test", "rules", cases)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def of_feeds(folder, daemon):
    """What `stek feed` says of a feed; the file is gone when it stops, so nobody reads old news."""
    with Feed(folder / "feed", daemon) as feed:
        feed.put("a", to="h2o", file=feed.place("keys"))
        file = feed.state_dir / "metrics.prom"
        yield file.read_text()
        feed.process.stop()
        assert not file.exists()


def test_promtool_finds_nothing_wrong_with_those_of_feeds(of_feeds):
    done = promtool("check", "metrics", text=of_feeds)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert 'stek_feed_fed{feed="a",ring="web",to="h2o"} 1\n' in of_feeds


def test_rules_and_dashboard_name_only_metrics_that_there_are(member, of_feeds):
    known = {re.sub(r"\{.*", "", name) for name in metrics(member)} | {"up"}
    known |= set(re.findall(r"^stek_[a-z_]+", of_feeds, re.MULTILINE))
    dashboard = json.loads((PACKAGING / "grafana/stek.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) >= 10
    rules = re.sub(r"(summary|description):.*", "", RULES.read_text())
    for text in [*expressions, *re.findall(r"expr:(.*?)for:", rules, re.DOTALL)]:
        assert set(re.findall(r"stek_[a-z_]+", text)) <= known, text
    assert re.findall(r"stek_[a-z_]+", RULES.read_text())
