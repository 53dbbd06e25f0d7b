# SPDX-License-Identifier: Apache-2.0
"""Copies the sources into a chroot. What has not changed keeps its time, so that a second build is
a short one."""

import filecmp
import os
import shutil

LEFT_OUT = {".git", "__pycache__", ".pytest_cache", "build"}


def is_left_out(name):
    return name in LEFT_OUT or name.startswith("build-")


def names(root):
    """Every file's name below a folder, relative to it, without build folders."""
    found = set()
    for folder, inner, files in os.walk(root):
        inner[:] = [name for name in inner if not is_left_out(name)]
        found.update(os.path.relpath(os.path.join(folder, name), root) for name in files)
    return found


def mirror_tree(source, target):
    """Makes `target` hold the files of `source`; build folders in it stay."""
    wanted = names(source)
    for name in names(target) - wanted:
        os.unlink(target / name)
    for name in wanted:
        there, here = target / name, source / name
        if there.exists() and filecmp.cmp(here, there, shallow=False):
            shutil.copymode(here, there)
            continue
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(here, there)
