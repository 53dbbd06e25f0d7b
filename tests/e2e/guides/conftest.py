# SPDX-License-Identifier: Apache-2.0
"""A booted system on which somebody has done what docs/module.md begins with."""
import shutil

import pytest

from harness import build, documents, guides
from harness.machine import Machine


@pytest.fixture(scope="module")
def machine(work, certificates, request):
    folder = work / request.module.__name__
    folder.mkdir()
    with Machine(folder) as booted:
        identity = certificates.server
        booted.write(guides.CERTIFICATE, identity.cert.read_text())
        booted.write(guides.KEY, identity.key.read_text())
        booted.write(guides.BOTH, identity.both.read_text())
        booted.do("chmod", "644", guides.CERTIFICATE, guides.KEY, guides.BOTH)
        shutil.copytree(build.REPOSITORY / "tests/harness", booted.path("/srv/tests/harness"))
        # They are restarted more often than systemd takes for sound.
        booted.write(
            "/etc/systemd/system.conf.d/test.conf", "[Manager]\nDefaultStartLimitBurst=0\n"
        )
        booted.do("systemctl", "daemon-reexec")
        start = documents.blocks(guides.DOCUMENT, "Servers that load stek")[0]
        # The machine has what `make install` puts in place.
        booted.do("sh", "-ec", start.replace("make install", "true"))
        yield booted
