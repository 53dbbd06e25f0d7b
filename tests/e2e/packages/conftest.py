# SPDX-License-Identifier: Apache-2.0
import os
from pathlib import Path

import pytest

from harness import build, packages


@pytest.fixture(scope="session")
def built():
    """The packages of this tree, built once; in the same folder each time, where a compiler cache
    finds what it has. STEK_PACKAGES names a folder of packages that are built already."""
    there = os.environ.get("STEK_PACKAGES")
    return Path(there) if there else packages.make(build.BUILD / "packages")
