# SPDX-License-Identifier: Apache-2.0
"""docs/module.md, typed as it is written on a booted systemd, with the services of Debian's
packages."""
import os
import re
from pathlib import Path

import pytest

from harness import build, documents, guides


RELEASE = re.search("^VERSION_CODENAME=(.*)$", Path("/etc/os-release").read_text(), re.M)[1]
pytestmark = [
    pytest.mark.skipif(
        RELEASE not in ("bookworm", "trixie"), reason="docs/module.md is for Debian 12 and 13"
    ),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot a machine"),
    pytest.mark.skipif(build.sanitized(), reason="the unit does not let a sanitizer work"),
]

# What docs/module.md says of them.
NOT_ON_13 = {
    "h2o": "Debian 13 has none",
    "Postfix": "its unit has another name",
    "Dovecot": "2.4 has another configuration",
    "Redis": "its unit makes a user namespace, which a chroot does not allow",
    "stunnel": "it did not answer on Debian 13; the cause is not known",
}

# One of each kind; the others take long.
SHORT = ("nginx", "Redis", "BIND")


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


def each_of(*titles):
    for service in guides.SERVICES:
        marks = [] if service.title in SHORT else [pytest.mark.long]
        if RELEASE == "trixie" and service.title in NOT_ON_13:
            marks.append(pytest.mark.skip(reason=NOT_ON_13[service.title]))
        if not titles or service.title in titles:
            yield pytest.param(service, id=service.title, marks=marks)


@pytest.mark.parametrize("prepared", each_of(), indirect=True)
def test_what_is_typed_keeps_sessions_and_going_back_takes_it_back(machine, prepared):
    service = prepared
    there, back = documents.blocks(guides.DOCUMENT, service.title)
    assert not guides.outlives(machine, service)
    machine.do("sh", "-ec", there)
    assert guides.outlives(machine, service) == service.survives
    if machine.shows(service.unit, "CanReload") == "yes":
        assert guides.outlives(machine, service, "reload")
    machine.do("sh", "-ec", back)
    assert not guides.outlives(machine, service)
    assert machine.run("systemctl", "cat", service.unit).stdout.count("stek") == 0


def with_key_file(text):
    return text.replace("server {", "ssl_session_ticket_key /etc/nginx/ticket.key;\nserver {")


@pytest.mark.parametrize("prepared", each_of("nginx"), indirect=True)
def test_stek_takes_the_place_of_keys_that_cron_makes(machine, prepared):
    """With the key file both before and after, only the restart costs a handshake."""
    own = prepared.files["/etc/nginx/nginx.conf"]
    there, back = documents.blocks(guides.DOCUMENT, "nginx")
    machine.do("sh", "-c", "openssl rand 80 >/etc/nginx/ticket.key")
    machine.write("/etc/nginx/nginx.conf", with_key_file(own))
    machine.do("systemctl", "restart", "nginx")
    assert guides.outlives(machine, prepared)
    session = "/run/session.pem"
    assert not machine.visit(443, "1.2", sess_out=session).failed()
    machine.do("sh", "-ec", there)
    assert machine.visit(443, "1.2", sess_in=session, sess_out=session).lost()
    machine.write("/etc/nginx/nginx.conf", own)
    machine.do("systemctl", "reload", "nginx")
    assert guides.outlives(machine, prepared)
    assert machine.visit(443, "1.2", sess_in=session).resumed()
    machine.write("/etc/nginx/nginx.conf", with_key_file(own))
    machine.do("sh", "-ec", back)
    assert guides.outlives(machine, prepared)
    assert machine.visit(443, "1.2", sess_in=session).lost()
