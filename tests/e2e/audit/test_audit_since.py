# SPDX-License-Identifier: Apache-2.0
"""`stek audit --since`: what has changed since an earlier recording of the same server."""
import json

import pytest

from harness import browser
from harness.audit import audit, run, run_text
from harness.servers import Broken


@pytest.fixture
def mended(stock, folder):
    """Two recordings: of a server that checks no MAC, and of a sound one as if it had the same
    address."""
    before, after = stock(Broken, fault="no-mac"), stock(Broken)
    old, new = folder / "old.jsonl", folder / "new.jsonl"
    audit(before, tickets=4, record=old)
    audit(after, tickets=4, record=new)
    new.write_text(new.read_text().replace(f'"port":{after.port}', f'"port":{before.port}'))
    return old, new


def test_what_was_mended_is_gone_and_what_broke_is_new(mended, folder):
    old, new = mended
    page = folder / "page.html"
    better = run(**{"from": new, "since": old, "html": page})
    gone = [found for found in better.whole["since"]["findings"] if found["fate"] == "gone"]
    assert {found["id"] for found in gone} >= {"no-mac"} and better.status == 0
    assert better.whole["since"]["new"] == 0
    assert "Gone since the earlier audit" in browser.load(folder, page).text

    worse = run(**{"from": old, "since": new})
    assert {found["fate"] for found in worse.whole["findings"] if found["id"] == "no-mac"} == {
        "new"
    }
    assert worse.status == 3


def test_only_what_is_new_fails(mended):
    old, _ = mended
    assert run(**{"from": old}).status == 3
    again = run_text(**{"from": old, "since": old})
    assert again.returncode == 0
    assert "UTC: 0 new, 0 gone, " in again.stdout.splitlines()[1]
    assert "(unchanged)" in again.stdout and "(new)" not in again.stdout


def test_pipelines_are_told_what_is_new_and_what_is_gone(mended):
    old, new = mended
    text = run_text(**{"from": new, "since": old, "format": "sarif"}).stdout
    results = json.loads(text)["runs"][0]["results"]
    states = {result["ruleId"]: result.get("baselineState") for result in results}
    assert states["no-mac"] == "absent" and states["resumes"] is None


def test_a_recording_of_other_targets_is_refused_before_any_connection(mended):
    old, _ = mended
    done = run_text("localhost:1", since=old)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == f"stek audit: --since {old}: is a recording of other targets\n"


def test_a_file_that_is_no_recording_is_refused(folder):
    other = folder / "other"
    other.write_text("{}\n")
    done = run_text("localhost:1", since=other)
    assert done.returncode == 1
    assert f"--since {other}: line 1: a recording begins with" in done.stderr
