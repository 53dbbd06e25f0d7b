# SPDX-License-Identifier: Apache-2.0
"""`stek doctor` with services of Debian's that stek can do nothing for, or only once they are told
to give tickets: Prosody, OpenLDAP, PHP's FastCGI processes."""
import json
import os
import re
from pathlib import Path

import pytest

from harness import build
from harness.machine import Machine
from harness.process import wait_for

RELEASE = re.search("^VERSION_CODENAME=(.*)$", Path("/etc/os-release").read_text(), re.M)[1]
pytestmark = [
    pytest.mark.skipif(RELEASE not in ("bookworm", "trixie"), reason="tried on Debian 12 and 13"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot a machine"),
    pytest.mark.skipif(build.sanitized(), reason="the unit does not let a sanitizer work"),
]

RINGS = "".join(
    f"[ring {ring}]\ngroup = {group}\n"
    for ring, group in (("chat", "prosody"), ("names", "openldap"), ("pages", "www-data"))
)
PROSODY = """modules_enabled = { "tls"; "posix"; "saslauth" }
log = "*syslog"
-- ssl = { options = { no_ticket = false } }
VirtualHost "localhost"
"""
WITH_TICKETS = f"ssl = {{ options = {{ no_ticket = false }} }}\n{PROSODY}"


@pytest.fixture(scope="module")
def machine(work, certificates):
    folder = work / "services"
    folder.mkdir()
    with Machine(folder) as booted:
        booted.do("systemd-sysusers")
        booted.write("/etc/stek/stekd.conf", RINGS)
        booted.do("systemctl", "enable", "--now", "stekd")
        booted.write("/etc/prosody/certs/localhost.crt", certificates.server.cert.read_text())
        booted.write("/etc/prosody/certs/localhost.key", certificates.server.key.read_text())
        booted.do("chown", "-R", "prosody", "/etc/prosody/certs")
        yield booted


@pytest.fixture
def enabled(machine):
    """Enables a unit, starts it, and gives what enable said."""
    units = []

    def start(unit, ring, *args):
        units.append(unit)
        said = machine.do("stek", "enable", unit, "--ring", ring, *args)
        machine.do("systemctl", "restart", unit)
        return said

    yield start
    for unit in units:
        machine.run("stek", "disable", unit)
        machine.run("systemctl", "stop", unit)


def doctor(machine, unit):
    """{code: text} of its findings."""
    said = json.loads(machine.run("stek", "doctor", unit, "--json").stdout)
    return {finding["code"]: finding["text"] for finding in said["units"][0]["findings"]}


def looks_until(machine, unit, code):
    """Its findings, once this one is there: a service may begin before it can be looked at."""
    wait_for(lambda: code in doctor(machine, unit), f"{unit} to be {code}")
    return doctor(machine, unit)


def visits(machine):
    """How two visits with one session went, before and after a restart of Prosody."""
    call = "openssl s_client -connect localhost:5222 -starttls xmpp -xmpphost localhost -tls1_2 "
    said = ""
    for way in "-sess_out", "-sess_in":
        seen = "tee /run/said | grep -q '^New\\|^Reused'"
        line = f"until {call} {way} /run/s.pem </dev/null 2>/dev/null | {seen}"
        said += machine.do("sh", "-c", f"{line}; do sleep 0.1; done; cat /run/said")
        machine.do("systemctl", "restart", "prosody")
    return re.findall("^(New|Reused), TLSv1.2", said, re.MULTILINE)


def test_prosody_gives_no_tickets_until_it_is_told_to(machine, enabled):
    machine.write("/etc/prosody/prosody.cfg.lua", PROSODY)
    said = enabled("prosody", "chat", "--verified-peers", "same-configuration")
    assert "Fault: Prosody gives no tickets unless its configuration says no_ticket" in said
    findings = looks_until(machine, "prosody", "ring")
    assert findings["tickets-off"].endswith(": stek disable prosody.service")
    machine.write("/etc/prosody/prosody.cfg.lua", WITH_TICKETS)
    machine.do("systemctl", "restart", "prosody")
    assert "tickets-off" not in doctor(machine, "prosody")
    assert visits(machine) == ["New", "Reused"]


@pytest.mark.skipif(RELEASE != "bookworm", reason="Debian 13's slapd uses OpenSSL")
def test_openldap_uses_gnutls(machine, enabled):
    enabled("slapd", "names")
    findings = looks_until(machine, "slapd", "gnutls")
    assert set(findings) == {"gnutls"} and "stek disable slapd.service" in findings["gnutls"]


def test_phps_fastcgi_processes_load_it_and_give_no_ticket(machine, enabled):
    listed = machine.do(
        "systemctl", "list-unit-files", "--plain", "--no-legend", "php*-fpm.service"
    )
    unit = listed.split()[0]
    enabled(unit, "pages")
    findings = looks_until(machine, unit, "unused")
    assert "it accepts no TLS connections itself" in findings["unused"]
    assert re.fullmatch(r"(\d+) of \1 processes use ring pages", findings["ring"])
