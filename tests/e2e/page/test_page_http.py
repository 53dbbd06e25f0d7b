# SPDX-License-Identifier: Apache-2.0
"""The status page over HTTP: where it is served, what its JSON says, what its headers forbid."""
import json
import re
import socket
import subprocess

from harness import build
from harness.process import free_port, plain_environment
from harness.stekd import Stekd, check_config

FILES = sorted((build.REPOSITORY / "src/daemon/page").glob("*.*"))
PATHS = ["/status", "/status.json", "/fleet.json"] + [
    f"/status/{path.name}" for path in FILES if path.suffix in (".js", ".css")
]


def get(url, *options):
    """(status, headers, body)"""
    done = subprocess.run(
        ["curl", "-sS", "-i", "--max-time", "60", *options, url],
        capture_output=True,
        check=True,
        env=plain_environment(),
    )
    head, body = done.stdout.decode().split("\r\n\r\n", 1)
    lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    return int(lines[0].split()[1]), headers, body


def test_it_is_not_served_unless_it_is_wanted(folder):
    port = free_port()
    with Stekd(folder / "stekd", settings={"listen": f"127.0.0.1:{port}"}, web={}):
        for path in PATHS:
            assert get(f"http://127.0.0.1:{port}{path}")[0] == 404, path
        assert get(f"http://127.0.0.1:{port}/metrics")[0] == 200


def test_it_needs_an_address(folder):
    code, said = check_config(folder, "[stekd]\nstatus_page = yes\n")
    assert code == 2 and "status_page = yes needs listen" in said


def test_metrics_are_served_beside_it(serving):
    daemon = serving(web={"rotate": "1h"})
    assert 'stek_ring_up{ring="web"} 1' in get(f"{daemon.url}/metrics")[2]
    assert get(f"{daemon.url}/healthz")[2] == "ok\n"


def test_its_json_is_that_of_stek_status(serving):
    daemon = serving(web={"rotate": "1h"}, mail={"rotate": "30m"})
    served = json.loads(get(f"{daemon.url}/status.json")[2])
    printed = json.loads(daemon.stek("status", "--json").stdout)
    assert abs(served.pop("time") - printed.pop("time")) < 60
    assert served == printed


def test_without_a_fleet_its_json_is_that_of_stek_fleet_status(serving):
    daemon = serving(web={"rotate": "1h"})
    served = json.loads(get(f"{daemon.url}/fleet.json")[2])
    assert served == json.loads(daemon.stek("fleet", "status", "--json").stdout)
    assert served["configured"] is False


def test_with_a_fleet_too(member):
    served = json.loads(get(f"{member.url}/fleet.json")[2])
    printed = json.loads(member.stek("fleet", "status", "--json").stdout)
    assert served.keys() == printed.keys()
    assert served["rings"][0].keys() == printed["rings"][0].keys()
    assert (served["configured"], served["host"]) == (True, "host0")


def test_each_answer_has_strict_headers(serving):
    daemon = serving(web={})
    for path in PATHS:
        check_headers(*get(daemon.url + path))


def check_headers(status, headers, body):
    assert status == 200 and body
    policy = headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "deny"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


def test_it_needs_nothing_from_elsewhere(serving):
    daemon = serving(web={})
    for path in PATHS:
        text = get(daemon.url + path)[2]
        links = set(re.findall(r"(?:https?:)?//[a-z][\w.-]+\.[a-z]+", text))
        assert links <= {"//www.w3.org", "http://www.w3.org"}, path  # SVG's namespace
        assert "<style" not in text and "onclick" not in text and " style=" not in text
    assert re.findall(r"<script[^>]*>([^<]*)", get(daemon.page)[2]) == [""]


def test_another_sites_name_is_refused(serving):
    """DNS rebinding: that site's page may not read this one."""
    daemon = serving(web={})
    name = "127.0.0.1.evil.example"
    for path in PATHS:
        status, headers, body = get(daemon.url + path, "-H", f"Host: {name}:9464")
        assert status == 403 and "web" not in body
        assert headers["x-content-type-options"] == "nosniff"
    assert get(f"{daemon.url}/metrics", "-H", f"Host: {name}")[0] == 200


def test_addresses_and_the_hosts_own_name_are_taken(serving):
    daemon = serving(web={})
    for name in ("127.0.0.1", "[::1]:9464", "localhost", socket.gethostname()):
        assert get(f"{daemon.url}/status.json", "-H", f"Host: {name}")[0] == 200, name


def test_a_unix_socket_is_asked_by_any_name(serving, folder):
    daemon = serving(web={})
    daemon.stop()
    daemon.settings["listen"] += f" unix:{folder}/page.sock"
    daemon.launch()
    assert get("http://stekd/status.json", "--unix-socket", str(folder / "page.sock"))[0] == 200


def test_it_changes_nothing(serving):
    daemon = serving(web={"rotate": "1h"})
    before = daemon.ring("web").read_bytes()
    for path in PATHS:
        assert get(daemon.url + path, "-d", "x=1")[0] in (405, 501)
        assert get(daemon.url + path, "-X", "DELETE")[0] in (405, 501)
        assert get(f"{daemon.url}{path}?command=revoke&ring=web&all=true")[0] == 200
    assert daemon.ring("web").read_bytes() == before


def secrets_of(daemon, ring):
    """The secrets in a ring file, as hexadecimal digits."""
    data = daemon.ring(ring).read_bytes()
    side = 32 + 9808 * (data[16] & 1)
    count = int.from_bytes(data[side + 72 : side + 80], "little")
    records = [data[side + 80 + 152 * i : side + 80 + 152 * (i + 1)] for i in range(count)]
    return [record[40:72] for record in records]


def test_no_secret_is_served(serving):
    daemon = serving(web={"rotate": "1h"}, mail={"rotate": "1h"})
    secrets = secrets_of(daemon, "web") + secrets_of(daemon, "mail")
    assert len(secrets) == 6 and len(set(secrets)) == 6
    for path in PATHS:
        body = get(daemon.url + path)[2]
        for secret in secrets:
            for part in (secret[:8], secret[-8:]):
                assert part.hex() not in body.lower()


def test_a_hundred_visitors_who_do_not_read_delay_nobody(serving):
    daemon = serving(**{f"ring{i}": {"rotate": "1h"} for i in range(60)})
    port = int(daemon.url.rsplit(":", 1)[1])
    sockets = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(100)]
    try:
        for visitor in sockets:
            visitor.sendall(b"GET /status.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 4)
        assert daemon.request(command="status")["ok"]
        assert get(f"{daemon.url}/healthz")[2] == "ok\n"
    finally:
        for visitor in sockets:
            visitor.close()
    assert get(f"{daemon.url}/status.json")[0] == 200
