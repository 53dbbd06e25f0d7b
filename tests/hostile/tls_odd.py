#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Peers on loopback that break off, go on for ever or say what no TLS server says.

    tls_odd.py PEM PORT=MODE...

The modes are the functions of TALKS below. Each connection is a thread of its own.
"""
import itertools
import socket
import ssl
import struct
import sys
import threading
import time

ALERT, HANDSHAKE, DATA = 21, 22, 23
HELLO_REQUEST, SERVER_HELLO, CERTIFICATE, STATUS, COMPRESSED = 0, 2, 11, 22, 25
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
VERSIONS, KEY_SHARE, COOKIE, ALPN = 43, 51, 44, 16


def record(body, kind=HANDSHAKE, version=0x0303):
    return struct.pack(">BHH", kind, version, len(body)) + body


def message(kind, body, length=None):
    return bytes([kind]) + (len(body) if length is None else length).to_bytes(3, "big") + body


def extension(kind, body):
    return struct.pack(">HH", kind, len(body)) + body


def server_hello(random=bytes(32), suite=0xC02F, extensions=b"", session_id=b""):
    return message(
        SERVER_HELLO,
        b"\x03\x03"
        + random
        + bytes([len(session_id)])
        + session_id
        + struct.pack(">HBH", suite, 0, len(extensions))
        + extensions,
    )


def session_id_of(hello):
    """A ClientHello of TLS 1.3 wants its own session id back. (Else it is an alert.)"""
    return hello[44 : 44 + hello[43]] if len(hello) > 43 else b""


# -- how it breaks off --


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def reset_at_once(connection, _):
    reset(connection)


def reset_after_hello(connection, _):
    connection.recv(4096)
    reset(connection)


def reset_in_a_record(connection, _):
    connection.recv(4096)
    connection.sendall(record(server_hello())[:20])
    reset(connection)


def reset_after_server_hello(connection, _):
    connection.recv(4096)
    connection.sendall(record(server_hello()))
    reset(connection)


def reset_after_the_handshake(connection, context):
    tls = context.wrap_socket(connection, server_side=True)
    reset(tls)


def half_closed(connection, _):
    """Says that it will send no more, and reads on."""
    connection.recv(4096)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(4096):
        pass


def half_closed_after_the_handshake(connection, context):
    tls = context.wrap_socket(connection, server_side=True)
    socket.socket.shutdown(tls, socket.SHUT_WR)
    while connection.recv(4096):
        pass


# -- what never ends --


def for_ever(connection, bytes_of_a_turn, turns=1000):
    while True:
        connection.sendall(bytes_of_a_turn * turns)


def hello_retries(connection, _):
    """Asks for another ClientHello each time."""
    for number in itertools.count():
        hello = connection.recv(16384)
        if not hello:
            return
        cookie = number.to_bytes(8, "big")
        extensions = extension(VERSIONS, b"\x03\x04") + extension(COOKIE, b"\x00\x08" + cookie)
        retry = server_hello(RETRY, 0x1301, extensions, session_id_of(hello))
        connection.sendall(record(retry))


def retries_without_waiting(connection, _):
    hello = connection.recv(16384)
    extensions = extension(VERSIONS, b"\x03\x04") + extension(KEY_SHARE, b"\x00\x17")
    for_ever(connection, record(server_hello(RETRY, 0x1301, extensions, session_id_of(hello))))


def hello_requests(connection, _):
    """A client passes over them while it shakes hands."""
    connection.recv(4096)
    for_ever(connection, record(message(HELLO_REQUEST, b"")))


def empty_records(connection, _):
    connection.recv(4096)
    for_ever(connection, record(b""))


def change_ciphers(connection, _):
    """A client of TLS 1.3 passes over them after the first hello."""
    hello = connection.recv(4096)
    extensions = extension(VERSIONS, b"\x03\x04") + extension(COOKIE, b"\x00\x01\x00")
    connection.sendall(record(server_hello(RETRY, 0x1301, extensions, session_id_of(hello))))
    for_ever(connection, record(b"\x01", 20))


def certificate_in_single_bytes(connection, _):
    """A certificate of as many bytes as a client takes, each in a record."""
    connection.recv(4096)
    connection.sendall(record(server_hello()))
    connection.sendall(record(message(CERTIFICATE, b"", 100_000)))
    for_ever(connection, record(b"\x00"))


def slow_record(connection, _):
    """One byte a second of a record that would have 16384."""
    connection.recv(4096)
    connection.sendall(struct.pack(">BHH", HANDSHAKE, 0x0303, 16384))
    while True:
        connection.sendall(b"\x02")
        time.sleep(1)


def slow_answer(connection, context):
    """A good handshake; then one byte a second, without the end of a line."""
    tls = context.wrap_socket(connection, server_side=True)
    tls.recv(4096)
    while True:
        tls.sendall(b"H")
        time.sleep(1)


def text(connection, _):
    """As a server without TLS."""
    for_ever(connection, b"220-welcome\r\n")


def data_at_once(connection, _):
    connection.recv(4096)
    for_ever(connection, record(bytes(16384), DATA), 1)


# -- what no server says --


def unknown_version(connection, _):
    connection.recv(4096)
    for_ever(connection, record(server_hello(), version=0x0909))


def compressed_certificate(connection, _):
    """That nobody asked for, and that says to be 16 MB long."""
    connection.recv(4096)
    connection.sendall(record(server_hello()))
    bomb = b"\x00\x01" + b"\xff\xff\xff" + b"\x00\x10\x00" + bytes(4096)
    for_ever(connection, record(message(COMPRESSED, bomb)))


def huge_staple(connection, _):
    """An OCSP response that nobody asked for, as long as a message can be."""
    connection.recv(4096)
    connection.sendall(record(server_hello()))
    for_ever(connection, record(message(STATUS, b"\x01" + bytes(16000), (1 << 24) - 1)), 1)


def many_key_shares(connection, _):
    """Four hundred of them, where a server has one."""
    hello = connection.recv(16384)
    share = b"\x00\x1d\x00\x20" + bytes(range(32))
    extensions = extension(VERSIONS, b"\x03\x04") + extension(KEY_SHARE, share * 400)
    for_ever(connection, record(server_hello(bytes(32), 0x1301, extensions, session_id_of(hello))))


def retries_with_costly_groups(connection, _):
    """Asks for a key of 8192 bits, then for another, as long as it gets them."""
    for group in itertools.cycle((b"\x01\x04", b"\x01\x03")):
        hello = connection.recv(16384)
        if not hello:
            return
        extensions = extension(VERSIONS, b"\x03\x04") + extension(KEY_SHARE, group)
        retry = server_hello(RETRY, 0x1301, extensions, session_id_of(hello))
        connection.sendall(record(retry))


def two_protocols(connection, _):
    connection.recv(4096)
    names = b"".join(bytes([len(name)]) + name for name in (b"h2", bytes(200)))
    extensions = extension(ALPN, struct.pack(">H", len(names)) + names)
    connection.sendall(record(server_hello(extensions=extensions)))


def extensions_that_lie(connection, _):
    connection.recv(4096)
    connection.sendall(record(server_hello(extensions=b"\x00\x23\xff\xff")))


def fatal_alerts(connection, _):
    connection.recv(4096)
    for_ever(connection, record(b"\x02\x50", ALERT))


TALKS = {
    talk.__name__: talk
    for talk in (
        reset_at_once,
        reset_after_hello,
        reset_in_a_record,
        reset_after_server_hello,
        reset_after_the_handshake,
        half_closed,
        half_closed_after_the_handshake,
        hello_retries,
        retries_without_waiting,
        hello_requests,
        empty_records,
        change_ciphers,
        certificate_in_single_bytes,
        slow_record,
        slow_answer,
        text,
        data_at_once,
        unknown_version,
        compressed_certificate,
        huge_staple,
        many_key_shares,
        retries_with_costly_groups,
        two_protocols,
        extensions_that_lie,
        fatal_alerts,
    )
}


def talk_to(connection, talk, context):
    try:
        talk(connection, context)
    except (OSError, ValueError):
        pass
    finally:
        connection.close()


def listen(listener, talk, context):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk_to, args=(connection, talk, context), daemon=True).start()


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    for word in sys.argv[2:]:
        port, mode = word.split("=")
        listener = socket.create_server(("127.0.0.1", int(port)), backlog=64)
        threading.Thread(target=listen, args=(listener, TALKS[mode], context)).start()


if __name__ == "__main__":
    main()
