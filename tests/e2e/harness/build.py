# SPDX-License-Identifier: Apache-2.0
"""Where the things under test are: the build folder, named by STEK_BUILD or `build` beside the sources."""
import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("STEK_BUILD") or REPOSITORY / "build").resolve()
MODULE = BUILD / "src/tls/module/stek.so"
COMMAND = BUILD / "src/cli/stek"
CLIENT = BUILD / "tests/tools/ticket-client"
BROKEN_SERVER = BUILD / "tests/tools/broken-server"


def missing():
    """What has not been built yet."""
    return [path for path in (MODULE, COMMAND, CLIENT, BROKEN_SERVER) if not path.exists()]
