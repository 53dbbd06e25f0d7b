# SPDX-License-Identifier: Apache-2.0
"""The page that an audit writes, in a real browser."""
import pytest

from harness import browser
from harness.audit import audit, run
from harness.servers import Broken, Nginx

CRITICAL = (0xB0, 0x00, 0x20)  # as in src/audit/report/html.c


@pytest.fixture
def page(folder):
    return folder / "page.html"


def test_the_page_shows_every_finding_and_the_matrix(stock, certificates, folder, page):
    a = stock(Broken, seed=7, fault="no-mac")
    b = stock(Broken, seed=7, fault="no-mac", identity=certificates.other)
    report = run(
        f"127.0.0.1:{a.port}",
        f"127.0.0.1:{b.port}",
        sni=["a.example", "b.example"],
        ca=certificates.ca,
        tickets=4,
        html=page,
    )
    seen = browser.load(folder, page)
    shown = [found["data-id"] for found in seen.all("article")]
    assert shown == [found.id for found in report.findings]
    assert len(seen.all("table", id="matrix")) == 1
    assert len(seen.all("td", **{"class": "flaw"})) > 0
    assert all(found.observed in seen.text for found in report.findings)


def test_the_timeline_shows_each_key_name(loaded, folder, page):
    report = audit(
        loaded(Nginx, stek={"rotate": "3s", "accept": "20s"}),
        watch="8s",
        every="1s",
        tickets=10,
        record=folder / "seen.jsonl",
        html=page,
    )
    seen = browser.load(folder, page)
    assert len(seen.all("svg", id="timeline")) == 1
    assert len(seen.all("rect")) >= len(report.whole["key_names"]) >= 2


def test_the_page_looks_as_it_should(stock, folder, page):
    """Pictures of it: mostly background, and much more of the colour of critical findings where
    there are some."""
    audit(stock(Broken), tickets=4, html=page)
    without = browser.screenshot_colours(folder, page)
    audit(stock(Broken, fault="no-mac"), tickets=4, html=page)
    colours = browser.screenshot_colours(folder, page)
    assert colours.get(CRITICAL, 0) > 3 * without.get(CRITICAL, 0) > 0
    assert max(colours, key=colours.get) == max(without, key=without.get) == (255, 255, 255)


def test_on_paper_nothing_is_folded_and_the_title_names_the_target(stock, folder, page):
    server = stock(Broken, fault="no-mac")
    report = audit(server, tickets=4, html=page, profile="rfc9325")
    text, title = browser.printed(folder, page)
    assert title.startswith(f"Session tickets: localhost:{server.port}: ")
    words = " ".join(text.split())
    for found in report.findings:
        assert f"{found.severity} {found.id} " in words  # a word, not a colour alone
    assert "RFC 9325 (BCP 195) on resumption, TLS 1.3" in words


def test_the_page_needs_nothing_from_elsewhere(stock, folder, page):
    audit(stock(Broken, fault="no-mac"), tickets=4, html=page)
    seen = browser.load(folder, page)
    assert not [
        name for name, _ in seen.elements if name in ("script", "link", "img", "iframe", "object")
    ]
    assert not [found for _, found in seen.elements if "src" in found or "href" in found]
    assert "url(" not in page.read_text() and "@import" not in page.read_text()
