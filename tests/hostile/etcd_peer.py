#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
A hostile peer in etcd's place, on loopback, in the clear.

    etcd_peer.py MODE PORT

Whatever MODE does not spoil is answered as by an etcd that is empty and agrees to everything.
`etcd_peer.py` alone prints the modes.
"""
import itertools
import socket
import struct
import sys
import threading
import time

import etcd_connections
from etcd_h2 import (
    CHUNK,
    CONTINUATION,
    END_STREAM,
    OK_HEAD,
    REVISION,
    RST,
    Peer,
    agree,
    etcd_header,
    fields,
    grpc,
    key_value,
    nested,
    number,
    watch_id,
)

MESSAGE_MAX = 4 << 20  # what stekd takes
COUNTER = itertools.count()

INSTEAD = {}  # what a mode does with a request, in place of an answer


def instead(function):
    INSTEAD[function.__name__] = function
    return function


@instead
def trickle(peer, stream, what, message):
    """an answer byte by byte, with pauses"""
    sent = peer.socket
    whole = []
    peer.send = lambda kind, flags, stream, payload=b"": whole.append(
        struct.pack(">I", len(payload))[1:]
        + bytes([kind, flags])
        + struct.pack(">I", stream)
        + payload
    )
    agree(peer, stream, what, message)
    for byte in b"".join(whole):
        sent.sendall(bytes([byte]))
        time.sleep(0.2)


@instead
def message_length(peer, stream, _what, _message):
    """a message that claims to be 4 GB long, and keeps coming"""
    peer.head(stream)
    peer.data(stream, grpc(b"", claimed=0xFFFFFFFF))
    while True:
        peer.data(stream, bytes(CHUNK))


@instead
def short_message(peer, stream, _what, _message):
    """a message that ends before its length"""
    peer.head(stream)
    peer.data(stream, grpc(etcd_header(), claimed=1000))
    peer.end(stream)


@instead
def body(peer, stream, _what, _message):
    """messages of nearly 4 MiB without end"""
    peer.head(stream)
    whole = grpc(etcd_header() + nested(99, bytes(MESSAGE_MAX - 100)))
    while True:
        peer.data(stream, whole)


@instead
def empty_messages(peer, stream, _what, _message):
    """messages without content, without end"""
    peer.head(stream)
    while True:
        peer.data(stream, grpc(b"") * 3000)


@instead
def many_values(peer, stream, _what, _message):
    """an answer with two million values that are empty"""
    peer.answer(stream, etcd_header() + nested(2, b"") * ((MESSAGE_MAX - 100) // 2))


@instead
def many_events(peer, stream, what, message):
    """a watch whose answers have millions of events that are empty, without end"""
    agree(peer, stream, what, message)
    while what == "watch":
        peer.data(stream, grpc(etcd_header() + nested(11, b"") * ((MESSAGE_MAX - 100) // 2)))


@instead
def events(peer, stream, what, message):
    """events about keys of the ring, without end"""
    agree(peer, stream, what, message)
    if what != "watch":
        return
    told = b"".join(
        nested(11, nested(2, key_value(b"/stek/v1/web/%d" % count, b"x", REVISION)))
        for count in range(10000)
    )
    whole = grpc(etcd_header() + number(2, watch_id(message)) + told)
    while True:
        peer.data(stream, whole)


@instead
def long_events(peer, stream, what, message):
    """a watch whose answers are long and have no event, without end"""
    agree(peer, stream, what, message)
    whole = grpc(etcd_header() + nested(99, bytes(1000000)))
    while what == "watch":
        peer.data(stream, whole)


@instead
def compressed(peer, stream, _what, _message):
    """a message with the flag that says that it is compressed"""
    peer.head(stream)
    peer.data(stream, grpc(etcd_header(), flag=1))
    peer.end(stream)


@instead
def no_trailers(peer, stream, _what, message):
    """an answer without trailers"""
    peer.head(stream)
    peer.data(stream, grpc(etcd_header()), END_STREAM)


@instead
def wrong_trailers(peer, stream, _what, _message):
    """a status that is no number, twice, and words with control characters in them"""
    peer.head(stream)
    peer.data(stream, grpc(etcd_header()))
    peer.end(
        stream,
        (b"grpc-status", b"-99999999999999999999"),
        (b"grpc-status", b"0x7f"),
        (b"grpc-message", b"%1b[2J%0a<0>fake line%00" + b"x" * 9000),
    )


@instead
def no_message(peer, stream, _what, _message):
    """trailers that say that all is well, without a message"""
    peer.head(stream)
    peer.end(stream)


@instead
def continuation(peer, stream, _what, _message):
    """CONTINUATION frames without end"""
    peer.head(stream, OK_HEAD, 0)
    while True:
        peer.send(CONTINUATION, 0, stream, fields((b"x", b"y")) * 1000)


@instead
def early_heads(peer, stream, _what, _message):
    """informational answers without end"""
    while True:
        peer.head(stream, b"\x08\x03103" + fields((b"link", b"x" * 2000)))


@instead
def long_trailers(peer, stream, _what, _message):
    """trailers with header fields without end"""
    peer.head(stream)
    peer.data(stream, grpc(etcd_header()))
    peer.head(stream, fields((b"x", b"y" * 100)) * 100, END_STREAM)
    while True:
        peer.send(CONTINUATION, 0, stream, fields((b"x", b"y" * 100)) * 100)


@instead
def reset(peer, stream, _what, _message):
    """every request is reset"""
    peer.send(RST, 0, stream, struct.pack(">I", 7))


@instead
def pages(peer, stream, what, message):
    """a reading that never ends: each page has a key, and says that there are more"""
    if what != "range":
        agree(peer, stream, what, message)
        return
    begin = message[message.index(b"/stek") :].split(b"\x12")[0]
    key = begin.split(b"~")[0] + b"~%020d" % next(COUNTER)
    peer.answer(stream, etcd_header() + nested(2, key_value(key, b"x", 1)) + number(3, 1))


@instead
def same_page(peer, stream, what, message):
    """the same page again and again, which says that there are more"""
    if what != "range":
        agree(peer, stream, what, message)
        return
    page = nested(2, key_value(b"/stek/v1/web/1", b"x", 1))
    peer.answer(stream, etcd_header() + page + number(3, 1))


@instead
def empty_pages(peer, stream, what, message):
    """pages without keys that say that there are more"""
    if what != "range":
        agree(peer, stream, what, message)
        return
    peer.answer(stream, etcd_header() + number(3, 1))


@instead
def member_pages(peer, stream, what, message):
    """hosts without end: each page has one, and says that there are more"""
    if what != "range" or b"/.members/" not in message:
        agree(peer, stream, what, message)
        return
    print("members", flush=True)
    host = key_value(b"/stek/v1/.members/%020d" % next(COUNTER), b"{}", 1)
    peer.answer(stream, etcd_header() + nested(2, host) + number(3, 1))


@instead
def canceled(peer, stream, what, message):
    """ends each watch, for its revision is gone"""
    agree(peer, stream, what, message)
    if what == "watch":
        gone = number(2, watch_id(message)) + number(4, 1) + number(5, 1000)
        peer.data(stream, grpc(etcd_header() + gone))


@instead
def ended(peer, stream, what, message):
    """ends each watch, and gives no reason"""
    if what == "watch":
        print(f"watch {time.monotonic()}", flush=True)
    agree(peer, stream, what, message)
    if what == "watch":
        peer.data(stream, grpc(etcd_header() + number(2, watch_id(message)) + number(4, 1)))


@instead
def back(peer, stream, what, message):
    """a store that goes back with each answer of a watch"""
    agree(peer, stream, what, message)
    if what == "watch":
        older = nested(1, number(1, 77) + number(3, 1))
        peer.data(stream, grpc(older + number(2, watch_id(message))))


def close(peer):
    print(f"close {time.monotonic()}", flush=True)
    peer.socket.shutdown(socket.SHUT_RDWR)


@instead
def hang_up(peer, stream, what, message):
    """agrees to all, and closes each connection as soon as it watches"""
    if what == "watch":
        print(f"watch {time.monotonic()}", flush=True)
    agree(peer, stream, what, message)
    if what == "watch":
        close(peer)


@instead
def hang_up_later(peer, stream, what, message):
    """the same at first, and from the fifth connection on after six seconds"""
    if what != "watch" or next(COUNTER) < 4:
        hang_up(peer, stream, what, message)
        return
    print(f"watch {time.monotonic()}", flush=True)
    agree(peer, stream, what, message)
    threading.Timer(6, close, [peer]).start()


@instead
def liar(peer, stream, what, message):
    """agrees to all, and keeps nothing"""
    agree(peer, stream, what, message)


# ---- the program ----


def serve(connection, mode):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    peer = Peer(connection)
    try:
        peer.begin()
        if mode in etcd_connections.MODES:
            etcd_connections.MODES[mode](peer)
            etcd_connections.mute(peer)
        peer.settings()
        for stream, what, message in peer.requests():
            INSTEAD[mode](peer, stream, what, message)
    except (OSError, ConnectionError):
        pass
    finally:
        connection.close()


def main():
    if len(sys.argv) != 3:
        for name, mode in {**etcd_connections.MODES, **INSTEAD}.items():
            print(f"{name:16} {mode.__doc__}")
        sys.exit(2)
    listener = socket.create_server(("127.0.0.1", int(sys.argv[2])), backlog=64)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, sys.argv[1]), daemon=True).start()


if __name__ == "__main__":
    main()
