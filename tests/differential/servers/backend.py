# SPDX-License-Identifier: Apache-2.0
"""Plain HTTP servers behind a proxy, each of which says its name."""
import http.server
import socketserver
import threading


class Backend:
    """Answers every request with one line, on self.port."""

    def __init__(self, text):
        class Answer(http.server.BaseHTTPRequestHandler):
            """One request."""

            def do_GET(self):  # pylint: disable=invalid-name
                self.send_response(200)
                self.end_headers()
                self.wfile.write(f"{text}\n".encode())

            def log_message(self, *_):
                pass

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.05}
        )
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
