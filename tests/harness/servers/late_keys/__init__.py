# SPDX-License-Identifier: Apache-2.0
"""Programs that set their ticket callback after an SSL_CTX has made its first SSL."""
from .h2o import H2o
from .trafficserver import TrafficServer
