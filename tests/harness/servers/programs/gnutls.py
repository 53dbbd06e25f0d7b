# SPDX-License-Identifier: Apache-2.0
"""
An HTTPS server on GnuTLS, which takes the key of its tickets from the program.

usage: gnutls.py PORT CERTIFICATE KEY TICKET-KEY (a file of 64 bytes)
"""
import ctypes
import socket
import sys

SERVER, CRT_CREDENTIALS, PEM, BYE_WR = 1, 1, 1, 1  # gnutls/gnutls.h
AGAIN, INTERRUPTED = -28, -52

lib = ctypes.CDLL("libgnutls.so.30")


class Datum(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_uint)]


def check(code):
    if code < 0:
        sys.exit(f"GnuTLS says {code}")


def make_credentials(cert, key):
    credentials = ctypes.c_void_p()
    check(lib.gnutls_certificate_allocate_credentials(ctypes.byref(credentials)))
    check(lib.gnutls_certificate_set_x509_key_file(credentials, cert.encode(), key.encode(), PEM))
    return credentials


def serve(connection, credentials, ticket_key):
    session = ctypes.c_void_p()
    check(lib.gnutls_init(ctypes.byref(session), SERVER))
    check(lib.gnutls_set_default_priority(session))
    check(lib.gnutls_credentials_set(session, CRT_CREDENTIALS, credentials))
    check(lib.gnutls_session_ticket_enable_server(session, ctypes.byref(ticket_key)))
    lib.gnutls_transport_set_int2(session, connection.fileno(), connection.fileno())
    request = ctypes.create_string_buffer(4096)
    code = lib.gnutls_handshake(session)
    while code in (AGAIN, INTERRUPTED):
        code = lib.gnutls_handshake(session)
    if code == 0 and lib.gnutls_record_recv(session, request, 4096) > 0:
        answer = b"HTTP/1.0 200 OK\r\n\r\nan answer of GnuTLS\n"
        lib.gnutls_record_send(session, answer, len(answer))
        lib.gnutls_bye(session, BYE_WR)
    lib.gnutls_deinit(session)


def main(port, cert, key, ticket_key_file):
    with open(ticket_key_file, "rb") as file:
        secret = file.read()
    credentials = make_credentials(cert, key)
    with socket.create_server(("127.0.0.1", int(port)), backlog=128) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                serve(connection, credentials, Datum(secret, len(secret)))


main(*sys.argv[1:])
