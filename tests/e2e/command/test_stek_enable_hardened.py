# SPDX-License-Identifier: Apache-2.0
"""`stek enable` on a booted systemd for services that systemd keeps from much: what they need with
stek is in the drop-in, and nothing where it is not needed."""
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

PORT = 8443
NGINX = f"""
worker_processes 2;
pid /var/lib/nginx/test.pid;
user www-data;
events {{ }}
http {{
    access_log off;
    server {{
        listen 127.0.0.1:{PORT} ssl;
        ssl_certificate /etc/nginx/test.crt;
        ssl_certificate_key /etc/nginx/test.key;
    }}
}}
"""
UNIT = """
[Service]
ExecStart=/usr/sbin/nginx -g 'daemon off;'
{}
"""
LIMITS = {
    "read-only": "ProtectSystem=strict\nReadWritePaths=/var",
    "run-read-only": "ReadOnlyPaths=/run",
    "no-exec": "NoExecPaths=/\nExecPaths=/usr/sbin /usr/lib /lib /lib64",
    "all": "ProtectSystem=strict\nReadWritePaths=/var\nNoExecPaths=/\n"
    "ExecPaths=/usr/sbin /usr/lib /lib /lib64",
}


@pytest.fixture(scope="module")
def machine(work, certificates):
    with with_nginx(work / "hardened", certificates, NGINX) as booted:
        yield booted


@pytest.fixture
def service(machine):
    """Makes a service with these limits and enables stek for it."""

    def start(limits):
        machine.write("/etc/systemd/system/hardened.service", UNIT.format(limits))
        machine.do("systemctl", "daemon-reload")
        machine.do("stek", "enable", "hardened", "--ring", "web")
        machine.do("systemctl", "restart", "hardened")
        return machine

    yield start
    machine.run("systemctl", "stop", "hardened")
    machine.run("stek", "disable", "hardened")


def consumers(machine):
    status = json.loads(machine.do("stek", "status", "web", "--json"))
    return status["rings"][0]["consumers"]["processes"]


def said_of(machine):
    return machine.run("stek", "doctor", "hardened").stdout


def drop_in(machine):
    return machine.path("/etc/systemd/system/hardened.service.d/stek.conf").read_text()


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS.keys())
def test_a_service_that_may_do_little_uses_the_ring_and_counts(service, limits):
    machine = service(limits)
    wait_for(lambda: not machine.visit(PORT, "1.2").failed(), "nginx to serve")
    wait_for(
        lambda: "3 of 3 processes use ring web" in said_of(machine),
        "the ring to be used",
    )
    wait_for(lambda: consumers(machine) == 3, "all to be counted")


def test_the_doctor_sees_that_a_module_could_not_be_executed(service):
    """The C library leaves a mapping of it behind."""
    machine = service("")
    machine.write("/etc/systemd/system/hardened.service", UNIT.format(LIMITS["no-exec"]))
    machine.do("systemctl", "daemon-reload")
    machine.do("systemctl", "restart", "hardened")
    wait_for(lambda: not machine.visit(PORT, "1.2").failed(), "nginx to serve")
    said = said_of(machine)
    assert "may not execute stek.so" in said and "have loaded" not in said
    machine.do("stek", "enable", "hardened", "--ring", "web")
    machine.do("systemctl", "restart", "hardened")
    wait_for(
        lambda: "3 of 3 processes use ring web" in said_of(machine),
        "the ring to be used",
    )


FILTERS = {
    "allows-some": "SystemCallFilter=@system-service\nSystemCallFilter=~madvise fallocate",
    "forbids-some": "SystemCallFilter=~madvise fallocate reboot",
}


@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS.keys())
def test_a_filter_that_leaves_out_what_stek_calls_is_told_before_the_restart(machine, filters):
    """What is typed then makes the service use its ring."""
    machine.write("/etc/systemd/system/hardened.service", UNIT.format(filters))
    machine.do("systemctl", "daemon-reload")
    try:
        said = machine.do("stek", "enable", "hardened", "--ring", "web")
        typed = re.search(r"SystemCallFilter=([a-z ]+), then", said)
        assert typed and typed[1].split() == ["madvise", "fallocate"], said
        assert "call-filter" in machine.run("stek", "doctor", "hardened", "--json").stdout
        machine.write(
            "/etc/systemd/system/hardened.service.d/override.conf",
            f"[Service]\nSystemCallFilter={typed[1]}\n",
        )
        machine.do("systemctl", "daemon-reload")
        machine.do("systemctl", "restart", "hardened")
        wait_for(lambda: not machine.visit(PORT, "1.2").failed(), "nginx to serve")
        wait_for(lambda: consumers(machine) == 3, "the ring to be used")
        assert "call-filter" not in machine.run("stek", "doctor", "hardened", "--json").stdout
    finally:
        machine.run("systemctl", "stop", "hardened")
        machine.run("stek", "disable", "hardened")
        machine.run("rm", "-rf", "/etc/systemd/system/hardened.service.d")


def test_a_filter_that_allows_what_stek_calls_is_no_fault(service):
    said = said_of(service("SystemCallFilter=@system-service"))
    assert "SystemCallFilter" not in said


def test_a_service_without_limits_gets_none(service):
    text = drop_in(service(""))
    assert "Paths=" not in text
