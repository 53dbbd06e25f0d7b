# SPDX-License-Identifier: Apache-2.0
"""Packages of other releases, and sources, by an apt that leaves this machine's lists and settings
alone."""

import os
import shutil
from pathlib import Path

import archive
from command import run


class Unreachable(Exception):
    """The archive did not give what was asked for; the text is apt's."""


class PrivateApt:
    """Lists and packages of one suite, kept in a folder from run to run."""

    def __init__(self, folder, suite, kind="deb", security=False):
        self._folder = Path(folder) / f"{suite}-{kind}"
        self._suite, self._kind, self._security = suite, kind, security

    def unpacked(self, package):
        """The folder in which the package's files lie as they would under /."""
        tree = self._folder / "trees" / package
        if not tree.exists():
            self._update()
            self._apt("download", package)
            found = sorted(self._folder.glob(f"{package}_*.deb"))
            self._run("dpkg", "-x", found[-1], f"{tree}.part")
            os.rename(f"{tree}.part", tree)
        return tree

    def source(self, package, version):
        """The folder of the package's source in this version, else in the newest that can be
        had."""
        tree = self._folder / "sources" / package
        if not tree.exists():
            self._update()
            for chosen in [version, *self._versions(package)]:
                if self._try("source", "--download-only", f"{package}={chosen}"):
                    break
            else:
                raise Unreachable(f"no source of {package} can be had")
            described = next(self._folder.glob(f"{package}_{chosen.split(':')[-1]}.dsc"))
            tree.parent.mkdir(exist_ok=True)
            shutil.rmtree(f"{tree}.part", ignore_errors=True)
            self._run("dpkg-source", "--no-check", "-x", described, f"{tree}.part")
            os.rename(f"{tree}.part", tree)
        return tree

    def _versions(self, package):
        """All versions that the lists name, the newest first."""
        output = self._run("apt-cache", *self._options(), "madison", package)
        lines = [line.split("|") for line in output.splitlines() if line.count("|") == 2]
        return list(dict.fromkeys(fields[1].strip() for fields in lines))

    def _lines(self):
        main, security = archive.mirror()
        key = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
        lines = [f"{self._kind} {key} {main} {self._suite} main"]
        if self._security:
            lines.append(f"{self._kind} {key} {main} {self._suite}-updates main")
        if self._security and security:
            lines.append(f"{self._kind} {key} {security} {self._suite}-security main")
        return lines

    def _options(self):
        places = {
            "Dir::Etc::sourcelist": self._folder / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": self._folder / "lists",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self._folder / "cache",
            "APT::Sandbox::User": "root",
        }
        return [word for name, value in places.items() for word in ("-o", f"{name}={value}")]

    def _update(self):
        for name in ("lists/partial", "cache/archives/partial", "trees"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        (self._folder / "sources.list").write_text("\n".join([*self._lines(), ""]))
        self._apt("update")

    def _apt(self, *args):
        if not self._try(*args):
            raise Unreachable(self._said)

    def _try(self, *args):
        argv = ["apt-get", "-q", *self._options(), *args]
        status, self._said = run(argv, self._folder)
        return status == 0

    def _run(self, *argv):
        status, output = run(argv, self._folder)
        if status != 0:
            raise Unreachable(output)
        return output
