# SPDX-License-Identifier: Apache-2.0
import pytest

from harness.feed import Feed
from harness.stekd import Stekd


@pytest.fixture
def feed(folder, request):
    """`stek feed` on a stekd whose ring `web` rotates every two seconds; not started yet. HAProxy
    and dnsdist hold few keys, and Traffic Server takes a moment: on a busy machine two seconds of
    each are too little."""
    slow = any(name in request.node.name for name in ("haproxy", "dnsdist", "trafficserver"))
    with Stekd(folder / "stekd", web={"rotate": "5s" if slow else "2s", "accept": "30s"}) as stekd:
        with Feed(folder / "feed", stekd) as made:
            yield made


@pytest.fixture
def still_feed(folder, daemon):
    """The same on a ring that does not rotate while a test runs."""
    with Feed(folder / "feed", daemon) as made:
        yield made
