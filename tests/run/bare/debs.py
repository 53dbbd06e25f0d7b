# SPDX-License-Identifier: Apache-2.0
"""A step of `make check-long`: the packages in bare systems, which have nothing but what apt
brings. There they are built as the Containerfile builds them, twice; installed, upgraded, removed,
purged; and the images of the Containerfile are made, and started in containers (images.py)."""

import os
import pathlib
import re
import shutil
import types

import archive  # of tests/run, where the steps are
import images
from chroot import Chroot, ChrootFailed, forbidden, remove
from command import run
from copytree import mirror_tree
from outcome import Outcome, failure
from releases import find

RELEASES = ("bookworm", "trixie")
CONTAINERFILE = "examples/kubernetes/Containerfile"
BUILT, AGAIN, BEFORE = "/packages", "/packages-again", "/packages-before"
OLDER = "0.0.9"
UNIT = "[Service]\nExecStart=/bin/true\n"

# Typed one after the other, each in namespaces of its own. What a line prints is asked for below.
LIFE = {
    "installed": (
        f"apt-get -y --no-install-recommends install {BEFORE}/*.deb && "
        "stek --version && "
        "stekd --version && "
        "stekd --check-config && "
        "getent passwd stek stek-feed && "
        "getent group stek-admin"
    ),
    "in use": (
        "echo '[ring web]' >/etc/stek/conf.d/web.conf && "
        "echo '# ours' >>/etc/stek/stekd.conf && "
        "stek enable app --ring web --force && "
        "test -e /etc/systemd/system/app.service.d/stek.conf"
    ),
    "upgraded": (
        f"apt-get -y --no-install-recommends install {BUILT}/*.deb && "
        f"! dpkg -l 'stek*' 'libstek*' | grep -F ' {OLDER} ' && "
        "grep ours /etc/stek/stekd.conf && "
        "stekd --check-config && "
        "test -e /etc/systemd/system/app.service.d/stek.conf"
    ),
    "removed": (
        "apt-get -y remove stek libstek0 | tee /removed && "
        "grep '^stek: app.service does not load stek' /removed && "
        "! test -e /etc/systemd/system/app.service.d && "
        "test -e /etc/stek/conf.d/web.conf && "
        "getent passwd stek && "
        "! command -v stek"
    ),
    "back again": (
        f"apt-get -y --no-install-recommends install {BUILT}/*.deb && "
        "stekd --check-config && "
        "grep ours /etc/stek/stekd.conf"
    ),
    "purged": (
        "apt-get -y purge 'stek*' 'libstek*' && "
        "rm /removed && "
        "! getent passwd stek stek-feed && "
        "! getent group stek stek-admin && "
        "find / -xdev -path /srv -prune -o -path /proc -prune -o -path '/packages*' "
        "-prune -o -name '*stek*' -print >/left && "
        "! grep . /left"
    ),
}


def kept(folder, release):
    """A chroot with nothing in it but apt, which stays for the next run."""
    pristine = Chroot(
        folder, types.SimpleNamespace(**{**vars(release), "name": f"{release.name}-bare"})
    )
    pristine.make(print)
    return pristine


def bare(folder, release, name):
    """A copy of it."""
    pristine = kept(folder, release)
    made = Chroot(folder, types.SimpleNamespace(**{**vars(release), "name": name}), "/")
    remove(made.root)
    status, output = run(["cp", "--archive", pristine.root, made.root], "/")  # with its devices
    if status != 0:
        raise ChrootFailed(f"cp: status {status}\n{output[-4000:]}")
    return made


def typed(chroot, line, limit_s=2400):
    """(status, output) of a line of shell, as root, with the network."""
    env = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"]
    return run(chroot.inside([*env, "sh", "-ec", line], net=True), "/", limit_s=limit_s)


def counted(name, status, output):
    return Outcome(passed=1) if status == 0 else failure(name, output)


def stages(text):
    """{NAME: [(INSTRUCTION, the rest)]} of a Containerfile."""
    found = {}
    for line in text.replace("\\\n", " ").splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found[rest.split()[-1]] = steps = []
        elif word.isupper():
            steps.append((word, rest))
    return found


def copy_between(source, target, rest):
    """COPY --from=build PATTERN... FOLDER/"""
    *patterns, folder = rest.split()[1:]
    place = target.root / folder.strip("/")
    place.mkdir(parents=True, exist_ok=True)
    for pattern in patterns:
        files = list(source.root.glob(pattern.lstrip("/")))
        if not files:
            raise ChrootFailed(f"COPY: there is no {pattern}\n")
        for file in files:
            shutil.copy(file, place)


def make_packages(root, chroot, steps, name):
    """What the first image does; each line RUN counts as one. COPY is done from outside."""
    outcome = Outcome()
    for word, rest in steps:
        if word == "COPY":
            mirror_tree(root, chroot.root / rest.split()[1].strip("/"))
        elif word == "RUN":
            outcome.add(counted(f"{name}: RUN {rest[:60]}", *typed(chroot, rest)))
    return outcome


def make_images(root, folder, release):
    """Built and started. A line that failed is the last."""
    chroot, outcome = bare(folder, release, f"{release.name}-images"), Outcome()
    outcome.add(counted("a base", *images.prepare(root, kept(folder, release), chroot)))
    for what, line in images.lines(release).items():
        if not outcome.failed:
            outcome.add(counted(what, *typed(chroot, line)))
    if not outcome.failed:
        outcome.add(counted("images in containers", *typed(chroot, images.pods(root, chroot))))
    remove(chroot.root)
    return outcome


def same_bytes(chroot, name):
    """A second build, in another folder, time zone and language, and with another umask."""
    line = f"umask 077; TZ=Asia/Tokyo LC_ALL=tr_TR.UTF-8 /src/packaging/make-deb {AGAIN}"
    status, output = typed(chroot, line)
    if status != 0:
        return failure(f"{name}: built again", output)
    first, second = (
        {p.name: p.read_bytes() for p in (chroot.root / f[1:]).glob("*.deb")}
        for f in (BUILT, AGAIN)
    )
    other = [file for file in first if first[file] != second.get(file)]
    return (
        Outcome(passed=1) if first and not other else failure(f"{name}: the same bytes", f"{other}")
    )


def lintian(chroot, name):
    line = "apt-get -y --no-install-recommends install lintian >/dev/null && lintian --allow-root "
    line += f"--fail-on error,warning {BUILT}/*.changes"
    return counted(f"{name}: lintian", *typed(chroot, line))


def older(chroot, name):
    """What an upgrade begins with: the same, of a version before."""
    return counted(
        f"{name}: of a version before",
        *typed(chroot, f"/src/packaging/make-deb --version {OLDER} {BEFORE}"),
    )


def life(folder, release, built, name):
    """Installed, upgraded, removed and purged on a system that has nothing of ours."""
    chroot, outcome = bare(folder, release, f"{release.name}-life"), Outcome()
    for place in BUILT, BEFORE:
        copy_between(built, chroot, f"- {place}/[ls]*.deb {place}")
    for path in (chroot.root / BUILT[1:]).glob("*-dbgsym*"), (chroot.root / BEFORE[1:]).glob(
        "*-dbgsym*"
    ):
        for file in path:
            file.unlink()
    unit = chroot.root / "etc/systemd/system/app.service"
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_text(UNIT)
    for what, line in {"updated": "apt-get update", **LIFE}.items():
        outcome.add(counted(f"{name}: {what}", *typed(chroot, line)))
        if outcome.failed:
            break
    remove(chroot.root)
    return outcome


def on_release(root, folder, name):
    release = find(name)
    plan = stages((root / CONTAINERFILE).read_text())
    builder = bare(folder, release, f"{name}-builder")
    outcome = make_packages(root, builder, plan["build"], f"{name}: build")
    if outcome.failed:
        return outcome
    for step in same_bytes, lintian, older:
        outcome.add(step(builder, name))
    outcome.add(life(folder, release, builder, name))
    if f"debian:{name}" in (root / CONTAINERFILE).read_text():
        outcome.add(make_images(root, folder, release))
    remove(builder.root)
    return outcome


def debs(builds):
    """On both releases that the packages are for."""
    if os.geteuid() != 0 or forbidden():
        return Outcome(skipped=["packages: only root can make a chroot, and not on each machine"])
    folder = pathlib.Path(os.environ.get("STEK_CHROOTS") or builds.root / "build-chroots")
    outcome = Outcome()
    for name in RELEASES:
        try:
            outcome.add(on_release(builds.root, folder, name))
        except (ChrootFailed, archive.NoArchive) as problem:
            outcome.add(failure(f"{name}: a bare system", str(problem)))
    return outcome
