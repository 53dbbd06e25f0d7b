# SPDX-License-Identifier: Apache-2.0
"""The status page in a real browser: what is seen, and that it follows what happens without being
loaded again."""
import time

import pytest

from harness.client import Visitor
from harness.process import wait_for, wait_until
from harness.servers import Nginx

TEN = {f"service-{i}.example.org": {"rotate": "1h"} for i in range(10)}


@pytest.fixture(autouse=True)
def no_complaints(browser):
    """Whatever a test does: no script throws, and the page breaks none of its own rules. That a
    stekd which is gone does not answer, the browser notes by itself."""
    yield
    found = [event["params"] for event in browser.complaints()]
    assert [one for one in found if one.get("entry", {}).get("source") != "network"] == []


def keys_seen(browser, ring="web"):
    return browser.all(f"[data-ring='{ring}'] .keys code")


def keys_kept(daemon, ring="web"):
    return [key["fingerprint"][:8] for key in daemon.status(ring)["keys"]]


def see_all_keys(browser, daemon, ring="web"):
    return wait_for(
        lambda: keys_seen(browser, ring) == keys_kept(daemon, ring) and keys_kept(daemon, ring),
        "the page to show the ring's keys",
        pause_s=0.1,
    )


def seen_by(browser, daemon, words="All is well"):
    """Opens the page; a mark stays in it for as long as nobody loads it again."""
    browser.open(daemon.page)
    browser.evaluate("window.mark = 'loaded once'")
    return browser.wait_for_text(words, "#verdict")


def test_one_screen_says_that_all_is_well(browser, serving):
    daemon = serving(web={"rotate": "1h"}, mail={"rotate": "30m"})
    seen_by(browser, daemon)
    assert browser.evaluate("document.title").startswith("All is well")
    assert browser.all(".ring .name") == ["mail", "web"]
    assert (
        browser.evaluate("document.querySelector('#verdict').getBoundingClientRect().bottom") < 900
    )
    assert "rotate 30m, accept 12h, ahead 2" in browser.text("[data-ring=mail]")


def test_each_key_has_its_life_as_a_line(browser, serving):
    daemon = serving(web={"rotate": "1h"})
    seen_by(browser, daemon)
    see_all_keys(browser, daemon)
    lives = browser.all("[data-ring=web] .keys li", "node.className + ' ' + node.innerText")
    assert [life.split()[0] for life in lives] == ["active", "pending", "pending"]
    assert "seals for" in lives[0] and "seals in" in lives[1]
    bars = browser.all("[data-ring=web] .life .seals", "Number(node.getAttribute('x'))")
    assert bars == sorted(bars) and len(set(bars)) == 3
    assert len(browser.all("[data-ring=web] .life .now")) == 3


def test_it_follows_a_rotation(browser, serving):
    daemon = serving(web={"rotate": "1h"})
    seen_by(browser, daemon)
    before = see_all_keys(browser, daemon)
    daemon.rotate("web")
    after = see_all_keys(browser, daemon)
    assert len(after) == len(before) + 1
    assert "draining" in browser.text("[data-ring=web] .keys")
    assert browser.evaluate("window.mark") == "loaded once"


def test_it_follows_a_revocation(browser, serving):
    daemon = serving(web={"rotate": "1h"})
    seen_by(browser, daemon)
    before = see_all_keys(browser, daemon)
    assert daemon.stek("revoke", "web", "--all", "--yes").returncode == 0
    after = see_all_keys(browser, daemon)
    assert not set(before) & set(after)
    assert browser.evaluate("window.mark") == "loaded once"


def test_it_follows_rings_that_come_and_go(browser, serving):
    daemon = serving(web={"rotate": "1h"}, mail={"rotate": "1h"})
    seen_by(browser, daemon)
    daemon.rings = {"shop": {"rotate": "1h"}, "web": daemon.rings["web"]}
    daemon.reload()
    wait_for(lambda: browser.all(".ring .name") == ["shop", "web"], "the new list", pause_s=0.1)


def test_it_counts_tickets_by_result_and_draws_the_rate(browser, serving, loaded):
    daemon = serving(web={"rotate": "1h"})
    nginx = loaded(Nginx, stek={"ring": daemon.ring("web")})
    seen_by(browser, daemon)
    visitor = Visitor("1.2")
    assert [visitor.visit(nginx) for _ in range(4)] == [False, True, True, True]
    browser.wait_for_text("3 presented by clients, and none refused", "[data-ring=web]")
    assert daemon.stek("revoke", "web", "--all", "--yes").returncode == 0
    assert visitor.visit(nginx) is False
    browser.wait_for_text("4 presented by clients", "[data-ring=web]")
    assert browser.all("[data-ring=web] .results tr", "node.innerText.split(/\\s+/)[0]") == [
        "opened",
        "unknown",
    ]
    browser.wait_for_text("Share that resumed: 75.0 %", "[data-ring=web]")
    assert browser.all("[data-ring=web] .chart .opened") != []
    assert browser.all("[data-ring=web] .chart .refused") != []
    assert "75.0 %" in browser.text("[data-ring=web] summary")


def test_a_stekd_that_is_gone_is_said_and_so_is_its_return(browser, serving):
    daemon = serving(web={"rotate": "1h"})
    seen_by(browser, daemon)
    daemon.kill()
    said = browser.wait_for_text("stekd does not answer", "#verdict")
    assert (
        "systemctl status stekd" in said and "rotate the keys of their rings by themselves" in said
    )
    assert browser.evaluate("document.title").startswith("! stekd does not answer")
    assert browser.all(".ring .name") == ["web"]
    daemon.launch()
    browser.wait_for_text("All is well", "#verdict")
    assert browser.evaluate("window.mark") == "loaded once"


def test_continuations_are_named_with_what_ends_them(browser, serving):
    daemon = serving(web={"rotate": "1s", "accept": "50s", "ahead": "1"}, mail={"rotate": "1h"})
    daemon.kill()
    wait_until(time.time() + 5, "five intervals to pass")
    daemon.rings["web"]["rotate"] = "1h"
    daemon.launch()
    said = seen_by(browser, daemon, "1 of 2 rings needs a look.")
    assert "Ring web: On continuations" in said
    assert browser.all(".ring .name") == ["web", "mail"]
    assert "DEGRADED" in browser.text("[data-ring=web] summary")


def test_a_ring_that_is_not_kept_is_named_with_its_reason(browser, serving):
    daemon = serving(web={"rotate": "1h"}, mail={"rotate": "1h"})
    daemon.stop()
    daemon.ring("web").unlink()
    daemon.ring("web").mkdir()
    daemon.launch()
    said = seen_by(browser, daemon, "1 of 2 rings needs a look.")
    assert daemon.status("web")["problem"] in said and "journalctl -u stekd" in said
    assert "NOT KEPT" in browser.text("[data-ring=web] summary")


def test_a_file_that_somebody_destroyed_is_named_with_what_replaces_it(browser, serving):
    daemon = serving(web={"rotate": "1h"}, mail={"rotate": "1h"})
    with open(daemon.ring("web"), "r+b") as ring:
        ring.write(b"\xff" * 20480)
    said = seen_by(browser, daemon, "1 of 2 rings needs a look.")
    assert "systemctl restart stekd" in said
    assert "UNREADABLE" in browser.text("[data-ring=web] summary")
    daemon.restart()
    browser.wait_for_text("All is well", "#verdict")


def test_an_orphan_is_named_with_what_removes_it(browser, serving):
    daemon = serving(web={"rotate": "1h"}, mail={"rotate": "1h"})
    daemon.stop()
    del daemon.rings["mail"]
    daemon.launch()
    said = seen_by(browser, daemon, "1 of 2 rings needs a look.")
    assert "stek revoke mail --all" in said
    assert daemon.stek("revoke", "mail", "--all", "--yes").returncode == 0
    browser.wait_for_text("All is well", "#verdict")


def test_without_rings_it_says_how_to_make_one(browser, serving):
    said = seen_by(browser, serving(), "No rings")
    assert "[ring NAME]" in said and "systemctl reload stekd" in said


def test_a_ring_that_was_closed_stays_closed(browser, serving):
    daemon = serving(web={"rotate": "1h"})
    seen_by(browser, daemon)
    see_all_keys(browser, daemon)
    browser.evaluate("document.querySelector('[data-ring=web]').open = false")
    before = browser.text("#self")
    wait_for(lambda: browser.text("#self") != before, "the next answer", pause_s=0.1)
    assert browser.evaluate("document.querySelector('[data-ring=web]').open") is False
    assert browser.evaluate("window.mark") == "loaded once"


def test_the_rings_of_a_long_list_are_found_by_name(browser, serving):
    seen_by(browser, serving(**TEN))
    browser.evaluate(
        "{const field = document.querySelector('#find input'); field.value = 'E-7';"
        " field.dispatchEvent(new Event('input'))}"
    )
    assert browser.text("#ring-list .ring:not([hidden]) .name") == "service-7.example.org"
    assert browser.text("#find span") == "1 of 10 rings"


def test_a_hundred_rings_are_listed_with_the_ill_one_first(browser, serving):
    daemon = serving(**{f"ring-{i:02}": {"rotate": "1h"} for i in range(100)})
    with open(daemon.ring("ring-77"), "r+b") as ring:
        ring.write(b"\xff" * 20480)
    seen_by(browser, daemon, "1 of 100 rings needs a look.")
    names = browser.all(".ring .name")
    assert len(names) == 100 and names[:3] == ["ring-77", "ring-00", "ring-01"]
    assert browser.all(".ring[open]") == []
    before = browser.text("#self")
    wait_for(lambda: browser.text("#self") != before, "the next answer", pause_s=0.1)


def test_the_hosts_of_a_fleet_are_listed(browser, member, fleet):
    other = fleet.host()
    other.wait_in_step()
    browser.open(member.page)
    browser.wait_for_text("host1", "#fleet", timeout_s=60)
    wait_for(
        lambda: browser.all("#fleet-hosts tbody th") == ["host0 (this host)", "host1"],
        "both hosts",
        pause_s=0.1,
    )
    assert "connected since" in browser.text("#fleet-state")


def test_a_store_that_is_gone_is_said(browser, member, etcd):
    browser.open(member.page)
    browser.wait_for_text("connected since", "#fleet-state")
    for store in etcd.members:
        store.kill()
    said = browser.wait_for_text("stekd --check-config --connect", "#verdict", timeout_s=60)
    assert "unreachable since" in said
