# SPDX-License-Identifier: Apache-2.0
"""The programs under test, one file each; none of them is modified."""
from .apache import Apache
from .haproxy import Haproxy
from .lighttpd import Lighttpd
from .nginx import Nginx
from .node import Node, uses_shared_openssl
from .php import Php
from .python import Python, PythonAfterFork
from .s_server import SServer
from .stunnel import Stunnel


def shared_by_node():
    """[Node] where it uses the system's libssl, else nothing: a module cannot reach a copy linked into a program."""
    return [Node] if uses_shared_openssl() else []
