# SPDX-License-Identifier: Apache-2.0
"""A program that sets an allow_early_data callback of its own in the place of stek's."""
from harness.early.replay import overheard, replay
from harness.early.servers import EarlyWorkers
from harness.process import wait_for

TIMES = 3  # one for each worker: libssl refuses early data that comes ten seconds late
COMES_BACK = 5
SAYS = "stek: the program accepts early data without asking stek"


def early_data(daemon, **expected):
    """Waits until a connection or more is counted; all of them are, then."""
    names = ("accepted", "replayed", "foreign", "too_old", "unchecked")

    def counted():
        tickets = daemon.status("web")["tickets"]
        return {name: tickets["early_" + name] for name in names if tickets["early_" + name]}

    wait_for(lambda: counted() == expected, f"{expected} to be counted")


def test_a_program_with_a_callback_of_its_own_is_counted_and_told_of_once(on_ring, daemon):
    server = on_ring(EarlyWorkers, guard="program", workers=1)
    for visit in range(COMES_BACK):
        overheard(server, f"/{visit}")
        assert server.executed(f"/{visit}") == 1
    early_data(daemon, unchecked=COMES_BACK)
    assert server.stderr().count(SAYS) == 1
    assert f"early data NOT CHECKED {COMES_BACK}" in daemon.stek("status", "web").stdout


def test_its_copies_are_executed_since_stek_has_no_say(on_ring):
    server = on_ring(EarlyWorkers, guard="program")
    replay(server.port, overheard(server, "/copied"), TIMES)
    assert server.executed("/copied") == 1 + TIMES


def test_control_a_program_without_a_callback_is_not_told_of(on_ring, daemon):
    server = on_ring(EarlyWorkers, guard="none")
    replay(server.port, overheard(server, "/copied"), TIMES)
    assert server.executed("/copied") == 1
    early_data(daemon, accepted=1, replayed=TIMES)
    assert SAYS not in server.stderr()
