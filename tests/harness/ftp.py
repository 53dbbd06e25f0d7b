# SPDX-License-Identifier: Apache-2.0
"""A client of FTP servers that demand the session of the control connection on data connections."""
import ftplib
import ssl

HOST = "a.example"
TEXT = "some data\n"
TIMEOUT_S = 15


class _Client(ftplib.FTP_TLS):
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


def _context(tls):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[tls]
    context.minimum_version = context.maximum_version = version
    return context


def fetch(server, tls, data_host=None, offers_session=True):
    """
    A file of the server, and whether its data connection resumed. The control connection names HOST,
    the data connection data_host (None: no host). Raises ftplib.Error when the server refuses.
    """
    server.write("file", TEXT)
    client = _Client(context=_context(tls), timeout=TIMEOUT_S)
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
