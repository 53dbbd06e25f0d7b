# SPDX-License-Identifier: Apache-2.0
"""docs/module.md, typed as it is written on a booted systemd, with the services of Debian's
packages."""
import os
import shutil
from pathlib import Path

import pytest

from harness import build, documents, guides
from harness.machine import Machine


def is_debian_12():
    """Other releases have other versions of the servers, which were not tried."""
    return "VERSION_CODENAME=bookworm" in Path("/etc/os-release").read_text()


pytestmark = [
    pytest.mark.skipif(not is_debian_12(), reason="docs/module.md is for Debian 12"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot a machine"),
    pytest.mark.skipif(build.sanitized(), reason="the unit does not let a sanitizer work"),
]

DOCUMENT = "docs/module.md"
# The visitor runs in the machine, with a copy of these files.
VISITOR = """
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, "/srv/tests")
from harness import guides
guides.come_back(*sys.argv[1:])
"""
# One of each kind; the others take long.
SHORT = ("nginx", "Redis", "BIND")


@pytest.fixture(scope="module")
def machine(work, certificates):
    folder = work / "guides"
    folder.mkdir()
    with Machine(folder) as booted:
        identity = certificates.server
        booted.write(guides.CERTIFICATE, identity.cert.read_text())
        booted.write(guides.KEY, identity.key.read_text())
        booted.write(guides.BOTH, identity.both.read_text())
        booted.do("chmod", "644", guides.CERTIFICATE, guides.KEY, guides.BOTH)
        shutil.copytree(build.REPOSITORY / "tests/harness", booted.path("/srv/tests/harness"))
        # They are restarted more often than systemd takes for sound.
        booted.write(
            "/etc/systemd/system.conf.d/test.conf", "[Manager]\nDefaultStartLimitBurst=0\n"
        )
        booted.do("systemctl", "daemon-reexec")
        start = documents.blocks(DOCUMENT, "Servers that load stek")[0]
        # The machine has what `make install` puts in place.
        booted.do("sh", "-ec", start.replace("make install", "true"))
        yield booted


@pytest.fixture
def prepared(machine, request):
    """The service as it is before somebody reads the document."""
    service = request.param
    for path, text in service.files.items():
        before = machine.path(path[1:]).read_text() if path[0] == "+" else ""
        machine.write(path.lstrip("+"), before + text)
    if service.before:
        machine.do("sh", "-ec", service.before)
    machine.do("systemctl", "daemon-reload")
    machine.do("systemctl", "restart", service.unit)
    yield service
    machine.run("systemctl", "stop", service.unit)


def outlives(machine, service):
    """Whether sessions of either version resume after a restart of the service."""
    said = machine.do("/usr/bin/python3", "-c", VISITOR, service.unit, service.port, service.begin)
    assert said in ("resumed\n", "full\n"), said
    return said == "resumed\n"


def each_of(*titles):
    for service in guides.SERVICES:
        marks = [] if service.title in SHORT else [pytest.mark.long]
        if not titles or service.title in titles:
            yield pytest.param(service, id=service.title, marks=marks)


@pytest.mark.parametrize("prepared", each_of(), indirect=True)
def test_what_is_typed_keeps_sessions_and_going_back_takes_it_back(machine, prepared):
    service = prepared
    there, back = documents.blocks(DOCUMENT, service.title)
    assert not outlives(machine, service)
    machine.do("sh", "-ec", there)
    assert outlives(machine, service) == service.survives
    machine.do("sh", "-ec", back)
    assert not outlives(machine, service)
    assert machine.run("systemctl", "cat", service.unit).stdout.count("stek") == 0


def with_key_file(text):
    return text.replace("server {", "ssl_session_ticket_key /etc/nginx/ticket.key;\nserver {")


@pytest.mark.parametrize("prepared", each_of("nginx"), indirect=True)
def test_stek_takes_the_place_of_keys_that_cron_makes(machine, prepared):
    """With the key file both before and after, only the restart costs a handshake."""
    own = prepared.files["/etc/nginx/nginx.conf"]
    there, back = documents.blocks(DOCUMENT, "nginx")
    machine.do("sh", "-c", "openssl rand 80 >/etc/nginx/ticket.key")
    machine.write("/etc/nginx/nginx.conf", with_key_file(own))
    machine.do("systemctl", "restart", "nginx")
    assert outlives(machine, prepared)
    session = "/run/session.pem"
    assert not machine.visit(443, "1.2", sess_out=session).failed()
    machine.do("sh", "-ec", there)
    assert machine.visit(443, "1.2", sess_in=session, sess_out=session).lost()
    machine.write("/etc/nginx/nginx.conf", own)
    machine.do("systemctl", "reload", "nginx")
    assert outlives(machine, prepared)
    assert machine.visit(443, "1.2", sess_in=session).resumed()
    machine.write("/etc/nginx/nginx.conf", with_key_file(own))
    machine.do("sh", "-ec", back)
    assert outlives(machine, prepared)
    assert machine.visit(443, "1.2", sess_in=session).lost()
