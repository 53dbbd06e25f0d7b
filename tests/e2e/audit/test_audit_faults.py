# SPDX-License-Identifier: Apache-2.0
"""A server with one fault at a time: each is found, under its id; without a fault there is nothing
to find."""
import pytest

from harness.audit import audit
from harness.servers import Broken

# The fault of the server, the id that must be found, its severity, and the versions of TLS that it
# shows in.
FAULTS = [
    ("ticket-in-clear", "ticket-in-clear", "critical", {"1.2", "1.3"}),
    ("keystream-reuse", "keystream-reuse", "critical", {"1.2", "1.3"}),
    ("iv-repeat", "iv-repeat", "high", {"1.2", "1.3"}),
    ("no-mac", "no-mac", "critical", {"1.2", "1.3"}),
    ("padding-oracle", "padding-oracle", "high", {"1.2", "1.3"}),
    ("error-differs", "error-differs", "low", {"1.2", "1.3"}),
    ("early-data-replay", "early-data-replay", "high", {"1.3"}),
    ("early-data-guarded-partly", "early-data-guarded-partly", "high", {"1.3"}),
    ("psk-without-dhe", "psk-without-dhe", "medium", {"1.3"}),
    ("protocol-changed", "protocol-changed", "high", {"1.2", "1.3"}),
    ("cipher-changed", "cipher-changed", "medium", {"1.2"}),
    ("renewal-missing", "renewal-missing", "low", {"1.3"}),
    ("resumes-never", "resumes-never", "low", {"1.2", "1.3"}),
    ("several-keys", "several-keys", "low", None),
    ("several-keys", "resumes-partly", "low", None),
]
# A fault may show in more than one way: a server that checks no MAC also tells errors apart.
COMPANIONS = {
    "no-mac": {"padding-oracle", "error-differs"},
    "several-keys": {"several-keys", "resumes-partly"},
}


@pytest.mark.parametrize(
    "fault, identity, severity, versions", FAULTS, ids=lambda value: str(value)
)
def test_a_fault_is_found(stock, fault, identity, severity, versions):
    report = audit(stock(Broken, fault=fault), tickets=40)
    assert identity in report.ids(), report.findings
    assert report.severities(identity) == {severity}
    assert versions is None or {found.version for found in report.of(identity)} == versions
    assert report.ids("low") <= {identity} | COMPANIONS.get(fault, set())


def test_control_the_same_server_without_a_fault(stock):
    report = audit(stock(Broken), tickets=40)
    assert report.ids("low") == set()
    assert report.status == 0


def test_several_processes_behind_an_address_are_told_from_a_restart(stock, running):
    taking_turns = audit(stock(Broken, fault="several-keys"), tickets=40)
    assert "processes" in taking_turns.observed("several-keys")
