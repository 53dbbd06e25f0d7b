#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every manual page is there and formats without a warning."""

import os
import subprocess

from report import finish, options

PAGES = [
    "stek.1",
    "stek-audit.1",
    "stek-boringssl.3",
    "stek-feed.8",
    "stek-fleet.1",
    "stek-gnutls.3",
    "stek-keyfile.1",
    "stek-mbedtls.3",
    "stek.3",
    "stek-openssl.5",
    "stek-wolfssl.3",
    "stekd.8",
    "stekd.conf.5",
]


def page_problems(path):
    """What man says against a page."""
    if not path.exists():
        return [f"{path.name}: not built"]
    env = dict(os.environ, LC_ALL="C.UTF-8", MANROFFSEQ="", MANWIDTH="80")
    result = subprocess.run(
        ["man", "--warnings", "-p", "t", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(path)],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    lines = result.stderr.splitlines()
    if result.returncode != 0 and not lines:
        lines = [f"man ended with status {result.returncode}"]
    return [f"{path.name}: {line}" for line in lines]


def main():
    pages = options(__doc__).build / "man"
    finish([problem for page in PAGES for problem in page_problems(pages / page)])


if __name__ == "__main__":
    main()
