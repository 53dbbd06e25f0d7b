# SPDX-License-Identifier: Apache-2.0
"""What tests said, counted one by one, from the reports of cmocka under Meson and of pytest."""

import dataclasses
import json
import re
import xml.etree.ElementTree

TAIL_LINES = 80
FIGURE = re.compile(r"^figure: (.+)$", re.MULTILINE)
CASE_BEGINS = re.compile(r"^\[ RUN      \] (.+)$", re.MULTILINE)


@dataclasses.dataclass
class Outcome:
    """Counts and names; `output` is what explains the failures, `figures` what tests measured, a
    line each."""

    passed: int = 0
    failed: list = dataclasses.field(default_factory=list)
    skipped: list = dataclasses.field(default_factory=list)
    output: str = ""
    figures: list = dataclasses.field(default_factory=list)

    def add(self, other):
        """Takes another outcome in."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.output += other.output
        self.figures += other.figures


def failure(name, output):
    """One failed test."""
    return Outcome(failed=[name], output=tail(f"--- {name}\n", output))


def tail(title, output):
    """The end of a long output under its title."""
    lines = output.splitlines()
    left_out = len(lines) - TAIL_LINES
    head = [f"({left_out} lines before)"] if left_out > 0 else []
    return title + "\n".join(head + lines[-TAIL_LINES:]) + "\n"


def cmocka_cases(output):
    """The cases in cmocka's own words, in their order: (name, "OK", "SKIPPED" or "FAILED").

    Several groups in one program just follow each other. A case that began and never said OK has
    failed, also when
    the program died in it.
    """
    parts = CASE_BEGINS.split(output)
    cases = []
    for name, text in zip(parts[1::2], parts[2::2]):
        verdict = re.search(rf"\[\s+(OK|SKIPPED) +\] {re.escape(name)}$", text, re.MULTILINE)
        cases.append((name, verdict.group(1) if verdict else "FAILED"))
    return cases


def title(program, case):
    return f"{program}: {case}" if case else program


def program_outcome(report):
    """One program under Meson: its cmocka cases, or itself as one test when it has none."""
    name, status = report["name"].split(" / ")[-1], report["returncode"]
    output = report.get("stdout", "") + report.get("stderr", "")
    cases = cmocka_cases(output)
    if not cases:
        cases = [("", {"OK": "OK", "SKIP": "SKIPPED"}.get(report["result"], "FAILED"))]
    outcome = Outcome(
        passed=sum(verdict == "OK" for _, verdict in cases),
        failed=[title(name, case) for case, verdict in cases if verdict == "FAILED"],
        skipped=[title(name, case) for case, verdict in cases if verdict == "SKIPPED"],
        figures=[f"{name}: {text}" for text in FIGURE.findall(output)],
    )
    if report["result"] not in ("OK", "SKIP") and not outcome.failed:
        outcome.failed.append(f"{name}: ended with {report['result']}, status {status}")
    if outcome.failed:
        outcome.output = tail(f"--- {name}\n", output)
    return outcome


def from_meson(log):
    """All programs in one of Meson's testlog.json files."""
    outcome = Outcome()
    for line in log.read_text(errors="replace").splitlines():
        outcome.add(program_outcome(json.loads(line)))
    return outcome


def from_pytest(report, output):
    """All cases in one junit file."""
    outcome = Outcome()
    tree = xml.etree.ElementTree.parse(report)
    for found in tree.iter("property"):
        if found.get("name").startswith("figure: "):
            outcome.figures.append(f"{found.get('name')[8:]}: {found.get('value')}")
    for case in tree.iter("testcase"):
        name = f"{case.get('classname')}: {case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed.append(name)
        elif case.find("skipped") is not None:
            outcome.skipped.append(f"{name} ({case.find('skipped').get('message')})")
        else:
            outcome.passed += 1
    if outcome.failed:
        outcome.output = tail("", output)
    return outcome
