# SPDX-License-Identifier: Apache-2.0
import pytest

from harness.servers.adapters import LABEL
from harness.stekd import Stekd


@pytest.fixture
def turning(folder):
    """stekd with a ring that rotates every two seconds."""
    with Stekd(folder / "stekd", web={"rotate": "2s", "accept": "30s"}) as started:
        yield started


@pytest.fixture
def adapted(running):
    """adapted(Program, stekd, label=…): a server of another TLS library on the ring `web`."""

    def start(program, stekd, label=LABEL):
        if not program.is_there():
            pytest.skip(f"{program.name} is not built: its library is not there")
        return running(program, None, ring=stekd.ring("web"), label=label)

    return start


@pytest.fixture
def session_of(folder):
    """session_of(server, tls): a file with the session of a first visit."""
    count = iter(range(1000))

    def visit(server, tls):
        file = folder / f"{next(count)}.session"
        seen = server.visit(tls, sess_out=file)[0]
        assert seen.ok and seen.tickets and not seen.resumed
        return file

    return visit
