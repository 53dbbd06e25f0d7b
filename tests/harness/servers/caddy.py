# SPDX-License-Identifier: Apache-2.0
"""Caddy: a server on Go's crypto/tls. Its ticket keys come from its storage, as hosts that share
one have it."""
import json

from ..process import plain_environment, wait_for
from .base import Server

KEY_LEN = 32


def read_uint(data, at):
    """encoding/gob: a small number is one byte; else a byte says, negated, how many follow. Returns
    number and end."""
    if data[at] < 0x80:
        return data[at], at + 1
    end = at + 1 + 0x100 - data[at]
    return int.from_bytes(data[at + 1 : end], "big"), end


def with_key(data, key):
    """
    Caddy's stek.bin with another key in place of its only one. The file is messages, each after its
    length: types,
    then the value: type (2 bytes), field, number of keys, length of a key, its bytes as numbers,
    and times.
    """
    at = 0
    while True:
        length, start = read_uint(data, at)
        if start + length == len(data):
            break
        at = start + length
    assert data[start + 2 : start + 5] == bytes([1, 1, KEY_LEN])
    end = start + 5
    for _ in range(KEY_LEN):
        _, end = read_uint(data, end)
    numbers = b"".join(bytes([byte]) if byte < 0x80 else bytes([0xFF, byte]) for byte in key)
    value = data[start : start + 5] + numbers + data[end:]
    assert len(value) < 0x80
    return data[:at] + bytes([len(value)]) + value


class Caddy(Server):
    name = "caddy"

    def __init__(self, *args, ticket_key=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.ticket_key = ticket_key  # 32 bytes; None: Caddy's own

    def prepare(self):
        self.write(
            "caddy.json",
            json.dumps(
                {
                    "admin": {"disabled": True},
                    "storage": {"module": "file_system", "root": str(self.folder / "storage")},
                    "apps": {
                        "tls": {
                            "certificates": {
                                "load_files": [
                                    {
                                        "certificate": str(self.pki.server.cert),
                                        "key": str(self.pki.server.key),
                                    }
                                ]
                            },
                            "session_tickets": {"key_source": {"provider": "distributed"}},
                        },
                        "http": {
                            "servers": {
                                "https": {
                                    "listen": [f"127.0.0.1:{self.port}"],
                                    "protocols": ["h1", "h2"],
                                    "automatic_https": {"disable": True},
                                    "tls_connection_policies": [{}],
                                    "routes": [
                                        {
                                            "handle": [
                                                {
                                                    "handler": "static_response",
                                                    "body": "an answer of Caddy\n",
                                                }
                                            ]
                                        }
                                    ],
                                }
                            }
                        },
                    },
                }
            ),
        )

    def command(self):
        return ["caddy", "run", "--config", self.folder / "caddy.json"]

    def environment(self):
        return plain_environment(HOME=self.folder)

    def start(self):
        super().start()
        if self.ticket_key is not None:
            stored = self.folder / "storage/stek/stek.bin"
            wait_for(stored.exists, "Caddy to store its key")
            self.process.stop()
            stored.write_bytes(with_key(stored.read_bytes(), self.ticket_key))
            self.launch()
        return self
