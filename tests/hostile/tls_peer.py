#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
A peer on loopback that wastes the time of who connects.

    tls_peer.py MODE PORT [PEM]

silent   accepts, and says nothing
drip     a TLS server (certificate and key in PEM) that sends one byte a second
mute     a TLS server that never answers a request
chain    a server whose chain of certificates is nearly 16 MB long
records  endless warning alerts, in place of a handshake
"""
import socket
import ssl
import sys
import threading
import time

CHAIN_LEN = (1 << 24) - 65536  # a handshake message has at most 2^24 - 1 bytes


def silent(connection, _):
    while connection.recv(4096):
        pass


def records(connection, _):
    alerts = b"\x15\x03\x03\x00\x02\x01\x5a" * 1000  # warning, user_canceled
    while True:
        connection.sendall(alerts)


def speak(connection, context, pause):
    """A TLS server over memory, which sends one byte at a time when there is a pause."""
    coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(coming, going, server_side=True)
    done = False
    while True:
        try:
            tls.read(4096) if done else tls.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            pass
        waiting = going.read()
        for i in range(0, len(waiting), 1 if pause else len(waiting) or 1):
            connection.sendall(waiting[i : i + 1] if pause else waiting)
            time.sleep(pause)
        data = connection.recv(4096)
        if not data:
            return
        coming.write(data)


def drip(connection, context):
    speak(connection, context, 1)


def mute(connection, context):
    speak(connection, context, 0)


def chain(connection, _):
    """A ServerHello of TLS 1.2, then a Certificate message of nearly 16 MB."""
    connection.recv(4096)
    hello = b"\x03\x03" + bytes(32) + b"\x00" + b"\xc0\x2f" + b"\x00"
    connection.sendall(record(message(2, hello)))
    rest = message(11, bytes(CHAIN_LEN))
    for at in range(0, len(rest), 16384):
        connection.sendall(record(rest[at : at + 16384]))


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def record(body):
    return b"\x16\x03\x03" + len(body).to_bytes(2, "big") + body


def context_of(pem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def serve(connection, how, context):
    try:
        how(connection, context)
    except (OSError, ssl.SSLError):
        pass
    finally:
        connection.close()


def main():
    mode, port = sys.argv[1], int(sys.argv[2])
    context = None
    if mode in ("drip", "mute"):
        context = context_of(sys.argv[3])
    how = {"silent": silent, "drip": drip, "mute": mute, "chain": chain, "records": records}[mode]
    listener = socket.create_server(("127.0.0.1", port), backlog=64)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, how, context), daemon=True).start()


main()
