#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Clients that keep others out.

    crowd.py TARGET MODE COUNT

TARGET is the path of a Unix socket or a port of loopback. MODE is

    hold    COUNT connections at a time, each with half a request, and then a byte now and then
    come    connections that are closed at once, without an end
    deaf    COUNT connections that ask for all rings, over and over, and read nothing
    ask     COUNT connections that ask for all rings, over and over, and read the answers

A connection that is lost is made anew. Says "here" when it has tried COUNT times, and goes on
until it is killed.
"""
import contextlib
import resource
import selectors
import socket
import sys
import time

HALF = b'{"command": ' if "/" in sys.argv[1] else b"GET /metrics HTTP/1.1\r\nX: "
ONE = b'{"command":"status"}\n' if "/" in sys.argv[1] else b"GET /metrics HTTP/1.0\r\n\r\n"
WHOLE = ONE * 20
AT_ONCE = 200


def connect():
    """None: nobody has a place for it just now."""
    target = sys.argv[1]
    made = socket.socket(socket.AF_UNIX if "/" in target else socket.AF_INET)
    made.setblocking(False)
    try:
        made.connect(target if "/" in target else ("127.0.0.1", int(target)))
    except BlockingIOError:
        if "/" in target:
            made.close()
            return None
    except OSError:
        made.close()
        return None
    return made


def say(connection, text):
    """False: it is lost."""
    try:
        connection.send(text)
    except BlockingIOError:
        pass
    except OSError:
        connection.close()
        return False
    return True


def stay(count, first, then):
    held, tries, told = [], 0, False
    while True:
        for _ in range(min(AT_ONCE, count - len(held))):
            tries += 1
            made = connect()
            if made is not None and say(made, first):
                held.append(made)
        held = [connection for connection in held if say(connection, then)]
        if tries >= count and not told:
            print("here", flush=True)
            told = True
        time.sleep(0.02)


def come(count):
    for number in range(sys.maxsize):
        made = connect()
        if made is not None:
            made.close()
        if number == count:
            print("here", flush=True)


def ask(count):
    """A connection that has its answer asks again, on a new one if that one is over."""
    asking = selectors.DefaultSelector()
    told = False
    while True:
        for _ in range(count - len(asking.get_map())):
            made = connect()
            if made is not None:
                asking.register(made, selectors.EVENT_WRITE)
        if not told and len(asking.get_map()) == count:
            print("here", flush=True)
            told = True
        for key, events in asking.select(0.02):
            connection = key.fileobj
            try:
                more = events == selectors.EVENT_WRITE or connection.recv(1 << 20)
                if events == selectors.EVENT_WRITE or more[-1:] == b"\n" and "/" in sys.argv[1]:
                    connection.send(ONE)
            except OSError:
                more = b""
            if more:
                asking.modify(connection, selectors.EVENT_READ)
            else:
                asking.unregister(connection)
                connection.close()


def main():
    mode, count = sys.argv[2], int(sys.argv[3])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = min(count, most - 100)
    if mode == "come":
        come(count)
    if mode == "ask":
        ask(count)
    stay(count, *((HALF, b"x") if mode == "hold" else (WHOLE, WHOLE)))


main()
