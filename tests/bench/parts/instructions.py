# SPDX-License-Identifier: Apache-2.0
"""
Instructions of one call, counted by callgrind in the base's configuration. valgrind's processor knows AES but not SHA
instructions, so that SHA-256 is far more of a call there than on most servers: hence a second count without it.
"""
import re
import subprocess

from figures.demand import at_most
from figures.profile import Profile
from figures.series import Series
from figures.table import number, table
from harness.process import plain_environment

from .run import program

CALLS = 200
STEK = ("stek hmac", "stek evp")
ORDER = ("floor", "allocation hmac", "allocation evp", "least hmac", "least evp", "reference hmac",
         "reference evp", *STEK)


def _read(path):
    """Way and op of a profile, its instructions, and those outside of SHA-256; None for the last one, empty."""
    text = path.read_text()
    point = re.search(r"^desc: Trigger: Client Request: (.*)/(.*)$", text, re.MULTILINE)
    if not point:
        return None
    profile = Profile(text)
    return point.groups(), profile.total(), profile.total() - profile.sha256()


def measure(run, figures):
    run.progress("instructions: one run under callgrind")
    calls = 20 if run.quick else CALLS
    out = run.folder / "callgrind"
    subprocess.run(["valgrind", "--quiet", "--tool=callgrind", "--collect-atstart=no", f"--callgrind-out-file={out}",
                    *program("callback", "--instructions", str(calls))],
                   check=True, env=plain_environment(), stdout=subprocess.DEVNULL)
    profiles = filter(None, map(_read, run.folder.glob("callgrind.*")))
    for (way, op), total, rest in sorted(profiles):
        figures.add("instructions", way, op, "all", value=total / calls)
        figures.add("instructions", way, op, "without SHA-256", value=rest / calls)
    for kind in ("hmac", "evp"):
        for op in ("open", "seal"):
            for unit in ("all", "without SHA-256"):
                least = [figures.get("instructions", way, op, unit) for way in ("floor", f"allocation {kind}")]
                figures.derive("instructions", f"least {kind}", op, unit, of=least[0].plus(least[1]))


def tables(figures):
    ways = list(dict.fromkeys(name[1] for name in figures.names() if name[0] == "instructions"))
    rows = []
    for way in sorted(ways, key=ORDER.index):
        cells = [way]
        for unit in ("all", "without SHA-256"):
            for op in ("open", "seal"):
                name = ("instructions", way, op, unit)
                cells += [number(figures.get(*name).median),
                          number(figures.ratio(name, ("instructions", "reference hmac", op, unit)).median)]
        rows.append(cells)
    return table("instructions: of one call, and as a multiple of the reference hmac's: all, and all but SHA-256's",
                 ["way", "open", "x ref", "seal", "x ref", "open -", "x ref", "seal -", "x ref"], rows,
                 "valgrind's processor has no SHA instructions (SHA-NI): SHA-256 runs in software there, and is far more "
                 "of a call than it is on a processor that has them. The columns with a minus leave it out. least: floor "
                 "and allocation, so what is left when a callback costs nothing.")


def demands(figures):
    out = []
    for way in STEK:
        for op in ("open", "seal"):
            for unit, words in (("all", ""), ("without SHA-256", ", without SHA-256")):
                ratio = figures.ratio(("instructions", way, op, unit), ("instructions", "reference hmac", op, unit))
                out.append(at_most(f"{way}: {op}, instructions{words}, of the reference", Series(ratio.values), 0.5))
    return out
