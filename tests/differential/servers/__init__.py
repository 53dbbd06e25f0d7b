# SPDX-License-Identifier: Apache-2.0
"""The programs under test, unmodified, one driver each."""
from .apache import Apache
from .cases import Cases
from .dovecot import Dovecot
from .freeradius import Freeradius
from .ftp import Proftpd, Vsftpd
from .haproxy import Haproxy
from .lighttpd import Lighttpd
from .nginx import Nginx
from .postfix import Postfix
from .scripted import Node, Perl, Php, Python, Ruby
from .stunnel import Stunnel

ALL = (
    Nginx,
    Apache,
    Haproxy,
    Lighttpd,
    Stunnel,
    Postfix,
    Dovecot,
    Freeradius,
    Proftpd,
    Vsftpd,
    Python,
    Perl,
    Ruby,
    Php,
    Node,
    Cases,
)
SERVERS = {server.name: server for server in ALL}
# Those of the short run: each kind of program once.
SHORT = ("nginx", "stunnel", "freeradius", "proftpd", "python", "node", "cases")
