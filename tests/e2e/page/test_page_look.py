# SPDX-License-Identifier: Apache-2.0
"""The status page for every reader: small screens, dark rooms, eyes and printers without colours;
and names that were chosen to do harm."""
import json

import pytest

from harness.browser import count_colours
from harness.process import wait_for

ETCD = {}  # without TLS, open to everybody
HOSTILE = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
LONG = "x" * 60

# The contrast of each text with what is behind it (WCAG 2.2, 1.4.3), where it is under 4.5.
FAINT = """
(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).slice(0, 3).map((v) => v / 255).map(
      (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((numbers(colour)[3] ?? 1) > 0)
        return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const faint = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!own || !node.checkVisibility() || ['NOSCRIPT', 'SCRIPT'].includes(node.tagName))
      continue;
    const [a, b] = [light(getComputedStyle(node).color), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5)
      faint.push([node.className, node.textContent.slice(0, 40), ratio]);
  }
  return faint;
})()
"""


def ill_and_well(serving):
    """A ring of each kind that a host has by itself."""
    daemon = serving(web={"rotate": "1h"}, mail={"rotate": "1h"}, old={"rotate": "1h"})
    daemon.stop()
    del daemon.rings["old"]
    daemon.launch()
    with open(daemon.ring("mail"), "r+b") as ring:
        ring.write(b"\xff" * 20480)
    return daemon


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(browser, serving, scheme):
    browser.prefer(scheme)
    browser.open(ill_and_well(serving).page)
    browser.wait_for_text("2 of 3 rings need a look.")
    assert browser.evaluate(FAINT) == []


def test_it_is_light_or_dark_as_the_reader_prefers(browser, serving, folder):
    daemon = serving(web={"rotate": "1h"})
    browser.resize(300, 200)
    grounds = {}
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        browser.open(daemon.page)
        browser.wait_for_text("All is well")
        browser.picture(folder / "page.png", whole=False)
        colours = count_colours((folder / "page.png").read_bytes())
        grounds[scheme] = sum(max(colours, key=colours.get))
    assert grounds["light"] > 600 and grounds["dark"] < 160


@pytest.mark.parametrize("width", [320, 360])
def test_nothing_is_cut_on_a_phone(browser, serving, width):
    names = {f"{LONG[:50]}-{i}": {"rotate": "1h"} for i in range(3)}
    browser.resize(width, 740, mobile=True)
    browser.open(serving(**names).page)
    browser.wait_for_text("All is well")
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    assert (
        browser.evaluate("document.querySelector('.headline').getBoundingClientRect().bottom") < 740
    )


def test_states_have_words_and_shapes_beside_colours(browser, serving):
    browser.open(ill_and_well(serving).page)
    browser.wait_for_text("2 of 3 rings need a look.")
    assert browser.all(".ring .badge") == ["UNREADABLE", "ORPHAN", "fine, unused"]
    look = "getComputedStyle(node).fill + getComputedStyle(node).strokeWidth"
    seals = set(browser.all("[data-ring=web] .life .seals", look))
    opens = set(browser.all("[data-ring=web] .life .opens", look))
    assert len(seals) == len(opens) == 1 and seals != opens


# Real answers, in which texts become hostile ones: all of them, or those under these names.
CHANGED = """
(() => {
  const plain = window.fetch, hostile = %s, names = %s;
  const change = (value, name) => {
    if (typeof value === 'string')
      return names === null || names.includes(name) ? hostile : value;
    if (typeof value !== 'object' || value === null)
      return value;
    for (const [key, inner] of Object.entries(value))
      value[key] = change(inner, Array.isArray(value) ? name : key);
    return value;
  };
  window.fetch = async (...asked) => {
    const answer = await plain(...asked);
    return {ok: answer.ok, json: async () => change(await answer.json(), '')};
  };
})()
"""


@pytest.mark.parametrize("names", [None, ["name", "problem", "version", "fingerprint", "source"]])
def test_names_and_messages_are_texts_whatever_they_hold(browser, serving, names):
    changed = CHANGED % (json.dumps(HOSTILE), json.dumps(names))
    browser.send("Page.addScriptToEvaluateOnNewDocument", source=changed)
    browser.open(ill_and_well(serving).page)
    wait_for(lambda: HOSTILE in browser.all(".ring .name", "node.textContent"), "the name")
    assert HOSTILE in browser.evaluate("document.querySelector('#self').textContent")
    assert browser.all("img, main script, iframe") == []
    assert browser.evaluate("document.title") != "owned"


def announce(etcd, host, said):
    """What a writer into the store makes a host say that is none."""
    etcd.ctl(
        "put", f"/stek/v1/.members/{host}", said if isinstance(said, str) else json.dumps(said)
    )


def test_what_strangers_write_into_the_store_is_text(browser, member, etcd):
    announce(etcd, HOSTILE, {"version": HOSTILE, "rings": {"web": {"held": HOSTILE}}})
    announce(etcd, "odd", {"version": ["x"], "rings": [HOSTILE], "clock_ahead_s": {}})
    announce(etcd, "null", {"version": None, "rings": {"web": None, "__proto__": 1}})
    announce(etcd, "__proto__", {"version": "1", "keys": HOSTILE})
    browser.open(member.page)
    browser.wait_for_text("onerror=document", "#fleet-hosts", timeout_s=60)
    names = wait_for(
        lambda: (found := browser.all("#fleet-hosts tbody th", "node.textContent"))
        and len(found) >= 4
        and found,
        "every host",
        pause_s=0.1,
    )
    assert HOSTILE in names and "odd" in names and "host0 (this host)" in names
    assert browser.all("img, main script, iframe") == []
    assert browser.evaluate("document.title") != "owned"


def test_scripts_that_are_not_its_own_do_not_run(browser, serving):
    """What is left if a name did become an element after all."""
    browser.open(serving(web={"rotate": "1h"}).page)
    browser.wait_for_text("All is well")
    assert (
        browser.evaluate(
            "(() => {const script = document.createElement('script');"
            " try {script.textContent = 'window.owned = 1'} catch {}"
            " document.body.append(script);"
            " try {document.body.innerHTML += '<b>x</b>'; return 'taken'} catch {}"
            " return window.owned ?? 'refused'})()"
        )
        == "refused"
    )


def test_another_page_cannot_frame_it(browser, serving):
    daemon = serving(web={"rotate": "1h"})
    browser.open(f"{daemon.url}/healthz")
    browser.evaluate(
        "window.framed = new Promise((done) => {const frame = document.createElement('iframe');"
        f" frame.onload = () => done(frame.contentDocument?.body?.innerText ?? 'blocked');"
        f" frame.src = '{daemon.page}'; document.body.append(frame)}}); 0"
    )
    assert "Session ticket keys" not in browser.evaluate("window.framed")
