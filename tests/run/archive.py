# SPDX-License-Identifier: Apache-2.0
"""Where this machine's apt gets Debian from: the archive of every release is beside it."""

import tempfile

from command import run

HELPER = "/usr/lib/apt/apt-helper"
PATIENCE = ["-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1"]
LIMIT_S = 60

# What may be needed to reach that archive at all, and to accept it as this machine does.
SETTINGS = (
    "Acquire::Check-Valid-Until",
    "Acquire::Check-Date",
    "Acquire::Retries",
    "Acquire::http",
    "Acquire::https",
)


class NoArchive(Exception):
    """This machine's apt has no Debian archive."""


def addresses(listing):
    """(archive, security archive or None) from lines `LABEL URI` of apt's."""
    found = {}
    for line in listing.splitlines():
        label, _, uri = line.rpartition(" ")
        found.setdefault(label, uri.rstrip("/"))
    if "Debian" not in found:
        raise NoArchive("this machine's apt sources name no Debian archive")
    return found["Debian"], found.get("Debian-Security")


def mirror():
    """The same for this machine."""
    listing = ["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)"]
    listing.append("Created-By: Packages")
    status, output = run(listing, "/")
    if status != 0 or not output.strip():
        run(["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", "update"], "/")
        output = run(listing, "/")[1]
    return addresses(output)


def unreachable(archive, suite):
    """Why a release's own file cannot be fetched from the archive, in one line; None if it can."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"{archive}/dists/{suite}/InRelease"
        argv = [HELPER, *PATIENCE, "download-file", url, f"{folder}/InRelease"]
        status, output = run(argv, "/", limit_s=LIMIT_S)
    if status == 0:
        return None
    said = [line[3:] for line in output.splitlines() if line.startswith("E: ")]
    return said[0] if said else f"no answer from {url} in {LIMIT_S} s"


def settings():
    """Lines of apt.conf."""
    output = run(["apt-config", "dump", "--format", "%f %v%n", *SETTINGS], "/")[1]
    pairs = (line.partition(" ") for line in output.splitlines())
    return [f'{name} "{value}";' for name, _, value in pairs if value]


def sources(release, archive, security):
    """Lines of sources.list for a release."""
    lines = [f"deb {archive} {release.suite} main"]
    if release.security and security:
        lines.append(f"deb {security} {release.suite}-security main")
    if release.extra:
        lines.append(f"deb {archive} {release.extra} main")
    return lines
