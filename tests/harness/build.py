# SPDX-License-Identifier: Apache-2.0
"""Where the things under test are: the build folder, named by STEK_BUILD or `build` beside the
sources."""
import functools
import json
import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("STEK_BUILD") or REPOSITORY / "build").resolve()
MODULE = BUILD / "src/tls/module/stek.so"
COMMAND = BUILD / "src/cli/stek"
DAEMON = BUILD / "src/daemon/stekd"
FLEET_LIBRARY = BUILD / "src/fleet/stek-fleet.so"
CLIENT = BUILD / "tests/tools/ticket-client"
BROKEN_SERVER = BUILD / "tests/tools/broken-server"
EARLY_SERVER = BUILD / "tests/tools/early-server"
ETCD_PROBE = BUILD / "tests/tools/etcd-probe"
RING_TRAFFIC = BUILD / "tests/tools/ring-traffic"
SHORT_SERVER = BUILD / "tests/tools/short-server"
CALL_FAULTS = BUILD / "tests/tools/call-faults"
KILL_CALLS = BUILD / "tests/tools/kill-calls"
ODD = BUILD / "tests/odd/odd"
ODD_PLUGIN = BUILD / "tests/odd/odd-plugin.so"
ODD_UNLOADS = BUILD / "tests/odd/unloads"
EXAMPLES = BUILD / "examples/embed"


DEMO = (MODULE, COMMAND, DAEMON, CLIENT)
ALL = (
    *DEMO,
    BROKEN_SERVER,
    EARLY_SERVER,
    FLEET_LIBRARY,
    ETCD_PROBE,
    RING_TRAFFIC,
    SHORT_SERVER,
    ODD,
    ODD_PLUGIN,
    ODD_UNLOADS,
)


def missing(needed=ALL):
    """What has not been built yet."""
    return [path for path in needed if not path.exists()]


@functools.cache
def sanitized():
    """Whether a sanitizer is built in: it needs system calls of its own."""
    options = json.loads((BUILD / "meson-info/intro-buildoptions.json").read_text())
    value = next(option["value"] for option in options if option["name"] == "b_sanitize")
    return value not in ("none", [])  # Meson 1.8 has made a list of it
