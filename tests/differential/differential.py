#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Runs real servers plain, with stek's private ring and with a ring of stekd's, takes the same clients
the same ways through each, and fails where stek makes a difference that is not listed in known.py.
"""
import argparse
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import ground
import known
import report
import scenes
import verdict
import walk
from arms import Arms, pairs
from certificates import Certificates
from seen import ARMS
from servers import SERVERS, SHORT
from servers.cases import Cases

COUNTS_IN_S = 5


@dataclass
class Result:
    """What came of one program in one arm."""

    seen: dict  # journeys
    deaths: list
    loaded: bool  # stek was seen in its memory
    resumed_by_id: int = 0  # as the clients saw it


class Run:
    """One run over some servers."""

    def __init__(self, folder, servers, *, short):
        self.folder, self.servers, self.short = Path(folder), servers, short
        self.certificates = Certificates(self.folder / "certificates")
        self.arms = None
        self.journeys = 0

    def _one(self, driver, group, arm):
        """The Result of one program in one arm."""
        folder = self.folder / f"{driver.name}-{group}-{arm}"
        if driver is Cases:
            return self._one_process(driver, folder, group, arm)
        places = driver.chosen(scenes.places(group, short=self.short))
        conf = self.arms.conf(arm, driver.name)
        server = driver(folder, self.certificates, conf, group, places)
        if arm == "host" and driver.sees_ring:
            server.count_in_time = self._count_in_time(driver.name)
        seen, loaded = {}, arm != "plain"
        try:
            server.start()
            walk.take(server, group, self.certificates.clients, seen, short=self.short)
            loaded = self._loads_stek(server, arm)
        except ground.Gone as problem:
            server.ended_badly.append(" ".join(str(problem).split()))
        finally:
            server.stop()
            server.close()
        return Result(seen, server.deaths(), loaded, server.resumed_by_id)

    def _one_process(self, driver, folder, group, arm):
        """The same of a program that is server and clients in one."""
        conf = self.arms.conf(arm, driver.name)
        seen, deaths, objects, resumed_by_id = driver.take(
            folder, self.certificates, conf, group, short=self.short
        )
        return Result(seen, deaths, str(ground.build.MODULE) in objects, resumed_by_id)

    def _count_in_time(self, name):
        """A function that waits until stek has counted so many more than it has now: a connection
        counts when the program frees it."""
        before = self.arms.counted(name)

        def wait(seen):
            try:
                ground.wait_for(
                    lambda: self.arms.counted(name) >= before + seen, "stek to count", COUNTS_IN_S
                )
            except ground.Gone:
                pass  # a miscount, which is found when the program has ended

        return wait

    @staticmethod
    def _loads_stek(server, arm):
        """A program may put new processes in the place of others at just this moment."""
        if arm == "plain":
            return server.loads_stek()
        try:
            ground.wait_for(server.loads_stek, f"stek in {server.name}")
            return True
        except ground.Gone:
            return False

    def _group(self, driver, group):
        before = self.arms.counted(driver.name)
        with ThreadPoolExecutor(len(ARMS)) as threads:
            try:
                seen = threads.map(lambda arm: self._one(driver, group, arm), ARMS)
                results = dict(zip(ARMS, seen))
            except BaseException:
                ground.process.stop_all()  # so that no thread waits for a server any more
                raise
        plain = results["plain"]
        self.journeys += len(plain.seen)
        found = []
        for arm in pairs():
            found += verdict.compare(arm, plain.seen, results[arm].seen)
            found += verdict.crashes(arm, driver.name, plain.deaths, results[arm].deaths)
        counted = self.arms.counted(driver.name) - before
        by_id = results["host"].resumed_by_id if driver.sees_ring else 0
        found += verdict.miscounts(driver.name, group, by_id, counted)
        loaded = {arm: result.loaded for arm, result in results.items()}
        return found + verdict.controls(driver.name, {}, loaded), plain.seen

    def server(self, driver):
        """The differences of one server."""
        found, plain = [], {}
        for group in driver.groups_of(self.short):
            more, seen = self._group(driver, group)
            found += more
            plain.update(seen)
        return found + verdict.controls(driver.name, plain, {}, resumes=driver.plain_resumes)

    def all(self):
        """The differences that are not in known.py, and the entries of it that were met."""
        with Arms(self.folder, self.servers) as self.arms:
            unknown, used = [], set()
            for name in self.servers:
                began, before = time.monotonic(), self.journeys
                found = self.server(SERVERS[name])
                new, met = known.split(found)
                unknown += new
                used |= met
                print(
                    f"{'FAILED' if new else 'ok'} {name}: {self.journeys - before} journeys, "
                    f"{len(new)} differences, {len(found) - len(new)} known, "
                    f"{time.monotonic() - began:.0f} s",
                    flush=True,
                )
            return unknown, used


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a part, in less than three minutes")
    parser.add_argument("--rows", type=int, default=5, help="journeys shown for each kind")
    parser.add_argument("--keep", action="store_true", help="leave the folder of the run")
    parser.add_argument("servers", nargs="*", help=f"of {' '.join(SERVERS)}")
    return parser.parse_args()


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # with everything stopped, as on Ctrl-C
    chosen = options()
    servers = chosen.servers or [name for name in SERVERS if not chosen.short or name in SHORT]
    folder = tempfile.mkdtemp(prefix="stek-differential-")
    Path(folder).chmod(0o755)
    try:
        unknown, used = Run(folder, servers, short=chosen.short).all()
    finally:
        ground.process.stop_all()
        if not chosen.keep:
            shutil.rmtree(folder, ignore_errors=True)
    stale = [] if chosen.servers or chosen.short else [e for e in known.KNOWN if e not in used]
    if unknown:
        print(report.table(unknown, chosen.rows))
    for entry in stale:
        print(f"FAILED known.py: not seen any more: {entry.kind} {entry.journey}: {entry.reason}")
    return 1 if unknown or stale else 0


if __name__ == "__main__":
    sys.exit(main())
