# SPDX-License-Identifier: Apache-2.0
"""A pre-forking HTTPS server such as many Python services are: it answers with the process that
answered."""
import argparse
import ctypes
import ctypes.util
import functools
import os
import signal
import socket
import ssl


def make_context(args):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(args.pem)
    if args.second_host:
        second = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        second.load_cert_chain(args.second_host)
        context.sni_callback = (
            lambda tls, name, _: name == "b.example" and setattr(tls, "context", second) or None
        )
    if args.verify_peers:
        context.load_verify_locations(args.verify_peers)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@functools.cache
def libssl():
    return ctypes.CDLL(ctypes.util.find_library("ssl"))


def take_session_id_context_away(connection):
    """Python sets one always, from 3.13 on in the SSL; this makes a program of those that set none.
    The object of a connection begins with its socket and its SSL."""
    at = id(connection._sslobj) + object.__basicsize__ + ctypes.sizeof(ctypes.c_void_p)
    ssl_of = ctypes.c_void_p.from_address(at)
    libssl().SSL_set_session_id_context(ssl_of, b"", 0)


def answer(connection):
    connection.recv(4096)
    body = f"{os.getpid()}\n"
    connection.sendall(f"HTTP/1.0 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    connection.unwrap()


def serve(listener, context, args):
    while True:
        plain, _ = listener.accept()
        plain.settimeout(5)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with context.wrap_socket(
                plain, server_side=True, do_handshake_on_connect=False
            ) as connection:
                if args.no_session_id_context:
                    take_session_id_context_away(connection)
                connection.do_handshake()
                answer(connection)
        except OSError:
            plain.close()


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("pem", help="certificate and key")
    parser.add_argument("--context", choices=("before", "after"), required=True, help="the fork")
    parser.add_argument(
        "--read-early",
        action="store_true",
        help="make an SSLContext before the fork, which has Python read the OpenSSL configuration",
    )
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--second-host", help="certificate and key of b.example")
    parser.add_argument("--verify-peers", help="a certificate authority")
    parser.add_argument("--no-session-id-context", action="store_true")
    return parser.parse_args()


def main():
    args = parse()
    context = make_context(args) if args.context == "before" else None
    if args.read_early:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    listener = socket.create_server(("127.0.0.1", args.port), backlog=128)
    workers = []
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # until all workers are known
    for _ in range(args.workers):
        pid = os.fork()
        if pid == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            serve(listener, context or make_context(args), args)
        workers.append(pid)
    signal.signal(signal.SIGTERM, lambda *_: [os.kill(pid, signal.SIGTERM) for pid in workers])
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    for pid in workers:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
