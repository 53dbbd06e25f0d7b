# SPDX-License-Identifier: Apache-2.0
"""TCP relays of the tests' own: one that can be cut off, frozen and healed, and a round-robin
balancer."""
import selectors
import socket
import threading


class Relay:
    """
    Listens on a port of loopback and passes connections on to `targets` in turn. cut() breaks all
    connections and
    refuses new ones; freeze() keeps them open and passes nothing on, as a network that swallows
    packets does.
    """

    def __init__(self, targets):
        self.targets = list(targets)
        self.turn = 0
        self.open = True
        self.frozen = False
        self.bytes = 0
        self.accepted = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.pairs = {}
        self.lock = threading.Lock()
        self.stopping = False
        self.wake_read, self.wake_write = socket.socketpair()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(self.wake_read, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        self._wake()
        self.thread.join(10)
        for end in list(self.pairs):
            end.close()
        self.listener.close()
        self.selector.close()
        self.wake_read.close()
        self.wake_write.close()

    def _wake(self):
        self.wake_write.send(b"x")

    def cut(self):
        self.open = False
        self._wake()

    def freeze(self):
        self.frozen = True
        self._wake()

    def heal(self):
        self.open, self.frozen = True, False
        self._wake()

    def _close(self, end):
        other = self.pairs.pop(end, None)
        if other is not None:
            self.pairs.pop(other, None)
        for side in (end, other):
            if side is not None:
                try:
                    self.selector.unregister(side)
                except (KeyError, ValueError):
                    pass
                side.close()

    def _accept(self):
        client, _ = self.listener.accept()
        self.accepted += 1
        if not self.open:
            client.close()
            return
        target = self.targets[self.turn % len(self.targets)]
        self.turn += 1
        try:
            server = socket.create_connection(("127.0.0.1", target), timeout=5)
        except OSError:
            client.close()
            return
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pairs[client], self.pairs[server] = server, client
        self.selector.register(client, selectors.EVENT_READ)
        self.selector.register(server, selectors.EVENT_READ)

    def _pass_on(self, end):
        other = self.pairs.get(end)
        if other is None:
            return
        try:
            data = end.recv(65536)
            if data:
                self.bytes += len(data)
                other.settimeout(5)
                other.sendall(data)
                return
        except OSError:
            pass
        self._close(end)

    def _apply(self):
        if not self.open:
            for end in list(self.pairs):
                self._close(end)

    def _run(self):
        while not self.stopping:
            for key, _ in self.selector.select(0.05 if self.frozen else 1):
                if key.fileobj is self.wake_read:
                    self.wake_read.recv(4096)
                    self._apply()
                elif self.frozen:
                    continue
                elif key.fileobj is self.listener:
                    self._accept()
                else:
                    self._pass_on(key.fileobj)
            if self.frozen:
                threading.Event().wait(0.02)
