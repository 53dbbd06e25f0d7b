# SPDX-License-Identifier: Apache-2.0
"""A real browser without a window: what a page looks like to it."""
import html.parser
import struct
import subprocess
import zlib

from ..process import plain_environment

QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
]


def _chromium(folder, page, *args):
    return subprocess.run(
        ["chromium", *QUIET, f"--user-data-dir={folder / 'profile'}", *args, f"file://{page}"],
        capture_output=True,
        check=True,
        timeout=120,
        env=plain_environment(HOME=folder),
        cwd=folder,
    )


class Page(html.parser.HTMLParser):
    """The document as the browser holds it: its elements, as (name, attributes), and its text."""

    def __init__(self, source):
        super().__init__()
        self.elements = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag, **attributes):
        return [
            found
            for name, found in self.elements
            if name == tag
            and all(found.get(key.replace("_", "-")) == value for key, value in attributes.items())
        ]


def load(folder, page):
    """What the browser makes of the page."""
    return Page(_chromium(folder, page, "--dump-dom").stdout.decode())


def screenshot_colours(folder, page):
    """How many pixels of each colour (red, green, blue) a picture of the page has."""
    picture = folder / "page.png"
    _chromium(folder, page, "--window-size=600,700", "--hide-scrollbars", f"--screenshot={picture}")
    return count_colours(picture.read_bytes())


def printed(folder, page):
    """What is on paper: its text, and the title of the PDF."""
    paper = folder / "page.pdf"
    _chromium(folder, page, "--no-pdf-header-footer", f"--print-to-pdf={paper}")
    read = [["pdftotext", "-layout", paper, "-"], ["pdfinfo", paper]]
    text, about = [
        subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
        for words in read
    ]
    title = next(line for line in about.splitlines() if line.startswith("Title:"))
    return text, title.split(":", 1)[1].strip()


def count_colours(png):
    """Reads an 8-bit RGB or RGBA PNG without interlacing (ISO/IEC 15948)."""
    at, data = 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        if kind == b"IHDR":
            width, _, depth, colour = struct.unpack(">IIBB", png[at + 8 : at + 18])
        elif kind == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    assert depth == 8 and colour in (2, 6)
    return _count(zlib.decompress(data), width, {2: 3, 6: 4}[colour])


def _count(raw, width, size):
    counts, line_len = {}, width * size
    before = bytearray(line_len)
    for start in range(0, len(raw), line_len + 1):
        line = _unfiltered(
            raw[start], bytearray(raw[start + 1 : start + 1 + line_len]), before, size
        )
        for at in range(0, line_len, size):
            colour = tuple(line[at : at + 3])
            counts[colour] = counts.get(colour, 0) + 1
        before = line
    return counts


def _unfiltered(kind, line, before, size):
    for i, value in enumerate(line if kind else b""):
        left = line[i - size] if i >= size else 0
        corner = before[i - size] if i >= size else 0
        line[i] = (
            value
            + (0, left, before[i], (left + before[i]) // 2, _paeth(left, before[i], corner))[kind]
            & 255
        )
    return line


def _paeth(left, up, corner):
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))
