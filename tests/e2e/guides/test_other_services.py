# SPDX-License-Identifier: Apache-2.0
"""docs/module.md, on servers whose packages conflict with others that the tests need, or which stek
can do nothing for: they are installed on the booted system, and what the document says is so."""
import os
import re
from pathlib import Path

import pytest

from harness import build, documents, guides
from harness.guides import CERTIFICATE, KEY, Service
from harness.unpacked import fetched


def is_debian_12():
    return "VERSION_CODENAME=bookworm" in Path("/etc/os-release").read_text()


pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not is_debian_12(), reason="docs/module.md is for Debian 12"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot a machine"),
    pytest.mark.skipif(build.sanitized(), reason="the unit does not let a sanitizer work"),
]

MARIADB = Service(
    "MariaDB",
    "mariadb",
    3306,
    {
        "/etc/mysql/mariadb.conf.d/99-tls.cnf": f"[mariadbd]\nssl_cert={CERTIFICATE}\n"
        f"ssl_key={KEY}\n"
    },
    begin="mysql",
)
PROFTPD = Service(
    "ProFTPD",
    "proftpd",
    21,
    {
        "/etc/proftpd/conf.d/tls.conf": "LoadModule mod_tls.c\n<IfModule mod_tls.c>\n"
        f"TLSEngine on\nTLSECCertificateFile {CERTIFICATE}\nTLSECCertificateKeyFile {KEY}\n"
        "TLSProtocol TLSv1.2 TLSv1.3\n</IfModule>\n"
    },
    begin="ftp",
    survives=False,
)
SQUID = Service(
    "Squid",
    "squid",
    3130,
    {
        "/etc/squid/conf.d/tls.conf": f"https_port 3130 tls-cert={CERTIFICATE} tls-key={KEY}\n",
    },
)
EXIM = Service(
    "Exim",
    "exim4",
    25,
    {
        "/etc/exim4/exim4.conf.localmacros": "MAIN_TLS_ENABLE = yes\n"
        f"MAIN_TLS_CERTIFICATE = {CERTIFICATE}\nMAIN_TLS_PRIVATEKEY = {KEY}\n"
    },
)
OWN_KEY = "/etc/postgresql/guide.key"
POSTGRESQL = Service(
    "PostgreSQL",
    "postgresql@15-main",
    5432,
    {
        "/etc/postgresql/15/main/conf.d/tls.conf": f"ssl = on\nssl_cert_file = '{CERTIFICATE}'\n"
        f"ssl_key_file = '{OWN_KEY}'\n"
    },
    before=f"install -o postgres -m 600 {KEY} {OWN_KEY}",
)
PACKAGES = {
    "MariaDB": ("mariadb-server",),
    "ProFTPD": ("proftpd-core", "proftpd-mod-crypto"),
    "Squid": ("squid-openssl",),
    "Exim": ("exim4-daemon-light",),
    "PostgreSQL": ("postgresql",),
}
# They keep port 25 and port 21, and conflict.
IN_THE_WAY = "dpkg --force-unsafe-io --force-depends --remove postfix vsftpd"
INSTALL = "rm -f /usr/sbin/policy-rc.d /var/lib/man-db/auto-update; export DEBIAN_FRONTEND="
INSTALL += f"noninteractive; {IN_THE_WAY}; install() {{ dpkg --force-unsafe-io --force-confold -i "
INSTALL += "/srv/packages/*.deb; }; install || install"  # what a package needs first may come late


@pytest.fixture
def there(machine, request):
    """The service, installed and configured for TLS."""
    service = request.param
    machine.run("rm", "-rf", "/srv/packages")
    machine.path("/srv/packages").mkdir()
    for file in fetched(service.unit, *PACKAGES[service.title]).glob("*.deb"):
        machine.path(f"/srv/packages/{file.name}").write_bytes(file.read_bytes())
    # It may take longer than a command that is waited for.
    machine.do("systemd-run", "--collect", "--wait", "sh", "-ec", INSTALL)
    machine.run("systemctl", "stop", service.unit)
    for path, text in service.files.items():
        machine.write(path, text)
    if service.before:
        machine.do("sh", "-ec", service.before)
    machine.do("systemctl", "restart", service.unit)
    yield service
    machine.run("stek", "disable", service.unit)
    machine.run("systemctl", "stop", service.unit)


def only(*services):
    return pytest.mark.parametrize("there", services, indirect=True, ids=lambda each: each.title)


@only(MARIADB, PROFTPD)
def test_what_is_typed_does_what_the_section_says(machine, there):
    go, back = documents.blocks(guides.DOCUMENT, there.title)
    assert not guides.outlives(machine, there)
    machine.do("sh", "-ec", go)
    assert guides.outlives(machine, there) == there.survives
    assert machine.run("stek", "doctor", there.unit).returncode == 0
    machine.do("sh", "-ec", back)
    assert not guides.outlives(machine, there)
    assert machine.run("systemctl", "cat", there.unit).stdout.count("stek") == 0


@only(SQUID)
def test_squids_worker_ignores_the_configuration_and_doctor_says_so(machine, there):
    machine.write("/etc/stek/conf.d/proxy.conf", "[ring proxy]\ngroup = proxy\n")
    machine.do("systemctl", "reload", "stekd")
    machine.do("stek", "enable", there.unit, "--ring", "proxy")
    assert not guides.outlives(machine, there)
    said = machine.run("stek", "doctor", there.unit).stdout
    assert re.search(r"fault  process \d+ \(squid\) was started with more rights", said), said


def visits(machine, port, protocol):
    """How two visits with one session went, as the document has its reader look."""
    call = f"openssl s_client -connect localhost:{port} -starttls {protocol} -tls1_2"
    lines = [f"{call} -sess_{way} /run/s.pem </dev/null 2>/dev/null" for way in ("out", "in")]
    said = machine.do("sh", "-c", f"rm -f /run/s.pem; {' ; '.join(lines)}; true")
    return re.findall(r"^(New|Reused), TLSv1.2", said, re.MULTILINE), said


@only(EXIM)
def test_exim_uses_gnutls_which_loads_no_module(machine, there):
    assert visits(machine, 25, "smtp")[0] == ["New", "New"]
    said = machine.do("stek", "enable", there.unit, "--ring", "private")
    assert "Fault: it uses GnuTLS" in said
    assert "it uses GnuTLS" in machine.run("stek", "doctor", there.unit).stdout


@only(POSTGRESQL)
def test_postgresql_gives_no_ticket_and_is_not_enabled(machine, there):
    how, said = visits(machine, 5432, "postgres")
    # There is no session to come back with, so the second visit may not even begin.
    assert how and set(how) == {"New"} and "TLS session ticket" not in said
    done = machine.run("stek", "enable", there.unit, "--ring", "private")
    assert done.returncode == 1 and "PostgreSQL gives no session tickets" in done.stderr
