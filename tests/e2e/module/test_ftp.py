# SPDX-License-Identifier: Apache-2.0
"""
FTP servers demand that a data connection resumes the session of its control connection. The recipe
in stek-openssl(5) is for clients that name the host on the control connection only.
"""
import ftplib
import ssl
import subprocess

import pytest

from harness.client import VERSIONS
from harness.process import plain_environment
from harness.servers import Proftpd, Vsftpd
from harness.stekd import Stekd

HOST = "a.example"
TEXT = "some data\n"
TIMEOUT_S = 15

each_version = pytest.mark.parametrize("tls", VERSIONS)
each_server = pytest.mark.parametrize("program", [Vsftpd, Proftpd], ids=lambda p: p.name)
with_and_without_tickets = pytest.mark.parametrize(
    "options", ["", "TLSSessionTickets on"], ids=["default", "tickets"]
)


class Client(ftplib.FTP_TLS):
    """ftplib, which offers the session of the control connection for the data."""

    data_host = None
    offers_session = True
    resumed = False

    def ntransfercmd(self, cmd, rest=None):
        sock, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        session = self.sock.session if self.offers_session else None
        data = self.context.wrap_socket(sock, server_hostname=self.data_host, session=session)
        self.resumed = data.session_reused
        return data, size


def context_for(tls):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[tls]
    context.minimum_version = context.maximum_version = version
    return context


def skip_where_tickets_are_refused(program, tls):
    """ProFTPD 1.3.7 of Debian 11: "client reused TLS session", then "did not reuse TLS session"."""
    if program is Proftpd and tls == "1.2" and ssl.OPENSSL_VERSION_NUMBER < 0x30000000:
        pytest.skip("ProFTPD 1.3.7 refuses a session of a ticket in TLS 1.2, without stek as well")


def fetch(server, tls, data_host=None, offers_session=True):
    """
    A file of the server, and whether its data connection resumed. The control connection names
    HOST, the data connection data_host (None: no host). Raises ftplib.Error when refused.
    """
    server.write("file", TEXT)
    client = Client(context=context_for(tls), timeout=TIMEOUT_S)
    client.data_host, client.offers_session = data_host, offers_session
    try:
        client.connect("127.0.0.1", server.port)
        client.host = HOST
        client.login()
        client.prot_p()
        lines = []
        client.retrlines("RETR file", lambda line: lines.append(line + "\n"))
        return "".join(lines), client.resumed
    finally:
        client.close()


def fetch_with_curl(server, tls, ca):
    """The file by curl, which names the host on both connections."""
    server.write("file", TEXT)
    return subprocess.run(
        ["curl", "-sS", "--ssl-reqd", f"--tlsv{tls}", "--tls-max", tls, "--cacert", ca]
        + ["--resolve", f"{HOST}:{server.port}:127.0.0.1", "--max-time", str(TIMEOUT_S)]
        + [f"ftp://{HOST}:{server.port}/file"],
        capture_output=True,
        text=True,
        env=plain_environment(),
    )


@each_version
@each_server
def test_control_without_stek_a_data_connection_resumes_under_no_name(stock, program, tls):
    skip_where_tickets_are_refused(program, tls)
    assert fetch(stock(program), tls) == (TEXT, True)


@each_version
@each_server
def test_control_a_data_connection_that_offers_no_session_is_refused(stock, program, tls):
    with pytest.raises(ftplib.Error):
        fetch(stock(program), tls, offers_session=False)


@each_version
def test_with_any_name_vsftpd_takes_a_data_connection_that_names_no_host(loaded, tls):
    assert fetch(loaded(Vsftpd, stek={"names": "any"}), tls) == (TEXT, True)


@each_version
def test_by_default_vsftpd_refuses_it(loaded, tls):
    with pytest.raises(ftplib.error_perm, match="session reuse required"):
        fetch(loaded(Vsftpd), tls)


@each_version
def test_vsftpd_takes_a_data_connection_that_names_the_host_again(loaded, tls):
    assert fetch(loaded(Vsftpd), tls, data_host=HOST) == (TEXT, True)


@each_version
@each_server
def test_curl_names_the_host_on_both_and_needs_no_setting(loaded, program, certificates, tls):
    done = fetch_with_curl(loaded(program), tls, certificates.ca)
    assert (done.stdout, done.returncode) == (TEXT, 0), done.stderr


@each_version
@with_and_without_tickets
def test_proftpd_needs_no_setting(loaded, options, tls):
    """Its own session-ticket callbacks replace stek's, which look at the name."""
    skip_where_tickets_are_refused(Proftpd, tls)
    assert fetch(loaded(Proftpd, options=options), tls) == (TEXT, True)


@each_version
@with_and_without_tickets
def test_nor_does_proftpd_with_a_ring_that_stekd_keeps(loaded, folder, options, tls):
    skip_where_tickets_are_refused(Proftpd, tls)
    with Stekd(folder / "stekd", web={}) as daemon:
        server = loaded(Proftpd, stek={"ring": daemon.ring("web")}, options=options)
        assert fetch(server, tls) == (TEXT, True)
        assert daemon.status("web")["tickets"]["sealed"] > 0
