# SPDX-License-Identifier: Apache-2.0
"""
The client: one TLS connection over a connected socket, by the system's libssl. It offers the
session
it is given, as often as it is told to, and reports what came of it. Sessions are bytes, so that no
connection can spoil one for the next.
"""
import ctypes
import ctypes.util
import os
import socket
import struct
import threading

NO_CONFIG = 0x80
NO_TICKET = 1 << 14
IGNORE_UNEXPECTED_EOF = 1 << 7
SET_HOSTNAME, SET_MIN, SET_MAX = 55, 123, 124
VERSIONS = {"1.2": 0x0303, "1.3": 0x0304}
ALERT_REASON = 1000
TIMEOUT_S = 15

if "OPENSSL_CONF" in os.environ:
    raise RuntimeError("the client is the measure: nothing may configure its OpenSSL")

_ssl = ctypes.CDLL(ctypes.util.find_library("ssl"))
_crypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
_POINTER, _INT, _LONG = ctypes.c_void_p, ctypes.c_int, ctypes.c_long
_SIGNATURES = {
    "OPENSSL_init_ssl": (_INT, [ctypes.c_uint64, _POINTER]),
    "TLS_client_method": (_POINTER, []),
    "SSL_CTX_new": (_POINTER, [_POINTER]),
    "SSL_CTX_ctrl": (_LONG, [_POINTER, _INT, _LONG, _POINTER]),
    "SSL_CTX_set_options": (ctypes.c_uint64, [_POINTER, ctypes.c_uint64]),
    "SSL_CTX_use_certificate_chain_file": (_INT, [_POINTER, ctypes.c_char_p]),
    "SSL_CTX_use_PrivateKey_file": (_INT, [_POINTER, ctypes.c_char_p, _INT]),
    "SSL_new": (_POINTER, [_POINTER]),
    "SSL_free": (None, [_POINTER]),
    "SSL_set_fd": (_INT, [_POINTER, _INT]),
    "SSL_ctrl": (_LONG, [_POINTER, _INT, _LONG, ctypes.c_char_p]),
    "SSL_set_session": (_INT, [_POINTER, _POINTER]),
    "SSL_connect": (_INT, [_POINTER]),
    "SSL_read": (_INT, [_POINTER, _POINTER, _INT]),
    "SSL_write": (_INT, [_POINTER, ctypes.c_char_p, _INT]),
    "SSL_shutdown": (_INT, [_POINTER]),
    "SSL_get_error": (_INT, [_POINTER, _INT]),
    "SSL_session_reused": (_INT, [_POINTER]),
    "SSL_get1_session": (_POINTER, [_POINTER]),
    "SSL_SESSION_free": (None, [_POINTER]),
    "SSL_SESSION_is_resumable": (_INT, [_POINTER]),
    "SSL_SESSION_has_ticket": (_INT, [_POINTER]),
    "SSL_SESSION_get_ticket_lifetime_hint": (ctypes.c_ulong, [_POINTER]),
    "i2d_SSL_SESSION": (_INT, [_POINTER, _POINTER]),
    "d2i_SSL_SESSION": (_POINTER, [_POINTER, _POINTER, _LONG]),
}
_SIGNATURES_CRYPTO = {
    "ERR_get_error": (ctypes.c_ulong, []),
    "ERR_clear_error": (None, []),
    "ERR_reason_error_string": (ctypes.c_char_p, [ctypes.c_ulong]),
}
for _library, _signatures in ((_ssl, _SIGNATURES), (_crypto, _SIGNATURES_CRYPTO)):
    for _name, (_result, _arguments) in _signatures.items():
        getattr(_library, _name).restype = _result
        getattr(_library, _name).argtypes = _arguments
_ssl.OPENSSL_init_ssl(NO_CONFIG, None)

_contexts = {}
_contexts_lock = threading.Lock()


class Refused(Exception):
    """The server, or the lack of one, ended the connection; the text says how."""


def _make_context(version, tickets, identity):
    ctx = _ssl.SSL_CTX_new(_ssl.TLS_client_method())
    for what in (SET_MIN, SET_MAX):
        _ssl.SSL_CTX_ctrl(ctx, what, VERSIONS[version], None)
    _ssl.SSL_CTX_set_options(ctx, IGNORE_UNEXPECTED_EOF | (0 if tickets else NO_TICKET))
    if identity:
        used = _ssl.SSL_CTX_use_certificate_chain_file(ctx, str(identity.chain).encode())
        if used != 1 or _ssl.SSL_CTX_use_PrivateKey_file(ctx, str(identity.key).encode(), 1) != 1:
            raise RuntimeError(f"cannot use {identity}")
    return ctx


def _context(version, tickets, identity):
    with _contexts_lock:
        key = (version, tickets, identity)
        if key not in _contexts:
            _contexts[key] = _make_context(*key)
        return _contexts[key]


class Connection:
    """A connection: Connection(sock, "1.3", …), then handshake(), send(), read_line() and so on."""

    def __init__(self, sock, version, *, tickets=True, identity=None, host=None, session=None):
        self.sock = sock
        self.version = version
        self.buffer = b""
        self.offers_id = False  # a session that stands in the server's cache, before TLS 1.3
        sock.settimeout(None)
        timeout = struct.pack("ll", TIMEOUT_S, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeout)
        self.ssl = _ssl.SSL_new(_context(version, tickets, identity))
        _ssl.SSL_set_fd(self.ssl, sock.fileno())
        if host:
            _ssl.SSL_ctrl(self.ssl, SET_HOSTNAME, 0, host.encode())
        if session:
            self._offer(session)

    def _offer(self, session):
        held = ctypes.create_string_buffer(session, len(session))
        at = ctypes.c_void_p(ctypes.addressof(held))
        offered = _ssl.d2i_SSL_SESSION(None, ctypes.byref(at), len(session))
        if not offered or _ssl.SSL_set_session(self.ssl, offered) != 1:
            raise RuntimeError("cannot offer the session")
        self.offers_id = self.version == "1.2" and _ssl.SSL_SESSION_has_ticket(offered) == 0
        _ssl.SSL_SESSION_free(offered)

    def _check(self, result):
        if result > 0:
            return result
        kind = _ssl.SSL_get_error(self.ssl, result)
        code = _crypto.ERR_get_error()
        _crypto.ERR_clear_error()
        if kind == 6:  # close_notify
            return 0
        if kind in (2, 3):
            raise Refused("no answer in time")
        reason = _crypto.ERR_reason_error_string(code) if code else None
        raise Refused(reason.decode() if reason else "connection closed")

    def handshake(self):
        _crypto.ERR_clear_error()
        if self._check(_ssl.SSL_connect(self.ssl)) != 1:
            raise Refused("connection closed")

    def send(self, text):
        self._check(_ssl.SSL_write(self.ssl, text.encode(), len(text.encode())))

    def read(self):
        """Some bytes; none at the end."""
        space = ctypes.create_string_buffer(16384)
        count = self._check(_ssl.SSL_read(self.ssl, space, len(space)))
        return space.raw[:count]

    def read_all(self):
        """Everything up to the end, an abrupt one included once there is something."""
        while True:
            try:
                more = self.read()
            except Refused:
                if self.buffer:
                    break
                raise
            if not more:
                break
            self.buffer += more
        return self.buffer.decode(errors="replace")

    def read_line(self):
        while b"\n" not in self.buffer:
            more = self.read()
            if not more:
                raise Refused("connection closed")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode(errors="replace").rstrip("\r")

    def resumed(self):
        return _ssl.SSL_session_reused(self.ssl) == 1

    def resumed_by_id(self):
        return self.offers_id and self.resumed()

    def session(self):
        """(the newest session as bytes or None, the lifetime that the server gave its ticket)."""
        held = _ssl.SSL_get1_session(self.ssl)
        if not held:
            return None, 0
        hint = _ssl.SSL_SESSION_get_ticket_lifetime_hint(held)
        size = _ssl.i2d_SSL_SESSION(held, None)
        usable = _ssl.SSL_SESSION_is_resumable(held) == 1 and size > 0
        space = ctypes.create_string_buffer(max(size, 1))
        at = ctypes.c_void_p(ctypes.addressof(space))
        if usable:
            _ssl.i2d_SSL_SESSION(held, ctypes.byref(at))
        _ssl.SSL_SESSION_free(held)
        return (space.raw[:size] if usable else None), hint

    def close(self):
        if self.ssl:
            _ssl.SSL_shutdown(self.ssl)
            _crypto.ERR_clear_error()
            _ssl.SSL_free(self.ssl)
            self.ssl = None
        self.sock.close()
