# SPDX-License-Identifier: Apache-2.0
"""`make uninstall` takes away what `make install` has put in place, and nothing else."""
import json
import os
import shutil
import subprocess

import pytest

from harness import build
from harness.process import plain_environment

RECORD = build.REPOSITORY / "packaging/installed"
LOG = build.BUILD / "meson-logs/install-log.txt"
THERE_BEFORE = ("usr/local/bin/other", "usr/local/lib/other.so", "usr/local/share/man/man1/other.1")


def run(*args, cwd=build.REPOSITORY):
    return subprocess.run(
        [str(arg) for arg in args],
        cwd=cwd,
        capture_output=True,
        text=True,
        env=plain_environment(HOME=os.environ.get("HOME")),
        check=False,
    )


def content(root):
    return {path.relative_to(root) for path in root.rglob("*")}


@pytest.fixture
def root(folder):
    """A system with files of others, and an empty folder."""
    for name in THERE_BEFORE:
        path = folder / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (folder / "root/usr/local/sbin").mkdir()
    return folder / "root"


def prefix():
    options = run("meson", "introspect", "--buildoptions", build.BUILD).stdout
    return next(each["value"] for each in json.loads(options) if each["name"] == "prefix")


def install(root):
    """As `make install` does, with what is built already."""
    done = run("meson", "install", "-C", build.BUILD, "--no-rebuild", "--quiet", "--destdir", root)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run(RECORD, "record", LOG, prefix(), root)
    assert done.returncode == 0, done.stderr


def uninstall(root):
    return run("make", "--silent", "uninstall", f"DESTDIR={root}", f"PREFIX={prefix()}")


def test_everything_goes_and_all_else_stays(root):
    before = content(root)
    install(root)
    assert len(content(root) - before) > 30
    done = uninstall(root)
    assert (done.returncode, done.stderr) == (0, "")
    assert content(root) == before


def test_folders_go_also_after_a_second_installation(root):
    before = content(root)
    install(root)
    install(root)
    assert uninstall(root).returncode == 0
    assert content(root) == before


def test_a_service_that_loads_the_module_is_named_and_nothing_goes(root):
    install(root)
    units = root / "lib/systemd/system"
    units.mkdir(parents=True)
    (units / "nginx.service").write_text("[Service]\nExecStart=/bin/true\n")
    enable = [build.COMMAND, "enable", "nginx", "--ring", "private", "--root", root]
    enabled = run(*enable, "--module", f"{prefix()}/lib/{multiarch()}/stek/stek.so")
    assert enabled.returncode == 0, enabled.stderr
    before = content(root)
    done = uninstall(root)
    assert done.returncode != 0
    assert "stek: nginx.service loads the module; first: stek disable nginx.service" in done.stderr
    assert content(root) == before
    assert run(build.COMMAND, "disable", "nginx", "--root", root).returncode == 0
    assert uninstall(root).returncode == 0


def multiarch():
    return run("dpkg-architecture", "-qDEB_HOST_MULTIARCH").stdout.strip()


def test_where_nothing_was_installed_it_says_so(root):
    done = uninstall(root)
    assert done.returncode != 0
    assert "holds nothing that 'make install' has put there" in done.stderr


@pytest.mark.long
def test_no_build_folder_is_needed(root, folder):
    """The real thing, in a copy of the tree."""
    tree, before = folder / "tree", content(root)
    skip = shutil.ignore_patterns("build", "build-*", ".git", "__pycache__")
    shutil.copytree(build.REPOSITORY, tree, ignore=skip)
    for target in "install", "clean", "uninstall":
        done = run("make", target, f"DESTDIR={root}", cwd=tree)
        assert done.returncode == 0, done.stdout + done.stderr
    assert not (tree / "build-install").exists()
    assert content(root) == before
