# SPDX-License-Identifier: Apache-2.0
"""`stek doctor` on a booted systemd with real servers: each fault is found, named in one line with
what to type, and gone once that was typed."""
import json
import os
import re

import pytest

from harness import build
from harness.machine import Machine, with_nginx
from harness.process import wait_for

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot a machine"),
    pytest.mark.skipif(build.sanitized(), reason="the unit does not let a sanitizer work"),
]

FINE, FAILED, WRONG = 0, 1, 3
NGINX = """
worker_processes 2;
pid /run/nginx.pid;
user www-data;
events { }
http {
    access_log off;
    include /etc/nginx/test/*.conf;
    ssl_session_timeout 12h;
    server {
        listen 127.0.0.1:8443 ssl;
        ssl_certificate /etc/nginx/test.crt;
        ssl_certificate_key /etc/nginx/test.key;
    }
}
"""


@pytest.fixture(scope="module")
def machine(work, certificates):
    with with_nginx(work / "doctor", certificates, NGINX) as booted:
        yield booted


@pytest.fixture
def nginx(machine):
    machine.do("systemctl", "restart", "nginx")
    yield machine
    machine.run("stek", "disable", "nginx")
    machine.run("rm", "-rf", "/etc/nginx/test")
    machine.do("systemctl", "stop", "nginx")


@pytest.fixture
def enabled(nginx):
    nginx.do("stek", "enable", "nginx", "--ring", "web")
    nginx.do("systemctl", "restart", "nginx")
    return nginx


def doctor(machine, *units):
    """The exit code, and the findings of the first unit: {code: (level, text)}."""
    done = machine.run("stek", "doctor", *units, "--json")
    assert done.returncode in (FINE, WRONG), done.stderr
    unit = json.loads(done.stdout)["units"][0]
    return done.returncode, {f["code"]: (f["level"], f["text"]) for f in unit["findings"]}


def test_a_service_that_is_well_is_fine(enabled):
    assert not enabled.visit(8443, "1.2").failed()
    code, findings = doctor(enabled, "nginx")
    assert code == FINE and {level for level, _ in findings.values()} == {"fine"}, findings
    assert findings["ring"][1] == "3 of 3 processes use ring web"


def test_a_service_that_nobody_has_visited_is_told_to_be(machine, nginx):
    machine.write("/etc/stek/conf.d/fresh.conf", "[ring fresh]\ngroup = www-data\n")
    machine.do("systemctl", "reload", "stekd")
    machine.do("stek", "enable", "nginx", "--ring", "fresh")
    machine.do("systemctl", "restart", "nginx")
    code, findings = doctor(machine, "nginx")
    assert code == FINE and findings["unused"][0] == "note"
    assert not machine.visit(8443, "1.2").failed()
    assert "unused" not in doctor(machine, "nginx")[1]


def test_without_a_unit_it_looks_at_all_that_were_enabled(enabled):
    done = enabled.run("stek", "doctor")
    assert done.returncode == FINE and done.stdout.startswith("nginx.service\n")


def test_a_service_that_was_not_enabled_is_told_how_to_see_what_would_change(nginx):
    code, findings = doctor(nginx, "nginx")
    assert code == WRONG and set(findings) == {"not-enabled"}
    typed = re.search(r"'(stek enable .*)'", findings["not-enabled"][1])[1]
    assert nginx.run(*typed.replace("RING", "web").split()).returncode == FINE


def test_one_that_was_not_restarted_since_is_told_to(nginx):
    nginx.do("stek", "enable", "nginx", "--ring", "web")
    code, findings = doctor(nginx, "nginx")
    assert code == WRONG and findings["restart"][0] == "fault"
    nginx.do("systemctl", "restart", "nginx")
    assert doctor(nginx, "nginx")[0] == FINE


def test_a_ring_that_was_lost_and_made_again_wants_a_reload(enabled):
    enabled.do("systemctl", "stop", "stekd")
    enabled.path("/run/stek/web.ring").unlink()
    enabled.do("systemctl", "start", "stekd")
    code, findings = doctor(enabled, "nginx")
    assert code == WRONG and "systemctl reload nginx.service" in findings["old-ring"][1]
    enabled.do("systemctl", "reload", "nginx")
    wait_for(lambda: doctor(enabled, "nginx")[0] == FINE, "the old workers to end")


def test_tickets_that_are_switched_off_are_found_with_their_place(enabled):
    enabled.write("/etc/nginx/test/off.conf", "# ours\nssl_session_tickets off;\n")
    enabled.do("systemctl", "reload", "nginx")
    code, findings = doctor(enabled, "nginx")
    assert code == WRONG
    assert findings["tickets-off"][1].startswith("/etc/nginx/test/off.conf:2 switches tickets off")
    said = enabled.do("stek", "enable", "nginx", "--ring", "web")
    assert "Fault: /etc/nginx/test/off.conf:2 switches tickets off" in said


def test_a_timeout_that_is_shorter_than_accept_is_a_note(enabled):
    enabled.write("/etc/nginx/nginx.conf", NGINX.replace("ssl_session_timeout 12h;", ""))
    code, findings = doctor(enabled, "nginx")
    enabled.write("/etc/nginx/nginx.conf", NGINX)
    assert code == FINE and findings["short-timeout"][0] == "note"
    assert "after 5m" in findings["short-timeout"][1]


def test_what_debians_haproxy_ships_is_found_before_it_is_enabled(machine):
    code, findings = doctor(machine, "haproxy")
    place = "/etc/haproxy/haproxy.cfg:"
    assert code == WRONG and findings["tickets-off"][1].startswith(place)


def test_postfix_is_pointed_to_the_instance_that_runs_and_told_the_whole_command(
    machine,
):
    if "/bin/true" not in machine.shows("postfix", "ExecStart"):
        pytest.skip("this release's postfix.service runs the server itself")
    machine.do(
        "sh",
        "-c",
        "test -f /etc/postfix/main.cf || cp /usr/share/postfix/main.cf.debian "
        "/etc/postfix/main.cf",
    )
    machine.do("systemctl", "start", "postfix@-")
    try:
        assert doctor(machine, "postfix")[1] == {
            "dummy-unit": (
                "fault",
                "postfix.service runs no server; postfix@-.service does: stek doctor "
                "postfix@-.service",
            )
        }
        refused = machine.run("stek", "enable", "postfix", "--ring", "web")
        assert refused.returncode == FAILED and "postfix@-.service does" in refused.stderr
        said = machine.do("stek", "enable", "postfix@-", "--ring", "web")
        machine.do("systemctl", "restart", "postfix@-")
        code, findings = doctor(machine, "postfix@-")
        typed = re.search(r"postconf .*OPENSSL_CONF\"", findings["environment"][1])[0]
        assert code == WRONG and typed in said
        machine.do("sh", "-c", typed)
        machine.do("systemctl", "restart", "postfix@-")
        assert "environment" not in doctor(machine, "postfix@-")[1]
    finally:
        machine.run("stek", "disable", "postfix@-")
        machine.do("systemctl", "stop", "postfix@-")


def test_a_unit_that_there_is_not_is_said_to_be_none(machine):
    code, findings = doctor(machine, "ngnix")
    assert code == WRONG and set(findings) == {"no-unit"}


def test_where_nothing_was_enabled_it_asks_for_a_unit(machine):
    done = machine.run("stek", "doctor")
    assert done.returncode == FAILED and done.stderr.count("\n") == 1
    assert "stek doctor nginx" in done.stderr
