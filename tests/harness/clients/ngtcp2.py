# SPDX-License-Identifier: Apache-2.0
"""ngtcp2's HTTP/3 client, whose TLS is GnuTLS. It keeps its session in a file."""
import re
import shutil
import subprocess

from ..process import plain_environment
from .quic import TIMEOUT_S, Visit

PROGRAM = "gtlsclient"
IS_THERE = shutil.which(PROGRAM) is not None
# It does not say whether it resumed, so nginx has to.
TELLS = "add_header resumed $ssl_session_reused;"


class Visitor:
    """visitor = Visitor(nginx.port, folder); visitor.visit(). The server has TELLS in its
    directives, and answers with less than a line."""

    def __init__(self, port, folder, server_name="a.example"):
        self.port, self.folder, self.server_name = port, folder, server_name
        self.session = folder / "session.pem"

    def visits(self, count):
        return [self.visit() for _ in range(count)]

    def visit(self):
        """Gets one page and waits for a ticket."""
        offered = self.session.exists()
        done = subprocess.run(
            [
                PROGRAM,
                "--no-quic-dump",
                "--no-http-dump",
                "--exit-on-all-streams-close",
                "--wait-for-ticket",
                "--disable-early-data",
                f"--sni={self.server_name}",
                f"--session-file={self.session}",
                f"--tp-file={self.folder / 'transport'}",
                f"--download={self.folder}",
                "127.0.0.1",
                str(self.port),
                f"https://{self.server_name}/page",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=plain_environment(),
            timeout=TIMEOUT_S,
            check=True,
        )
        said = re.search(r"\[resumed: (.)\]", done.stdout)
        assert said, done.stdout[-2000:]
        page = self.folder / "page"
        answer = page.read_text().strip()
        page.unlink()
        return Visit(offered, said[1] == "r", 1, None, answer)
