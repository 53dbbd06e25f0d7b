# SPDX-License-Identifier: Apache-2.0
"""`stek audit --profile rfc9325`: the same verdicts in the table, in JSON and on the page."""
from harness import browser
from harness.audit import audit, run_text
from harness.servers import Broken


def test_each_rule_has_a_section_a_level_and_a_verdict_in_every_report(stock, folder):
    recording, page = folder / "seen.jsonl", folder / "page.html"
    server = stock(Broken, fault="no-mac")
    report = audit(server, tickets=4, profile="rfc9325", record=recording, html=page)
    rules = report.whole["profile"]["rules"]
    assert {(rule["section"], rule["version"]) for rule in rules} == {
        ("3.4", "1.2"),
        ("3.4", "1.3"),
        ("3.10", "1.3"),
    }
    verdicts = {rule["rule"]: rule["verdict"] for rule in rules}
    assert verdicts["tickets are authenticated"] == "not met"
    assert verdicts["old ticket keys are destroyed"] == "not seen"
    assert verdicts["each resumption has a fresh key exchange (psk_dhe_ke)"] == "met"

    table = run_text(**{"from": recording, "profile": "rfc9325"}).stdout
    assert "RFC 9325 (BCP 195) on resumption, TLS 1.3" in table
    assert "  not met   3.4   MUST        tickets are authenticated\n" in table
    shown = browser.load(folder, page)
    assert len(shown.all("table", **{"class": "profile"})) == 2
    assert all(rule["seen"] in shown.text for rule in rules)
