# SPDX-License-Identifier: Apache-2.0
"""A relay before an etcd in the clear that knows a write when it sees one, and what shall become of
it."""
import time

from .proxy import Relay

FRAME_HEAD, DATA = 9, 0


def has_data_frame(stream):
    """Whether a whole DATA frame (RFC 9113 section 4.1) is in what one side of an HTTP/2 connection
    has sent."""
    at = 0
    while at + FRAME_HEAD <= len(stream):
        length, kind = int.from_bytes(stream[at : at + 3], "big"), stream[at + 3]
        at += FRAME_HEAD + length
        if kind == DATA and at <= len(stream):
            return True
    return False


class Interceptor(Relay):
    """
    `marker` is what a client's bytes contain if they are a write. For each one `choose()` gives its
    fate: "pass"; "lose-request":
    the connection breaks before etcd has it; "lose-answer": it breaks when etcd has answered,
    before the answer is passed on;
    "late": it breaks, and etcd gets the request half a second later. `done` counts the fates.
    """

    def __init__(self, targets, marker, choose):
        super().__init__(targets)
        self.marker, self.choose = marker, choose
        self.clients = set()
        self.answers = (
            {}
        )  # the etcd's end of a connection whose answer is to be lost: what came from it
        self.late = []  # (when, etcd's end, bytes)
        self.done = {}

    def _accept(self):
        before = set(self.pairs)
        super()._accept()
        self.clients |= {
            end for end in set(self.pairs) - before if end.getsockname()[1] == self.port
        }

    def _pass_on(self, end):
        self._send_late()
        if end in self.answers:
            self._swallow(end)
        elif end in self.clients and self.pairs.get(end) is not None:
            self._judge(end)
        else:
            super()._pass_on(end)

    def _swallow(self, end):
        data = end.recv(65536)
        self.answers[end] += data
        if not data or has_data_frame(self.answers[end]):
            del self.answers[end]
            self._close(end)

    def _judge(self, end):
        server = self.pairs[end]
        try:
            data = end.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._close(end)
            return
        fate = self.choose() if self.marker in data else "pass"
        if self.marker in data:
            self.done[fate] = self.done.get(fate, 0) + 1
        if fate == "lose-request":
            self._close(end)
            return
        if fate == "late":
            self._part(end, server, data)
            return
        server.sendall(data)
        if fate == "lose-answer":
            self.answers[server] = b""

    def _part(self, end, server, data):
        """Closes the client's end alone; etcd's waits for its bytes."""
        self.late.append((time.monotonic() + 0.5, server, data))
        self.pairs.pop(server)
        self.pairs.pop(end)
        self.selector.unregister(server)
        self.selector.unregister(end)
        end.close()

    def _send_late(self):
        for entry in [entry for entry in self.late if time.monotonic() >= entry[0]]:
            self.late.remove(entry)
            _, server, data = entry
            server.sendall(data)
            server.settimeout(1)
            try:
                while not has_data_frame(server.recv(65536)):
                    pass
            except OSError:
                pass
            server.close()
