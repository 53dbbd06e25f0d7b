# SPDX-License-Identifier: Apache-2.0
"""
Instructions of one call in the base's configuration, counted three times. By callgrind, all of
them; its processor knows
AES but not SHA instructions, so that SHA-256 is far more of a call there than on most servers.
Hence by callgrind without
SHA-256, and by single steps on the processor itself.
"""
import re
import subprocess

from figures.demand import at_most
from figures.profile import Profile
from figures.series import Series
from figures.table import number, table
from harness.process import plain_environment

from .run import objects, program

CALLS = 200
STEPPED_CALLS = 4
IVS_IN_BATCH = 63  # so many sealings of stek's draw once
STEK = ("stek hmac", "stek evp")
OPS = ("open", "seal")
UNITS = ("this processor", "callgrind", "without SHA-256")
HEADS = ("this processor", "x ref", "valgrind", "x ref", "no SHA", "x ref")
ORDER = (
    "floor",
    "allocation hmac",
    "allocation evp",
    "least hmac",
    "least evp",
    "reference hmac",
    "reference evp",
    *STEK,
)


def _read(path):
    """Way and op of a profile, its instructions, and those outside of SHA-256; None for the last
    one, empty."""
    text = path.read_text()
    point = re.search(r"^desc: Trigger: Client Request: (.*)/(.*)$", text, re.MULTILINE)
    if not point:
        return None
    profile = Profile(text)
    return point.groups(), profile.total(), profile.total() - profile.sha256()


def _count_by_callgrind(run, figures):
    run.progress("instructions: one run under callgrind")
    calls = 20 if run.quick else CALLS
    out = run.folder / "callgrind"
    subprocess.run(
        [
            "valgrind",
            "--quiet",
            "--tool=callgrind",
            "--collect-atstart=no",
            f"--callgrind-out-file={out}",
            *program("callback", "--instructions", str(calls)),
        ],
        check=True,
        env=plain_environment(),
        stdout=subprocess.DEVNULL,
    )
    profiles = filter(None, map(_read, run.folder.glob("callgrind.*")))
    for (way, op), total, rest in sorted(profiles):
        figures.add("instructions", way, op, "callgrind", value=total / calls)
        figures.add("instructions", way, op, "without SHA-256", value=rest / calls)


def _count_by_steps(run, figures):
    run.progress("instructions: single steps, slow")
    batched = {("stek hmac", "seal")}
    found = {
        (item["way"], item["op"]): item["instructions"] / item["calls"]
        for item in objects(program("callback", "--steps", 1 if run.quick else STEPPED_CALLS))
    }
    if not run.quick:
        for way, op in batched:
            (item,) = objects(
                program("callback", "--steps", IVS_IN_BATCH, "--way", way, "--op", op)
            )
            found[way, op] = item["instructions"] / item["calls"]
    for (way, op), count in found.items():
        figures.add("instructions", way, op, "this processor", value=count)


def measure(run, figures):
    _count_by_callgrind(run, figures)
    _count_by_steps(run, figures)
    for kind in ("hmac", "evp"):
        for op in OPS:
            for unit in UNITS:
                least = [
                    figures.get("instructions", way, op, unit)
                    for way in ("floor", f"allocation {kind}")
                ]
                figures.derive(
                    "instructions", f"least {kind}", op, unit, of=least[0].plus(least[1])
                )


def _table(figures, op):
    ways = list(dict.fromkeys(name[1] for name in figures.names() if name[0] == "instructions"))
    rows = []
    for way in sorted(ways, key=ORDER.index):
        cells = [way]
        for unit in UNITS:
            name = ("instructions", way, op, unit)
            cells += [
                number(figures.get(*name).median),
                number(figures.ratio(name, ("instructions", "reference hmac", op, unit)).median),
            ]
        rows.append(cells)
    return table(
        f"instructions to {op}, and as a multiple of the reference hmac's",
        ["way", *HEADS],
        rows,
        ""
        if op == "open"
        else "this processor: counted by single steps. valgrind: counted by callgrind, on a processor without SHA "
        "instructions (SHA-NI): SHA-256 runs in software there, and hides the rest. no SHA: the same without "
        "SHA-256. least: floor and allocation, so what is left when a callback costs nothing.",
    )


def tables(figures):
    return [line for op in OPS for line in _table(figures, op)]


def demands(figures):
    words = {
        "this processor": "instructions",
        "callgrind": "instructions under valgrind",
        "without SHA-256": "instructions under valgrind without SHA-256",
    }
    out = []
    for way in STEK:
        for op in OPS:
            for unit in UNITS:
                ratio = figures.ratio(
                    ("instructions", way, op, unit), ("instructions", "reference hmac", op, unit)
                )
                out.append(
                    at_most(
                        f"{way}: {op}, {words[unit]}, of the reference", Series(ratio.values), 0.5
                    )
                )
    return out
