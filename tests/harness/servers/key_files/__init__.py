# SPDX-License-Identifier: Apache-2.0
"""Programs that are given ticket keys in files, and not the module."""
from .dnsdist import Dnsdist
from .nghttpx import Nghttpx
from .unbound import Unbound
