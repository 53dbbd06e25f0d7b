# SPDX-License-Identifier: Apache-2.0
"""The store's owner undoes a revocation before the other hosts have heard of it: they hear of both
together."""
import contextlib
import signal

from harness.adversary.store import Adversary
from harness.fleet import in_step
from harness.process import wait_for

ETCD = {}


@contextlib.contextmanager
def stopped(hosts):
    for host in hosts:
        host.process.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for host in hosts:
            host.process.signal(signal.SIGCONT)


def test_a_revocation_that_is_undone_at_once_leaves_a_key_that_seals(folder, etcd):
    with in_step(folder, etcd, 3) as fleet, contextlib.closing(Adversary(etcd)) as adversary:
        revoker, *others = fleet.hosts
        adversary.record()
        with contextlib.ExitStack() as pause:
            with stopped(others):
                assert revoker.request(command="revoke", ring="web", all=True)["ok"]
                floor = wait_for(
                    lambda: revoker.active() == revoker.fleet_ring()["floor"] > 1
                    and revoker.active(),
                    "the revocation",
                )
                mark = revoker.keys()[floor]
                pause.enter_context(stopped([revoker]))  # or it would put all again at once
                adversary.bring_back(adversary.moments[0])
            for host in others:
                wait_for(lambda h=host: h.fleet_ring()["floor"] >= floor, "the floor")
                assert host.active() == floor
                assert host.keys()[floor] == mark
        fleet.wait_equal()
