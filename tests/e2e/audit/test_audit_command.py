# SPDX-License-Identifier: Apache-2.0
"""The command: exit codes, politeness, recordings, other protocols, and what it says about
mistakes."""
import collections
import concurrent.futures
import json
import re
import shlex
import socket
import ssl
import subprocess
import threading
from xml.etree import ElementTree

import pytest

from harness import build
from harness.audit import audit, command, run, run_text
from harness.lines import speaking
from harness.process import free_port, plain_environment
from harness.servers import Broken, SServer, Stunnel, Vsftpd


def test_exit_codes_follow_the_threshold(stock):
    server = stock(Broken, fault="psk-without-dhe")  # one finding of medium
    assert audit(server).status == 0
    assert audit(server, fail_on="medium").status == 3
    assert audit(server, fail_on="never").status == 0


def test_a_target_that_does_not_answer():
    report = run(f"127.0.0.1:{free_port()}")
    assert report.status == 4
    assert report.ids() == {"not-reached"}


def test_a_target_that_speaks_no_tls(certificates):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.listen(64)

        def greet():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"220 hello, this is not TLS at all\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        report = run(f"127.0.0.1:{listener.getsockname()[1]}", ca=certificates.ca)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert report.status == 4
    assert report.ids() == {"not-reached"}


MISTAKES = [
    (["localhost:0"], {}, "a port is a number from 1 to 65535"),
    (["localhost:443:1:"], {}, "allowed: HOST, HOST:PORT or [IPV6]:PORT"),
    (["https://localhost/"], {}, "allowed: HOST, HOST:PORT or [IPV6]:PORT"),
    (["localhost"], {"rate": 0}, "a number from 1 to 1000"),
    (["localhost"], {"tickets": "many"}, "a number from 1 to 10000"),
    (["localhost"], {"over": "soon"}, "allowed: a time"),
    (["localhost"], {"starttls": "ldap"}, "smtp, imap, pop3, ftp, postgres"),
    (["localhost"], {"profile": "rfc7525"}, "allowed: rfc9325"),
    (["localhost"], {"fail_on": "bad"}, "critical, high, medium, low, info, never"),
    (["localhost"], {"cert": "x.pem"}, "one needs the other"),
    (["localhost"], {"alpn": "h2,"}, "names of 1 to 255 characters"),
    (["localhost"], {"every": "1s"}, "--watch"),
    (["localhost"], {"watch": "48h"}, "--record"),
    (["localhost"], {"from": "x"}, "cannot be used with HOST"),
    (["localhost"], {"nonsense": True}, "nonsense"),
    ([], {}, "no target"),
]


@pytest.mark.parametrize("targets, options, said", MISTAKES, ids=lambda value: str(value))
def test_a_mistake_is_explained_in_one_line(targets, options, said):
    done = run_text(*targets, **options)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


FILES = [
    (
        {"ca": "/nonexistent"},
        "stek audit: --ca /nonexistent: No such file or directory: give a file with CA "
        "certificates in PEM\n",
    ),
    ({"ca": "/dev/null"}, "--ca /dev/null: it holds nothing of that kind: give a file with CA"),
    (
        {"cert": "/dev/null", "key": "/dev/null"},
        "--cert /dev/null: it holds nothing of that kind: give a file with the client's",
    ),
    ({"record": "/nonexistent/x"}, "--record /nonexistent/x: No such file or directory"),
    ({"html": "/nonexistent/x"}, "--html /nonexistent/x: No such file or directory"),
]


@pytest.mark.parametrize("options, said", FILES, ids=lambda value: str(value))
def test_a_file_that_cannot_be_used_is_told_before_any_connection(options, said):
    done = run_text(f"localhost:{free_port()}", **options)
    assert done.returncode == 1
    assert said in done.stderr
    assert "connections" not in done.stderr
    assert done.stdout == ""


def test_the_key_of_another_certificate_is_said_to_be_one(certificates):
    of_another = {"cert": certificates.client.cert, "key": certificates.server.key}
    done = run_text(f"localhost:{free_port()}", **of_another)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"stek audit: --key {certificates.server.key}: it is another key than the certificate's: "
        "give a file with the private key of --cert in PEM\n"
    )


def on_a_terminal(folder, *targets, environment=(), **options):
    """All that a run prints on a terminal, standard error among it."""
    typescript = folder / "typescript"
    colours = {"NO_COLOR": None} | dict(environment)
    env = {
        name: value
        for name, value in (plain_environment(TERM="xterm") | colours).items()
        if value is not None
    }
    subprocess.run(
        [
            "script",
            "--quiet",
            "--return",
            "--command",
            shlex.join(command(*targets, **options)),
            typescript,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=False,
        timeout=120,
        env=env,
    )
    return typescript.read_bytes().decode()


def test_a_terminal_gets_colour_and_a_line_that_says_how_long_it_will_take(stock, folder):
    server = stock(Broken, fault="no-mac")
    shown = on_a_terminal(folder, f"localhost:{server.port}", ca=server.pki.ca, tickets=20, rate=40)
    assert re.search(r"\r\x1b\[K\d+ of at most \d+ connections, at most \d+ s left", shown)
    assert re.search(r"\x1b\[[0-9;]*mcritical", shown)
    assert shown.rindex("\x1b[K") < shown.index("Audit of session tickets")  # gone before the table


def test_a_terminal_that_wants_no_colour_gets_none(stock, folder):
    server = stock(Broken, fault="no-mac")
    shown = on_a_terminal(
        folder,
        f"localhost:{server.port}",
        ca=server.pki.ca,
        tickets=4,
        rate=1000,
        environment={"NO_COLOR": "1"},
    )
    assert "Audit of session tickets" in shown
    assert "\x1b[" not in shown.replace("\x1b[K", "")


def test_it_says_how_many_connections_before_it_makes_them_and_keeps_to_it(stock):
    report = audit(stock(Broken), tickets=30)
    said = re.search(
        r"at most (\d+) connections to 1 target, at most (\d+) a second", report.stderr
    )
    assert report.whole["handshakes"] <= int(said.group(1))
    assert report.stderr.startswith("stek audit: at most")


def test_the_rate_is_kept_to(stock, folder):
    recording = folder / "seen.jsonl"
    audit(stock(Broken), tickets=2, rate=10, record=recording)
    seconds = collections.Counter(
        json.loads(line)["at"]
        for line in recording.read_text().splitlines()
        if '"handshake","purpose"' in line
    )
    assert sum(seconds.values()) > 60
    assert max(seconds.values()) <= 11  # one may fall into each end of a second


def test_first_handshakes_are_spread_over_the_time_asked_for(stock, folder):
    recording = folder / "seen.jsonl"
    audit(stock(Broken), tickets=8, over="4s", record=recording)
    offers = [
        json.loads(line)["at"] for line in recording.read_text().splitlines() if '"offer"' in line
    ]
    assert max(offers[:8]) - min(offers[:8]) >= 3


def test_a_recording_gives_the_same_findings_again(stock, folder):
    recording = folder / "seen.jsonl"
    first = audit(stock(Broken, fault="no-mac"), record=recording)
    again = run(**{"from": recording})
    assert again.findings == first.findings
    assert again.status == first.status == 3
    assert again.whole["targets"] == first.whole["targets"]
    assert recording.stat().st_mode & 0o777 == 0o600


def test_a_recording_is_not_overwritten(folder):
    recording = folder / "seen.jsonl"
    recording.write_text("something else\n")
    done = run_text("localhost", record=recording)
    assert done.returncode == 1
    assert "exists already" in done.stderr
    assert recording.read_text() == "something else\n"


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "line 1: a recording begins with a line of the type 'audit'"),
        ("{\n", ": give a file that --record wrote"),
        (
            '{"type":"target"}\n',
            "line 1: a recording begins with a line of the type 'audit': give a file that --record",
        ),
        ('{"type":"audit","version":2}\n', "line 1: not a recording of version 1"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_with_its_line(folder, text, said):
    recording = folder / "seen.jsonl"
    recording.write_text(text)
    done = run_text(**{"from": recording})
    assert done.returncode == 1
    assert said in done.stderr


def test_no_secret_of_a_session_is_in_a_report(stock, folder):
    recording, page = folder / "seen.jsonl", folder / "page.html"
    report = audit(stock(Broken), record=recording, html=page)
    table = run_text(**{"from": recording}).stdout
    shown = page.read_text() + json.dumps(report.whole) + table
    secrets = [
        json.loads(line)["secret"]
        for line in recording.read_text().splitlines()
        if '"secret"' in line
    ]
    assert len(secrets) > 20
    assert not [secret for secret in secrets if secret in shown]


def test_the_table_fits_80_columns(stock):
    server = stock(Broken, fault="no-mac")
    done = run_text(f"localhost:{server.port}", ca=server.pki.ca, tickets=20, rate=1000)
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout


def test_help_fits_80_columns():
    done = run_text(help=True)
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_every_finding_has_an_example_in_the_manual():
    ids = re.findall(
        r'{"([a-z0-9-]+)",\s+STEK_AUDIT_', (build.REPOSITORY / "src/audit/finding.c").read_text()
    )
    manual = (build.REPOSITORY / "man/stek-audit.1.scd").read_text()
    assert len(ids) > 30
    told = dict(re.findall(r"^\*([a-z0-9-]+)\* \([^\n]*\n((?:\t[^\n]*\n|\n(?=\t))+)", manual, re.M))
    assert sorted(told) == sorted(ids)
    assert not [name for name, text in told.items() if not re.search(r"_[^_]{10,}_", text)]


def test_ipv6(stock):
    server = stock(SServer, address="[::1]")
    report = run(f"[::1]:{server.port}", sni="localhost", ca=server.pki.ca)
    assert "resumes" in report.ids()
    assert report.whole["targets"][0]["address"] == "::1"


def test_a_client_certificate_is_shown_where_it_is_asked_for(running):
    server = running(
        SServer, None, client_certificate=True, options=["-Verify", "1", "-verify_return_error"]
    )
    without = audit(server)
    assert "resumes" not in without.ids()
    report = audit(server, cert=server.client_certificate.cert, key=server.client_certificate.key)
    assert "resumes" in report.ids()


def test_alpn_is_offered(stock):
    server = stock(SServer, options=["-alpn", "imap"])
    assert "resumes" in audit(server, alpn="imap").ids()
    if ssl.OPENSSL_VERSION_INFO >= (3,):  # s_server of 1.1.1 goes on without a protocol
        assert audit(server, alpn="smtp").status == 4


BEHIND_STUNNEL = {
    "smtp": (b"220 a.example ESMTP\r\n", b"250 fine\r\n"),
    "imap": (b"* OK IMAP4rev1\r\n", b"a OK\r\n"),
    "pop3": (b"+OK\r\n", b"+OK\r\n"),
    "postgres": (b"", b""),
}
STUNNELS = {"postgres": "pgsql"}  # its name for it


def test_starttls(stock):
    """All at the same time: stunnel itself waits a fifth of a second in each connection of two of
    them."""
    with concurrent.futures.ThreadPoolExecutor(len(BEHIND_STUNNEL)) as pool:
        reports = {
            protocol: pool.submit(
                audit,
                stock(
                    Stunnel,
                    options=f"protocol = {STUNNELS.get(protocol, protocol)}",
                    backend=speaking(*lines),
                ),
                starttls=protocol,
                tickets=4,
            )
            for protocol, lines in BEHIND_STUNNEL.items()
        }
    for protocol, report in reports.items():
        assert {found.version for found in report.result().of("resumes")} == {
            "1.2",
            "1.3",
        }, protocol
        assert report.result().status == 0


def test_starttls_of_ftp(stock):
    report = audit(stock(Vsftpd), starttls="ftp")
    assert report.of("offered")


def test_starttls_that_is_refused_is_told(stock):
    report = audit(stock(Vsftpd), starttls="smtp")
    assert report.status == 4
    assert "STARTTLS" in report.observed("not-reached")


@pytest.mark.parametrize("form", ["sarif", "junit"])
def test_pipelines_are_told_the_same_findings(stock, folder, form):
    recording = folder / "seen.jsonl"
    report = audit(stock(Broken, fault="no-mac"), tickets=4, record=recording)
    text = run_text(format=form, **{"from": recording}).stdout
    if form == "sarif":
        found = [result["ruleId"] for result in json.loads(text)["runs"][0]["results"]]
    else:
        found = [case.get("name") for case in ElementTree.fromstring(text).iter("testcase")]
    assert "no-mac" in found and found == [finding.id for finding in report.findings]
