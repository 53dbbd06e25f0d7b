# SPDX-License-Identifier: Apache-2.0
"""Line-based servers without TLS, behind stunnel: a greeting, and for every line one answer."""
import contextlib
import socketserver


def speaking(greeting, answer):
    """A handler for socketserver: says `greeting`, then `answer` to each line."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            with contextlib.suppress(ConnectionError):  # clients hang up when they have seen enough
                self.wfile.write(greeting)
                for _ in self.rfile:
                    self.wfile.write(answer)

    return Handler
