# SPDX-License-Identifier: Apache-2.0
"""An attacker on the way: records the first flight of a client that sends early data, and sends it
again."""
import select
import socket
import subprocess
import threading

from ..process import plain_environment

CLIENT = ("openssl", "s_client", "-tls1_3", "-servername", "localhost")
APPLICATION_DATA = 23
END_OF_EARLY_DATA = 4 + 1 + 16  # the message, its type, the tag of AEAD
GIVE_UP_S = 120


def request(path):
    return f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n"


def take_session(port, file, path="/full"):
    """A first visit with a full handshake; the session is in the file then."""
    subprocess.run(
        [*CLIENT, "-connect", f"127.0.0.1:{port}", "-ign_eof", "-sess_out", file],
        input=request(path),
        text=True,
        capture_output=True,
        timeout=GIVE_UP_S,
        env=plain_environment(),
        check=False,
    )
    assert file.stat().st_size > 0


def _records(sent):
    """(type, length, end) of each whole TLS record in these bytes."""
    at = 0
    while at + 5 <= len(sent):
        length = int.from_bytes(sent[at + 3 : at + 5], "big")
        at += 5 + length
        if at <= len(sent):
            yield sent[at - length - 5], length, at


def _has_early_data(sent):
    return any(kind == APPLICATION_DATA for kind, _, _ in _records(sent))


def _up_to_end_of_early_data(sent):
    """What an attacker can use of a client's bytes: EndOfEarlyData is the last thing that depends
    on nothing of the server's."""
    for kind, length, end in _records(sent):
        if kind == APPLICATION_DATA and length == END_OF_EARLY_DATA:
            return sent[:end]
    return sent


def _accept_flight(listener):
    connection, _ = listener.accept()
    flight = b""
    with connection:
        connection.settimeout(GIVE_UP_S)
        while not _has_early_data(flight):
            more = connection.recv(65536)
            assert more, "the client sent no early data"
            flight += more
    return flight


def _relay(listener, port):
    """Passes a connection on to the server; returns what the client sent."""
    client, _ = listener.accept()
    sent = b""
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        ends = {client: server, server: client}
        while True:
            ready, _, _ = select.select(list(ends), [], [], GIVE_UP_S)
            assert ready, "neither side says anything"
            try:
                more = ready[0].recv(65536)
                if not more:
                    return sent
                sent += more if ready[0] is client else b""
                ends[ready[0]].sendall(more)
            except (ConnectionResetError, BrokenPipeError):
                return sent


def _come_back(session, path, take):
    """A client that comes back with early data, to whoever `take` is on the way."""
    asked = session.with_suffix(".request")
    asked.write_text(request(path))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(GIVE_UP_S)
        client = subprocess.Popen(
            [*CLIENT, "-connect", f"127.0.0.1:{listener.getsockname()[1]}", "-ign_eof"]
            + ["-sess_in", session, "-early_data", asked],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=plain_environment(),
        )
        try:
            return take(listener)
        finally:
            client.wait(GIVE_UP_S)


def intercept(session, path):
    """What a client sends that comes back with this session and asks for `path` in early data. The
    server hears nothing of it."""
    return _come_back(session, path, _accept_flight)


def listen_in(session, path, port):
    """The same, and the connection reaches the server on this port."""
    sent = _come_back(session, path, lambda listener: _relay(listener, port))
    return _up_to_end_of_early_data(sent)


def intercepted(server, path):
    """The flight of a client with a fresh ticket, which the server has not seen yet."""
    session = server.folder / "session.pem"
    take_session(server.port, session)
    return intercept(session, path)


def overheard(server, path):
    """The same of one whose connection the server has served."""
    session = server.folder / "session.pem"
    take_session(server.port, session)
    return listen_in(session, path, server.port)


def _send(port, flight):
    with socket.create_connection(("127.0.0.1", port), timeout=GIVE_UP_S) as connection:
        connection.sendall(flight)
        try:
            while connection.recv(65536):
                pass
        except ConnectionResetError:
            pass


def replay(port, flight, times):
    """Sends the flight over so many connections at once, and returns when the server has closed
    them all: it has executed by then what it executes at all."""
    senders = [threading.Thread(target=_send, args=(port, flight)) for _ in range(times)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
