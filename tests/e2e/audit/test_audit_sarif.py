# SPDX-License-Identifier: Apache-2.0
"""SARIF 2.1.0: what its schema requires and allows of the objects that the report uses. The schema
itself is not here: its terms are not those of free software."""
import json
import re

from harness.audit import audit, run_text
from harness.servers import Broken

# For each object: the members that have to be there, and the others that the report may have.
MEMBERS = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool"}, {"results", "invocations"}),
    "driver": ({"name"}, {"version", "rules"}),
    "rule": ({"id"}, {"shortDescription", "help", "defaultConfiguration"}),
    "invocation": ({"executionSuccessful"}, {"startTimeUtc", "endTimeUtc"}),
    "result": (
        {"message"},
        {"ruleId", "ruleIndex", "kind", "level", "locations", "baselineState"},
    ),
}
LEVELS = {"none", "note", "warning", "error"}


def check(kind, found):
    required, allowed = MEMBERS[kind]
    assert required <= set(found) <= required | allowed, kind


def test_the_report_has_what_the_schema_requires_and_nothing_else(stock, folder):
    recording = folder / "seen.jsonl"
    audit(stock(Broken, fault="no-mac"), tickets=4, record=recording)
    done = run_text(format="sarif", since=recording, **{"from": recording})
    log = json.loads(done.stdout)
    check("log", log)
    assert log["version"] == "2.1.0" and len(log["runs"]) == 1
    run = log["runs"][0]
    check("run", run)
    check("driver", run["tool"]["driver"])
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        check("rule", rule)
        assert rule["defaultConfiguration"]["level"] in LEVELS and rule["help"]["text"]
    for invocation in run["invocations"]:
        check("invocation", invocation)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", invocation["startTimeUtc"])
    assert run["results"]
    for result in run["results"]:
        check("result", result)
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] and result["message"]["text"]
        assert result["level"] in LEVELS
        assert (result["level"] == "none") == (result["kind"] == "informational")
        assert result.get("baselineState") in (None, "new", "unchanged", "absent")
