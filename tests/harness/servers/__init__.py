# SPDX-License-Identifier: Apache-2.0
"""The programs under test, unmodified, one file each."""
from .apache import Apache
from .balancer import Balancer
from .broken import Broken, Hostile, Odd
from .caddy import Caddy
from .gnutls import Gnutls
from .gnutls_serv import GnutlsServ
from .haproxy import Haproxy
from .lighttpd import Lighttpd
from .nginx import Nginx
from .node import Node
from .perl import Perl
from .php import Php
from .ports import Ports
from .proftpd import Proftpd
from .python import Python, PythonAfterFork, python_for_a_private_ring, reads_late
from .s_server import SServer
from .stunnel import Stunnel
from .vsftpd import Vsftpd
