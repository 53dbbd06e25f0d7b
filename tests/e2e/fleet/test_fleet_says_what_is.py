# SPDX-License-Identifier: Apache-2.0
"""stek fleet status and stek status: the same of a ring, whenever they are asked."""
import contextlib
import socket
import time

import pytest
from harness.fleet import Fleet
from harness.process import free_port, wait_for


@pytest.fixture
def fleet(folder, etcd):
    with Fleet(folder / "fleet", etcd, ring={"rotate": "1h"}) as made:
        yield made


def lines(host, *args):
    return host.stek(*args).stdout


def agreed(host):
    """What both say of the ring web; they must agree."""
    fleet, status = lines(host, "fleet", "status"), lines(host, "status", "web")
    assert "1970" not in fleet + status
    problem = host.status("web")["problem"] or ""
    text = host.fleet_ring()["text"]
    assert problem.startswith(text) if problem else text == "in step with the fleet"
    assert text in fleet
    assert problem in " ".join(status.split())  # it breaks long lines
    return text


def test_they_agree_with_the_store_without_it_and_after_a_restart(fleet, etcd):
    host = fleet.host()
    host.wait_in_step()
    assert agreed(host) == "in step with the fleet"
    etcd.stop()
    wait_for(lambda: not host.fleet_status()["online"], "the end of the connection")
    assert agreed(host) == "on the fleet's keys; its store is unreachable"
    host.restart()
    begun = time.time()
    for _ in range(3):
        assert agreed(host) == "on the fleet's keys; its store is unreachable"
    assert abs(host.fleet_status()["since"] - begun) < 60
    assert "continuation" not in lines(host, "status", "web")
    for member in etcd.members:
        member.start()
    host.wait_in_step(timeout_s=60)
    assert agreed(host) == "in step with the fleet"


def test_a_host_that_never_reached_the_store_says_since_when_it_waits(fleet):
    host = fleet.host(endpoints=f"https://127.0.0.1:{free_port()}")
    assert agreed(host) == "no keys yet: waiting for the fleet's store"
    status = lines(host, "fleet", "status")
    assert "UNREACHABLE since" in status and "no key of the fleet seals" in status
    assert "0 of 0" not in status
    assert host.status("web")["health"] == "no-key"


@contextlib.contextmanager
def silent_server():
    """Takes connections, and says nothing: as a packet filter that drops what comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("by_systemd", [True, False])
def test_the_units_list_of_addresses_is_named_where_a_connection_times_out(fleet, by_systemd):
    with silent_server() as port:
        host = fleet.prepare(endpoints=f"https://127.0.0.1:{port}")
        host.env = {"INVOCATION_ID": "0" * 32 if by_systemd else None}
        with host:
            wait_for(lambda: "no answer in time" in host.stderr(), "a time-out", timeout_s=60)
            assert ("IPAddressAllow" in host.stderr()) == by_systemd
            problem = host.fleet_status()["problem"]
            assert ("IPAddressAllow" in problem) == by_systemd
