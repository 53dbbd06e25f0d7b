# SPDX-License-Identifier: Apache-2.0
"""`stek doctor`, which is root's, looks at what a service's own user can shape: its processes, and
files below its configuration. None of that holds it up."""
import json
import os
from pathlib import Path

import pytest

from harness import build
from harness.machine import with_nginx
from harness.process import wait_for

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot a machine"),
    pytest.mark.skipif(build.sanitized(), reason="the unit does not let a sanitizer work"),
]

FOR_S = 60  # it takes much less; a busy machine takes longer
ENDLESS = Path(__file__).resolve().parents[2] / "hostile" / "endless_environment.py"
UNIT = "[Service]\nUser=www-data\nStandardOutput=journal\nExecStart=/run/endless\n"


@pytest.fixture(scope="module")
def machine(work, certificates):
    with with_nginx(work / "doctor-hostile", certificates) as booted:
        yield booted


def findings(machine, unit):
    """By their codes."""
    done = machine.run("timeout", "--signal=KILL", str(FOR_S), "stek", "doctor", unit, "--json")
    assert done.stdout, f"it ended with {done.returncode}: {done.stderr}"
    return {
        found["code"]: found["text"] for found in json.loads(done.stdout)["units"][0]["findings"]
    }


def test_a_process_that_shows_endless_memory_as_its_environment_is_looked_at(machine):
    machine.write("/run/endless", ENDLESS.read_text())
    machine.do("chmod", "755", "/run/endless")
    machine.write("/etc/systemd/system/odd.service", UNIT)
    machine.do("systemctl", "daemon-reload")
    machine.do("stek", "enable", "odd", "--ring", "web")
    machine.do("systemctl", "start", "odd")
    try:
        wait_for(lambda: "here" in machine.do("journalctl", "-u", "odd", "-o", "cat"), "its memory")
        assert findings(machine, "odd")
    finally:
        machine.do("systemctl", "stop", "odd")


@pytest.mark.parametrize(
    "make",
    [
        ["mkfifo"],
        ["ln", "-s", "/dev/zero"],
        ["truncate", "--size=1T"],
    ],
    ids=lambda make: make[0],
)
def test_what_is_no_configuration_is_not_read(machine, make):
    machine.do("stek", "enable", "nginx", "--ring", "web")
    machine.do("systemctl", "restart", "nginx")
    machine.do(*make, "/etc/nginx/odd")
    try:
        assert findings(machine, "nginx")["ring"]
    finally:
        machine.do("rm", "/etc/nginx/odd")
