# SPDX-License-Identifier: Apache-2.0
"""
A program with two libcryptos, which both read OPENSSL_CONF: its own, that of the ssl module, and
one in a library.

usage: two_libcryptos.py ORDER LIBRARY PEM

ORDER is made of letters: o makes a server's SSLContext, f lets the foreign libcrypto read the
configuration, p calls
the module as a libcrypto does whose structures nobody can read (LIBRARY is that libcrypto, and
OPENSSL_CONF names the
module). Then says whether the first SSLContext and the last share tickets.
"""
import ctypes
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def load_config(library):
    """By the library's own function, or by that of a libcrypto."""
    foreign = ctypes.CDLL(library)
    if hasattr(foreign, "extension_load_config"):
        return foreign.extension_load_config()
    return foreign.OPENSSL_init_crypto(ctypes.c_uint64(0x40), None)


def call_module(library):
    conf = Path(os.environ["OPENSSL_CONF"]).read_text()
    path = re.search(r"^path *= *(.+)$", conf, re.MULTILINE).group(1)
    return ctypes.CDLL(library).call_module(path.encode()) - 1


def main(order, library, pem):
    hosts = []
    for letter in order:
        if letter == "o":
            import two_contexts

            hosts.append(two_contexts.server_context(pem))
        else:
            assert {"f": load_config, "p": call_module}[letter](library) == 1
    visitor = two_contexts.client_context()
    session = two_contexts.connect(visitor, hosts[0]).session
    again = two_contexts.connect(visitor, hosts[-1], session)
    print("shared" if again.session_reused else "apart")


main(*sys.argv[1:])
