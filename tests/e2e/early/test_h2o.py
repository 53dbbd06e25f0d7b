# SPDX-License-Identifier: Apache-2.0
"""h2o 2.2 has libssl for the clients of today, and offers them no early data. Its own TLS library
speaks drafts of TLS 1.3, with keys of its own."""
import pytest

from harness.audit import audit
from harness.servers.late_keys import H2o

pytestmark = pytest.mark.skipif(not H2o.is_there(), reason="no h2o here")


def assert_offers_none(server):
    visits = server.visit("1.3", count=3)
    assert not visits.failed() and visits.resumed()
    assert "early-data" not in audit(server).ids()


def test_control_without_stek_it_offers_no_early_data(stock):
    assert_offers_none(stock(H2o))


def test_with_stek_it_offers_none_either(on_ring, daemon):
    assert_offers_none(on_ring(H2o))
    tickets = daemon.status("web")["tickets"]
    assert tickets["sealed"] > 0 and tickets["early_accepted"] == tickets["early_unchecked"] == 0
