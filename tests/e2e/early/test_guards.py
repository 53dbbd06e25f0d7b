# SPDX-License-Identifier: Apache-2.0
"""What `stek audit` finds in a program with workers, whose guards against early data that is
replayed are of several kinds."""
import pytest

from harness.audit import audit
from harness.early.servers import EarlyWorkers


def test_audit_finds_that_there_is_no_guard(stock):
    report = audit(stock(EarlyWorkers, guard="none"))
    assert report.severities("early-data-replay") == {"high"}
    assert "early-data-guarded-partly" not in report.ids()


def test_audit_finds_a_guard_that_holds_for_one_process_only(stock):
    """Each of three workers keeps a record of the ClientHellos that it has seen."""
    report = audit(stock(EarlyWorkers, guard="process"))
    assert report.severities("early-data-guarded-partly") == {"high"}
    assert "early-data-replay" not in report.ids()


@pytest.mark.parametrize("workers", [1, 3])
def test_audit_finds_nothing_where_stek_is_the_guard(loaded, workers):
    report = audit(loaded(EarlyWorkers, guard="none", workers=workers))
    assert "early-data" in report.ids()
    assert not report.ids() & {"early-data-replay", "early-data-guarded-partly"}


def test_control_the_same_guard_in_a_program_of_one_process_holds(stock):
    report = audit(stock(EarlyWorkers, guard="process", workers=1))
    assert "early-data" in report.ids()
    assert not report.ids() & {"early-data-replay", "early-data-guarded-partly"}
