# SPDX-License-Identifier: Apache-2.0
"""Servers as services of a booted machine, configured for TLS as their users have them before they
read docs/module.md."""
import dataclasses
import struct
import subprocess

from ..client import VERSIONS, Visitor
from ..process import is_listening, wait_for

DOCUMENT = "docs/module.md"
# The visitor runs in the machine, with a copy of these files.
VISITOR = """
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, "/srv/tests")
from harness import guides
guides.come_back(*sys.argv[1:])
"""
CERTIFICATE, KEY, BOTH = "/etc/ssl/guide.crt", "/etc/ssl/guide.key", "/etc/ssl/guide.pem"


@dataclasses.dataclass(frozen=True)
class Service:
    """A section of the document, and what is there before: `files` are written or added to
    ("+PATH"), and `before` is typed. `begin` speaks until TLS begins."""

    title: str
    unit: str
    port: int
    files: dict = dataclasses.field(default_factory=dict)
    before: str = ""
    begin: str = ""
    survives: bool = True  # whether sessions outlive the server once it was enabled


WSGI = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
"""
ASGI = """
async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
"""
NODE = f"""
const fs = require('fs');
const identity = {{ cert: fs.readFileSync('{CERTIFICATE}'), key: fs.readFileSync('{KEY}') }};
require('https').createServer(identity, (_, answer) => answer.end('hello')).listen(8443);
"""
PHP = f"""<?php
$context = stream_context_create(['ssl' => ['local_cert' => '/etc/ssl/guide.pem']]);
$flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
$server = stream_socket_server('tls://0.0.0.0:8443', $number, $text, $flags, $context);
while (true) {{
    $client = @stream_socket_accept($server, 60);
    if ($client) {{ fwrite($client, "hello"); fclose($client); }}
}}
"""


def unit(command, user="www-data"):
    return f"[Service]\nUser={user}\nWorkingDirectory=/srv\nExecStart={command}\n"


SERVICES = (
    Service(
        "nginx",
        "nginx",
        443,
        {
            "/etc/nginx/nginx.conf": "pid /run/nginx.pid;\nuser www-data;\nevents { }\nhttp {\n"
            f"server {{ listen 443 ssl; ssl_certificate {CERTIFICATE};\n"
            "ssl_protocols TLSv1.2 TLSv1.3;"
            f"ssl_certificate_key {KEY}; return 200 ok; }}\n}}\n"
        },
    ),
    Service("Apache", "apache2", 443, before="a2enmod -q ssl && a2ensite -q default-ssl"),
    Service(
        "HAProxy",
        "haproxy",
        443,
        {
            "/etc/haproxy/haproxy.cfg": "global\n user haproxy\n group haproxy\n"
            " chroot /var/lib/haproxy\n"
            "defaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 5s\n"
            "frontend web\n bind :443 ssl crt /etc/ssl/guide.pem\n http-request return status 200\n"
        },
    ),
    Service(
        "h2o",
        "h2o",
        443,
        {
            "/etc/h2o/h2o.conf": "user: debian-h2o\npid-file: /run/h2o.pid\nlisten:\n  port: 443\n"
            f"  ssl:\n    certificate-file: {CERTIFICATE}\n    key-file: {KEY}\n"
            "hosts:\n  default:\n    paths:\n      /:\n        file.dir: /var/www\n"
        },
    ),
    Service(
        "Postfix",
        "postfix@-",
        25,
        before="cp /usr/share/postfix/main.cf.debian /etc/postfix/main.cf && "
        f"postconf -e smtpd_tls_cert_file={CERTIFICATE} smtpd_tls_key_file={KEY} "
        "smtpd_tls_security_level=may inet_interfaces=127.0.0.1 myhostname=localhost "
        "inet_protocols=ipv4 maillog_file=/var/log/postfix.log",
        begin="smtp",
    ),
    Service(
        "Dovecot",
        "dovecot",
        993,
        {
            "/etc/dovecot/dovecot.conf": "protocols = imap\nlisten = 127.0.0.1\nssl = required\n"
            f"ssl_cert = <{CERTIFICATE}\nssl_key = <{KEY}\n!include_try local.conf\n"
        },
    ),
    Service(
        "vsftpd",
        "vsftpd",
        21,
        {
            "/etc/vsftpd.conf": "listen=YES\nssl_enable=YES\nssl_tlsv1=YES\n"
            f"rsa_cert_file={CERTIFICATE}\nrsa_private_key_file={KEY}\n"
            "local_enable=YES\nssl_ciphers=HIGH\n"
        },
        begin="ftp",
    ),
    Service(
        "Redis",
        "redis-server",
        6379,
        {
            "+/etc/redis/redis.conf": f"port 0\ntls-port 6379\ntls-cert-file {CERTIFICATE}\n"
            f"tls-key-file {KEY}\ntls-ca-cert-file {CERTIFICATE}\n"
            "tls-auth-clients no\n"
        },
    ),
    Service(
        "Mosquitto",
        "mosquitto",
        8883,
        {
            "/etc/mosquitto/conf.d/tls.conf": f"listener 8883 127.0.0.1\ncertfile {CERTIFICATE}\n"
            f"keyfile {KEY}\n"
        },
    ),
    Service(
        "BIND",
        "named",
        853,
        {
            "/etc/bind/named.conf": f'tls local {{ cert-file "{CERTIFICATE}";\n'
            f'key-file "{KEY}"; }};\n'
            "options { directory \"/var/cache/bind\"; listen-on-v6 { none; };\n"
            "listen-on port 853 tls local { 127.0.0.1; }; };\n"
        },
    ),
    Service(
        "Unbound",
        "unbound",
        853,
        {
            "/etc/unbound/unbound.conf": "server:\n  interface: 127.0.0.1@853\n  chroot: \"\"\n"
            f"  tls-service-pem: {CERTIFICATE}\n  tls-service-key: {KEY}\n"
        },
    ),
    Service(
        "dnsdist",
        "dnsdist",
        853,
        {"/etc/dnsdist/dnsdist.conf": f'addTLSLocal("127.0.0.1:853", "{CERTIFICATE}", "{KEY}")\n'},
    ),
    Service(
        "stunnel",
        "stunnel@web",
        443,
        {
            "/etc/stunnel/web.conf": "foreground = yes\npid =\n[web]\naccept = 443\nconnect = 80\n"
            f"cert = {CERTIFICATE}\nkey = {KEY}\n"
        },
        survives=False,
    ),
    Service(
        "Gunicorn",
        "app",
        8443,
        {
            "/srv/app.py": WSGI,
            "/etc/systemd/system/app.service": unit(
                f"gunicorn -b 127.0.0.1:8443 --certfile {CERTIFICATE} --keyfile {KEY} "
                "--workers 2 app:application"
            ),
        },
    ),
    Service(
        "Uvicorn",
        "app",
        8443,
        {
            "/srv/app.py": ASGI,
            "/etc/systemd/system/app.service": unit(
                f"uvicorn --port 8443 --ssl-certfile {CERTIFICATE} --ssl-keyfile {KEY} "
                "--workers 2 app:application"
            ),
        },
    ),
    Service(
        "Node.js",
        "app",
        8443,
        {"/srv/app.js": NODE, "/etc/systemd/system/app.service": unit("node /srv/app.js")},
    ),
    Service(
        "PHP",
        "app",
        8443,
        {"/srv/app.php": PHP, "/etc/systemd/system/app.service": unit("php /srv/app.php")},
    ),
)


def _line(sock):
    text = b""
    while not text.endswith(b"\n"):
        part = sock.recv(1)
        if not part:
            raise ConnectionError(f"ends after {text}")
        text += part
    return text


def _bytes(sock, length):
    text = b""
    while len(text) < length:
        part = sock.recv(length - len(text))
        if not part:
            raise ConnectionError(f"ends after {text}")
        text += part
    return text


def _smtp_answer(sock):
    while _line(sock)[3:4] == b"-":
        pass


def smtp(sock):
    _smtp_answer(sock)
    for order in b"EHLO localhost\r\n", b"STARTTLS\r\n":
        sock.sendall(order)
        _smtp_answer(sock)


def ftp(sock):
    _line(sock)
    sock.sendall(b"AUTH TLS\r\n")
    _line(sock)


def mysql(sock):
    """The greeting, then a request for TLS: its capabilities, a length, a character set."""
    length = int.from_bytes(_bytes(sock, 4)[:3], "little")
    _bytes(sock, length)
    asked = struct.pack("<IIB23x", 0x0000AA85 | 0x0800, 1 << 24, 33)
    sock.sendall(len(asked).to_bytes(3, "little") + b"\1" + asked)


def postgres(sock):
    sock.sendall(struct.pack(">II", 8, 80877103))
    if _bytes(sock, 1) != b"S":
        raise ConnectionError("no TLS")


BEGIN = {"": None, "smtp": smtp, "ftp": ftp, "mysql": mysql, "postgres": postgres}


class Place:
    """What a Visitor visits."""

    def __init__(self, port, begin):
        self.port = int(port)
        if BEGIN[begin]:
            self.begin = BEGIN[begin]


def visit(visitor, place):
    """Whether it resumed; None where the server is not ready yet."""
    try:
        return (visitor.visit(place), True)
    except OSError:
        return None


def come_back(unit_name, port, begin="", order="restart"):
    """In the machine: visits a service, restarts it or what else `order` says to systemd, and
    visits it again; says how that was."""
    place, visitors = Place(port, begin), [Visitor(tls) for tls in VERSIONS]
    for visitor in visitors:
        wait_for(lambda: visit(visitor, place), "a visit")
    subprocess.run(["systemctl", order, unit_name], check=True)
    wait_for(lambda: is_listening(place.port), "the service")
    resumed = {wait_for(lambda: visit(visitor, place), "a visit")[0] for visitor in visitors}
    print({True: "resumed", False: "full"}[resumed.pop()] if len(resumed) == 1 else "differs")


def outlives(machine, service, order="restart"):
    """Whether sessions of either version resume after a restart of the service, or its reload."""
    argv = ["/usr/bin/python3", "-c", VISITOR, service.unit, service.port, service.begin, order]
    said = machine.do(*argv)
    assert said in ("resumed\n", "full\n"), said
    return said == "resumed\n"
