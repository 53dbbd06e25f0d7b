# SPDX-License-Identifier: Apache-2.0
"""An HTTPS server with Python's ssl: an SSLContext for each place. usage: python.py PLACES
WORKERS"""
import json
import os
import signal
import socket
import ssl
import sys
import threading

VERIFY = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "demand": ssl.CERT_REQUIRED}


def context_of(place):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place["cert"], place["key"])
    if place["trust"]:
        context.load_verify_locations(place["trust"])
    if place["crl"]:
        context.load_verify_locations(place["crl"])
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    context.verify_mode = VERIFY[place["verify"]]
    return context


def listener(port, places):
    """(a listening socket, its first SSLContext, which hands over to those of other hosts)."""
    contexts = {place["host"]: context_of(place) for place in places}
    names = {contexts[place["host"]]: place["name"] for place in places}

    def choose(connection, host, _):
        connection.context = contexts.get(host, connection.context)

    first = next(iter(contexts.values()))
    if len(places) > 1:
        first.sni_callback = choose
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(64)
    return sock, first, names


def answer(sock, context, names):
    sock.settimeout(10)
    try:
        with context.wrap_socket(sock, server_side=True) as connection:
            connection.recv(4096)
            subject = dict(pair[0] for pair in (connection.getpeercert() or {}).get("subject", ()))
            peer = subject.get("commonName", "nobody")
            connection.sendall(
                f"HTTP/1.0 200 OK\r\n\r\n{names[connection.context]} {peer}\n".encode()
            )
            connection.unwrap()
    except OSError:
        pass


def serve(sock, context, names):
    while True:
        connection = sock.accept()[0]
        threading.Thread(target=answer, args=(connection, context, names), daemon=True).start()


def work(listeners):
    for one in listeners:
        threading.Thread(target=serve, args=one, daemon=True).start()
    while True:
        signal.pause()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        places = json.load(file)
    ports = dict.fromkeys(place["port"] for place in places)
    listeners = [listener(port, [p for p in places if p["port"] == port]) for port in ports]
    for _ in range(int(sys.argv[2]) if int(sys.argv[2]) > 1 else 0):
        if os.fork() == 0:
            work(listeners)
    if int(sys.argv[2]) > 1:
        signal.pause()
    work(listeners)


main()
