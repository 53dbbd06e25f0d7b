# SPDX-License-Identifier: Apache-2.0
"""The programs under test, one driver each; none of them is modified."""
from .apache import Apache
from .ftp import Proftpd, Vsftpd
from .haproxy import Haproxy
from .lighttpd import Lighttpd
from .nginx import Nginx
from .scripted import Node, Perl, Php, Python, Ruby
from .stunnel import Stunnel

ALL = (
    Nginx,
    Apache,
    Haproxy,
    Lighttpd,
    Stunnel,
    Proftpd,
    Vsftpd,
    Python,
    Perl,
    Ruby,
    Php,
    Node,
)
SERVERS = {server.name: server for server in ALL}
# Those of the short run: each kind of program once.
SHORT = ("nginx", "stunnel", "proftpd", "python", "php", "node")
