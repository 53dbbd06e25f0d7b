# SPDX-License-Identifier: Apache-2.0
"""
Two servers' SSLContexts, in memory: says whether the second resumes what the first began.

usage: two_contexts.py FIRST SECOND [CA: the second verifies peers], each a file with certificate
and key
"""
import ssl
import sys


def server_context(pem, ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    if ca:
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def client_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def shake_hands(client, server):
    """Until neither has anything to wait for."""
    waiting = [client, server]
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass


def connect(client, server, session=None):
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    at_client = client.wrap_bio(down, up, session=session)
    shake_hands(at_client, server.wrap_bio(up, down, server_side=True))
    return at_client


def main(first, second, ca=None):
    visitor = client_context()
    session = connect(visitor, server_context(first)).session
    again = connect(visitor, server_context(second, ca), session)
    print("shared" if again.session_reused else "apart")


if __name__ == "__main__":
    main(*sys.argv[1:])
