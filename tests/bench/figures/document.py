# SPDX-License-Identifier: Apache-2.0
"""Puts a run's output into docs/performance.md."""

MARK = "<!-- figures -->\n"


def fill(path, about, lines):
    """Replaces what stands after the mark."""
    head, mark, _ = path.read_text().partition(MARK)
    assert mark, f"{path} has no mark"
    text = "\n".join(lines).rstrip()
    setting = f"Measured with {about['openssl']} on {about['cores']} cores of {about['processor']}."
    path.write_text(f"{head}{MARK}\n{setting}\n\n```\n{text}\n```\n")
