# SPDX-License-Identifier: Apache-2.0
"""What is used of the tests' common harness, wherever that lies."""
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
for place in (HERE.parent, HERE.parent / "e2e"):
    if (place / "harness").is_dir():
        sys.path.insert(0, str(place))
        break

# pylint: disable=wrong-import-position,unused-import
from harness import build, libcryptos, module, pki, process  # noqa: E402
from harness.process import Gone, Process, free_port, plain_environment, wait_for  # noqa: E402
from harness.servers import apache, proftpd, vsftpd  # noqa: E402
from harness.stekd import Stekd  # noqa: E402


def is_stek_mapped(pid):
    """Whether the module of this build lies in the memory of a process."""
    try:
        return str(build.MODULE) in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False
