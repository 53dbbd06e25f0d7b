# SPDX-License-Identifier: Apache-2.0
"""stek fleet status and stek status: the same of a ring, whenever they are asked."""
import contextlib
import copy
import json
import select
import socket
import subprocess
import time

import pytest
from harness import build
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


# -- days that a key opens: DAYS in stek-fleet(1) --

DAY_S = 86400


def said_of_day(folder, answer, opens_since, **fleet):
    """What stek says where a host's answer is as `answer`, but for the first day that its key
    opens."""
    answer = copy.deepcopy(answer)
    answer["epochs"][0]["opens_since"] = opens_since
    answer.update(fleet)
    run_dir = folder / "run"
    run_dir.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(run_dir / "control.sock"))
        listener.listen()
        argv = [build.COMMAND, "--run-dir", run_dir, "fleet", "status"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as stek:
            while stek.poll() is None:
                if select.select([listener], [], [], 0.05)[0]:
                    with listener.accept()[0] as connection:
                        connection.recv(4096)
                        answer["members"]["reading"] += 1  # what stek waits for
                        connection.sendall(json.dumps(answer).encode() + b"\n")
            said = " ".join(stek.communicate()[0].split())
    (run_dir / "control.sock").unlink()
    assert "opens what was sealed for" in said
    return said


def test_why_a_key_opens_days_that_are_over_is_said(fleet, folder):
    host = fleet.host()
    host.wait_in_step()
    wait_for(lambda: host.fleet_status(read=True)["members"], "the members")
    answer = host.fleet_status()
    today = int(time.time()) // DAY_S * DAY_S
    floor = max(ring["epoch"] for ring in answer["rings"])
    stays, older = "days that are over stay", "older than the fleet's"
    assert stays not in said_of_day(folder, answer, today)
    old = said_of_day(folder, answer, today - 5 * DAY_S)
    assert f"{older}: it is destroyed within an hour" in old and stays not in old
    for ring in answer["rings"]:
        ring["epoch"] = floor - 5
    online = said_of_day(folder, answer, today - 5 * DAY_S, online=True)
    assert f"{stays}: nobody has put the floor again for today" in online
    cut_off = said_of_day(folder, answer, today - 5 * DAY_S, online=False)
    assert f"{stays} until the store is reached" in cut_off
    to_come = said_of_day(folder, answer, today + 3 * DAY_S)
    assert "that day is to come" in to_come and "wrong clock" in to_come
