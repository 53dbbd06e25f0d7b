# SPDX-License-Identifier: Apache-2.0
"""
One program with several ports, an SSLContext for each; it answers an HTTP request with the common
name of its client.

usage: ports.py JSON, a list of {"port", "pem", "ca" (null: nobody is verified), "crl" (or null)}
"""
import json
import socket
import ssl
import sys
import threading


def make_context(of):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(of["pem"])
    if of["ca"]:
        context.load_verify_locations(of["ca"])
        context.verify_mode = ssl.CERT_REQUIRED
    if of["crl"]:
        context.load_verify_locations(of["crl"])
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def name_of(peer):
    fields = dict(item for part in (peer or {}).get("subject", ()) for item in part)
    return fields.get("commonName", "nobody")


def answer(connection):
    connection.recv(4096)
    body = name_of(connection.getpeercert()) + "\n"
    connection.sendall(f"HTTP/1.0 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    connection.unwrap()


def serve(listener, context):
    while True:
        plain, _ = listener.accept()
        plain.settimeout(5)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with context.wrap_socket(plain, server_side=True) as connection:
                answer(connection)
        except OSError:
            plain.close()


def main(text):
    ports = json.loads(text)
    contexts = [make_context(of) for of in ports]
    for of, context in list(zip(ports, contexts))[::-1]:
        listener = socket.create_server(("127.0.0.1", of["port"]), backlog=128)
        threading.Thread(target=serve, args=(listener, context), daemon=True).start()
    threading.Event().wait()


main(*sys.argv[1:])
