# SPDX-License-Identifier: Apache-2.0
"""What `make deb` builds, before anybody installs it."""
import re
import subprocess

import pytest

from harness import build, packages


def test_there_are_five_packages(built):
    files = {path.name.split("_")[0] for path in built.glob("*.deb")}
    assert {name for name in files if not name.endswith("-dbgsym")} == set(packages.NAMES)


def test_their_version_is_that_of_the_sources(built):
    meson = (build.REPOSITORY / "meson.build").read_text()
    wanted = re.search(r"version: '([^']+)'", meson)[1]
    assert {packages.version(packages.find(built, name)) for name in packages.NAMES} == {wanted}


def test_lintian_finds_nothing(built):
    done = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "error,warning", *built.glob("*.changes")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_only_the_part_for_fleets_needs_an_http_library(built):
    needs = [
        name
        for name in packages.NAMES
        if re.search("libcurl|protobuf", packages.field(packages.find(built, name), "Depends"))
    ]
    assert needs == ["stek-fleet"]


def test_nothing_of_the_tree_changes(built):
    """Only where it is a repository: a copy in a chroot is none."""
    tree = build.REPOSITORY
    if not (tree / ".git").exists():
        pytest.skip("this tree is no repository")
    made = [path for path in tree.glob("debian*") if path.name != "debian-packages.txt"]
    inside = [path.name for path in (tree / "packaging/debian").iterdir()]
    assert not made and not [name for name in inside if "debhelper" in name or name == "files"]


@pytest.mark.long
def test_two_builds_give_the_same_bytes(built, work):
    """In another folder, time zone and language, and with another umask."""
    other = packages.make(
        work / "packages-again", umask=0o077, TZ="Asia/Tokyo", LC_ALL="tr_TR.UTF-8"
    )
    files = sorted(path.name for path in built.glob("*.deb"))
    assert files == sorted(path.name for path in other.glob("*.deb"))
    assert [
        name for name in files if (built / name).read_bytes() != (other / name).read_bytes()
    ] == []
