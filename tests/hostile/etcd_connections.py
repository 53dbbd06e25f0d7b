# SPDX-License-Identifier: Apache-2.0
"""Modes of etcd_peer.py that spoil a connection, before any request."""
import struct

from etcd_h2 import CHUNK, DATA, GOAWAY, PING

MODES = {}


def mode(function):
    MODES[function.__name__] = function
    return function


@mode
def mute(peer):
    """reads everything, and never says anything"""
    while peer.socket.recv(65536):
        pass


@mode
def garbage(peer):
    """something that is not HTTP/2"""
    peer.socket.sendall(b"SSH-2.0-hello\r\n" * 100)


@mode
def endless_garbage(peer):
    """a frame of an unknown kind after the other, without end"""
    peer.settings()
    while True:
        peer.send(0xFA, 0, 0, bytes(CHUNK))


@mode
def goaway(peer):
    """a GOAWAY at once, on every connection"""
    peer.settings()
    peer.send(GOAWAY, 0, 0, struct.pack(">II", 0, 0) + b"go away " * 1000)


@mode
def goaway_storm(peer):
    """GOAWAY frames without end, and no answer"""
    peer.settings()
    while True:
        peer.send(GOAWAY, 0, 0, struct.pack(">II", 0x7FFFFFFF, 0) + b"x" * 1000)


@mode
def pings(peer):
    """PING frames without end, none of whose answers are read"""
    peer.settings()
    pings = (struct.pack(">I", 8)[1:] + bytes([PING, 0]) + bytes(4) + bytes(8)) * 500
    while True:
        peer.socket.sendall(pings)


@mode
def settings_storm(peer):
    """SETTINGS frames without end"""
    while True:
        peer.settings(*[(4, size) for size in range(1, 200)])


@mode
def window(peer):
    """flow control: lets no byte of a request's body come"""
    peer.settings((4, 0))
    while True:
        peer.take(10)


@mode
def small_frames(peer):
    """SETTINGS that cannot be: a frame size of 1, a table of 4 GB, a window over the limit"""
    peer.settings((5, 1), (1, 0xFFFFFFFF), (4, 0xFFFFFFFF))


@mode
def long_frame(peer):
    """a frame that is longer than was agreed"""
    peer.settings()
    peer.send(DATA, 0, 1, bytes(CHUNK), claimed=0xFFFFFF)
    while True:
        peer.socket.sendall(bytes(CHUNK))
