# SPDX-License-Identifier: Apache-2.0
"""The sample of docs/audit.md is what the command prints, but for names and figures."""
import re
from pathlib import Path

from harness.audit import run_text
from harness.servers import Nginx

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "audit.md"


def plain(text, target):
    """Words alone: no line breaks, no figures, and any target's name."""
    return " ".join(re.sub(r"\d+", "N", text.replace(target, "TARGET")).split())


def test_the_sample_of_the_document_is_what_is_printed(stock, folder):
    key = folder / "zeros"
    key.write_bytes(bytes(80))
    key.chmod(0o600)
    server = stock(Nginx, ticket_key=key)
    done = run_text(f"localhost:{server.port}", ca=server.pki.ca, tickets=20, rate=1000)
    printed = plain(done.stdout, f"localhost:{server.port}")
    sample = re.search(r"\$ stek audit[^\n]*\n(.*?)```", DOCUMENT.read_text(), re.S).group(1)
    pieces = sample.split("\n...\n")
    assert len(pieces) == 3
    for piece in pieces:
        assert plain(piece, "shop.example:443") in printed
