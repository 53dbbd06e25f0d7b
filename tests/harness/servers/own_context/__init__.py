# SPDX-License-Identifier: Apache-2.0
"""Programs that make up a session-id context for each process. Their sessions end with them."""
from .bind import Bind
from .mariadb import Mariadb
from .pgbouncer import Pgbouncer
from .puma import Puma
