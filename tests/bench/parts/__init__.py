# SPDX-License-Identifier: Apache-2.0
"""
The parts of the benchmark. Each has measure(run, figures), which fills the figures,
tables(figures), which tells them,
and demands(figures), which says what they must show.
"""
from . import callback, dictionary, early, fleet, handshake, percontext, presence, server

ALL = {
    "callback": callback,
    "handshake": handshake,
    "server": server,
    "fleet": fleet,
    "presence": presence,
    "percontext": percontext,
    "dictionary": dictionary,
    "early": early,
}
