#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
helgrind.py PROGRAM [ARGUMENT ...]

Runs a program under helgrind, and fails where stek has a part in a race over memory of OpenSSL's.
stek's own memory is left out: helgrind knows no atomics, and ThreadSanitizer looks at that. Races
of libssl alone are its own: OpenSSL 3.0 has some around sessions that TLS 1.3 keeps in its cache.
"""
import re
import subprocess
import sys

COMMAND = ["valgrind", "--quiet", "--tool=helgrind", "--history-level=full", "--num-callers=30"]
RACE = re.compile(r"Possible data race.*?(?=\n-{20}|\Z)", re.S)
STEK = re.compile(r"\bstek_\w+ \(")
ALLOCATED = re.compile(r"inside a block of size \d+ (?:alloc|free)'d(.*)", re.S)
RACES = 99


def is_of_stek(race):
    """Whether stek is in one of the stacks, and not in the one that allocated the memory."""
    where = ALLOCATED.search(race)
    return bool(where and STEK.search(race[: where.start()]) and not STEK.search(where.group(1)))


def of_stek(output):
    """The races in which stek has a part: each a text with all stacks."""
    text = re.sub(r"(?m)^==\d+== ?", "", output)
    return [race.group(0) for race in RACE.finditer(text) if is_of_stek(race.group(0))]


def main():
    done = subprocess.run(COMMAND + sys.argv[1:], stderr=subprocess.PIPE, check=False)
    said = done.stderr.decode(errors="replace")
    races = of_stek(said)
    sys.stderr.write("\n\n".join(races) or (said if done.returncode else ""))
    sys.exit(RACES if races else done.returncode)


if __name__ == "__main__":
    main()
