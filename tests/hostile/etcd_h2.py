# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 (RFC 9113) and gRPC as far as a hostile peer in etcd's place needs them."""
import select
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST, SETTINGS, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM = ACK = 1
END_HEADERS = 4
CHUNK = 16384


# ---- encodings ----


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def number(field, value):
    return varint(field << 3) + varint(value)


def nested(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def length(count):
    """A length of HPACK, RFC 7541 section 5.1: 7 bits, then more."""
    return bytes([count]) if count < 127 else b"\x7f" + varint(count - 127)


def fields(*pairs):
    """Header fields as literals that enter no table, RFC 7541 section 6.2.2."""
    return b"".join(
        b"\x00" + length(len(name)) + name + length(len(value)) + value for name, value in pairs
    )


def grpc(message, flag=0, claimed=None):
    return bytes([flag]) + struct.pack(">I", len(message) if claimed is None else claimed) + message


OK_HEAD = b"\x88" + fields((b"content-type", b"application/grpc"))
REVISION = 5


def etcd_header():
    return nested(1, number(1, 77) + number(3, REVISION))


def key_value(key, value, revision):
    return nested(1, key) + number(2, revision) + number(3, revision) + nested(5, value)


# ---- a connection ----


class Peer:
    def __init__(self, connection):
        self.socket = connection
        self.buffer = b""
        self.credit = {0: 65535}  # flow control: of the connection and of streams
        self.first_credit = 65535
        self.asked = {}  # what a stream has sent, and whether it has ended
        self.ready = []  # requests that are whole
        self.begun = set()  # streams whose answer has a head

    def send(self, kind, flags, stream, payload=b"", claimed=None):
        count = len(payload) if claimed is None else claimed
        head = struct.pack(">I", count)[1:] + bytes([kind, flags]) + struct.pack(">I", stream)
        self.socket.sendall(head + payload)

    def settings(self, *pairs):
        self.send(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))

    def head(self, stream, block=OK_HEAD, flags=END_HEADERS):
        self.send(HEADERS, flags, stream, block)

    def data(self, stream, data, flags=0):
        """As much as the other end lets through, and in the end all."""
        while data:
            room = min(self.credit[0], self.credit.get(stream, self.first_credit), CHUNK, len(data))
            if room <= 0:
                self.take(10)
                continue
            self.credit[0] -= room
            self.credit[stream] = self.credit.get(stream, self.first_credit) - room
            piece, data = data[:room], data[room:]
            self.send(DATA, flags if not data else 0, stream, piece)
            self.take(0)

    def end(self, stream, *pairs):
        self.head(stream, fields(*(pairs or [(b"grpc-status", b"0")])), END_HEADERS | END_STREAM)

    def answer(self, stream, message):
        self.head(stream)
        self.data(stream, grpc(message))
        self.end(stream)

    def take(self, wait_s):
        """What has come; control frames are answered, requests are put into `ready`."""
        if not select.select([self.socket], [], [], wait_s)[0]:
            return
        came = self.socket.recv(65536)
        if not came:
            raise ConnectionError
        self.buffer += came
        while len(self.buffer) >= 9:
            count = int.from_bytes(self.buffer[:3], "big")
            if len(self.buffer) < 9 + count:
                break
            kind, flags = self.buffer[3], self.buffer[4]
            stream = int.from_bytes(self.buffer[5:9], "big")
            payload, self.buffer = self.buffer[9 : 9 + count], self.buffer[9 + count :]
            self.took(kind, flags, stream, payload)

    def took(self, kind, flags, stream, payload):
        if kind == SETTINGS and not flags & ACK:
            for at in range(0, len(payload), 6):
                name, value = struct.unpack(">HI", payload[at : at + 6])
                if name == 4:
                    self.first_credit = value
            self.send(SETTINGS, ACK, 0)
        elif kind == PING and not flags & ACK:
            self.send(PING, ACK, 0, payload)
        elif kind == WINDOW:
            more = int.from_bytes(payload, "big")
            self.credit[stream] = (
                self.credit.get(stream, 0 if stream == 0 else self.first_credit) + more
            )
        elif kind == DATA:
            said, _ = self.asked.get(stream, (b"", False))
            self.asked[stream] = (said + payload, bool(flags & END_STREAM))
            self.sort(stream)

    def sort(self, stream):
        """Whole messages of a stream; those of a watch come one by one."""
        said, ended = self.asked[stream]
        while len(said) >= 5 and len(said) >= 5 + int.from_bytes(said[1:5], "big"):
            count = int.from_bytes(said[1:5], "big")
            self.ready.append((stream, what_is(said[5 : 5 + count], ended), said[5 : 5 + count]))
            said = said[5 + count :]
        self.asked[stream] = (said, ended)

    def begin(self):
        while len(self.buffer) < len(PREFACE):
            came = self.socket.recv(65536)
            if not came:
                raise ConnectionError
            self.buffer += came
        self.buffer = self.buffer[len(PREFACE) :]

    def requests(self):
        while True:
            while not self.ready:
                self.take(10)
            yield self.ready.pop(0)


def what_is(message, ended):
    """Which call it is, by its first field."""
    if not ended:
        return {0x0A: "watch", 0x12: "cancel", 0x1A: "progress", 0x08: "alive"}.get(
            message[0] if message else 0, "watch"
        )
    if message[:1] == b"\x08":
        return "lease"
    return "range" if b"/stek" in message[:9] and message[:1] == b"\x0a" else "write"


def watch_id(message):
    """Of a WatchRequest's create_request: its field 7, behind one of small numbers."""
    at = message.rindex(b"\x38") + 1
    value, shift = 0, 0
    while True:
        value |= (message[at] & 127) << shift
        shift += 7
        if message[at] < 128:
            return value
        at += 1


def agree(peer, stream, what, message):
    """As an etcd that is empty and agrees to everything."""
    if what == "watch":
        if stream not in peer.begun:
            peer.head(stream)
        peer.begun.add(stream)
        peer.data(stream, grpc(etcd_header() + number(2, watch_id(message)) + number(3, 1)))
    elif what == "progress":
        peer.data(stream, grpc(etcd_header() + number(2, (1 << 64) - 1)))
    elif what == "write":
        peer.answer(stream, etcd_header() + number(2, 1))
    elif what == "lease":
        peer.answer(stream, etcd_header() + number(3, 60))
    elif what == "range":
        peer.answer(stream, etcd_header())
