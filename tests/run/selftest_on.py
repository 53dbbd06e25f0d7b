#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `make check-on` rests on: names of packages and of archives, the copy of the sources, what a
chroot lets out."""

import os
import pathlib
import tempfile
import types
import unittest

from archive import NoArchive, addresses, sources
from chroot import Chroot, mounted_below
from command import run
from copytree import mirror_tree
from inventory import installed, table, upstream
from releases import RELEASES, find

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Archive(unittest.TestCase):
    def test_debian_is_told_from_others(self):
        listing = "Docker CE http://x/\nDebian http://m/debian/\nDebian-Security http://m/sec/\nDebian http://n/\n"
        self.assertEqual(addresses(listing), ("http://m/debian", "http://m/sec"))

    def test_a_machine_without_debian(self):
        with self.assertRaises(NoArchive):
            addresses("Other http://x/\n")

    def test_sources_of_a_stable_release_have_its_security_updates(self):
        self.assertEqual(
            sources(RELEASES["trixie"], "http://m", "http://s"),
            ["deb http://m trixie main", "deb http://s trixie-security main"],
        )

    def test_sources_of_experimental_stand_on_sid(self):
        self.assertEqual(
            sources(RELEASES["experimental"], "http://m", "http://s"),
            ["deb http://m sid main", "deb http://m experimental main"],
        )


class Releases(unittest.TestCase):
    def test_numbers_are_names_too(self):
        self.assertEqual(find("13").name, "trixie")
        self.assertEqual(find("sid").name, "sid")
        self.assertIsNone(find("woody"))


class Packages(unittest.TestCase):
    def names(self, *arguments):
        status, output = run(["packaging/install-packages", "--names", *arguments], ROOT)
        self.assertEqual(status, 0)
        return output.split()

    def test_a_package_has_the_name_that_the_release_gives_it(self):
        self.assertIn("libclang-rt-14-dev", self.names("bookworm", "check"))
        self.assertIn("libclang-rt-dev", self.names("trixie", "check"))
        self.assertNotIn("libclang-rt-14-dev", self.names("trixie", "check"))

    def test_a_package_that_the_release_has_not_is_not_asked_for(self):
        self.assertIn("caddy", self.names("bookworm"))
        self.assertNotIn("caddy", self.names("bullseye"))

    def test_groups(self):
        self.assertIn("libssl-dev", self.names("bookworm", "build"))
        self.assertNotIn("nginx", self.names("bookworm", "build", "unit"))
        self.assertIn("nginx", self.names("bookworm", "demo"))


class Inventory(unittest.TestCase):
    def test_versions_are_upstreams(self):
        self.assertEqual(upstream("1:2.3-4+deb12u1"), "2.3")
        self.assertEqual(upstream("3.0.19-1~deb12u2"), "3.0.19")
        self.assertEqual(upstream("20250419"), "20250419")
        self.assertEqual(upstream("1:19"), "19")

    def test_what_is_not_installed_is_not_there(self):
        listing = "nginx installed 1.26.3-3\ncaddy not-installed \netcd config-files 3.5-1\n"
        self.assertEqual(installed(listing), {"nginx": "1.26.3"})

    def test_the_table_names_both(self):
        self.assertEqual(
            table("x", [("nginx", "1.26.3")], ["etcd"]),
            "x:\n    nginx  1.26.3\n    etcd   not there",
        )


class Copy(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.source = pathlib.Path(self.folder.name) / "source"
        self.target = pathlib.Path(self.folder.name) / "target"
        self.write(self.source / "src/a.c", "a")
        self.write(self.source / "build/a.o", "o")
        mirror_tree(self.source, self.target)

    def write(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def test_build_folders_stay_where_they_are(self):
        self.write(self.target / "build/b.o", "o")
        mirror_tree(self.source, self.target)
        self.assertFalse((self.target / "build/a.o").exists())
        self.assertTrue((self.target / "build/b.o").exists())

    def test_what_is_gone_goes(self):
        self.write(self.target / "src/old.c", "old")
        mirror_tree(self.source, self.target)
        self.assertEqual(sorted(os.listdir(self.target / "src")), ["a.c"])

    def test_what_has_not_changed_keeps_its_time_and_what_has_does_not(self):
        self.write(self.source / "src/b.c", "b")
        mirror_tree(self.source, self.target)
        for name in ("a.c", "b.c"):
            os.utime(self.target / "src" / name, (1, 1))
        self.write(self.source / "src/b.c", "c")
        mirror_tree(self.source, self.target)
        self.assertEqual((self.target / "src/a.c").stat().st_mtime, 1)
        self.assertGreater((self.target / "src/b.c").stat().st_mtime, 1)
        self.assertEqual((self.target / "src/b.c").read_text(), "c")


class Removal(unittest.TestCase):
    def test_mounts_below_are_seen(self):
        text = "22 1 0:20 / / rw - ext4 a rw\n23 22 0:21 / /c/x/proc rw - proc proc rw\n24 22 0:2 / /c/xy rw - a a\n"
        self.assertEqual(mounted_below("/c/x", text), ["/c/x/proc"])
        self.assertEqual(mounted_below("/c/z", text), [])

    @unittest.skipUnless(os.geteuid() == 0, "only root can mount")
    def test_nothing_is_removed_in_which_something_is_mounted(self):
        with tempfile.TemporaryDirectory() as folder:
            script = (
                f"mkdir {folder}/a {folder}/b && touch {folder}/a/kept && mount --bind {folder}/a {folder}/b && "
                f"cd {ROOT}/tests/run && python3 -c 'import pathlib, chroot; chroot.remove(pathlib.Path(\"{folder}\"))'"
            )
            status, output = run(["unshare", "--mount", "sh", "-c", script], "/")
            self.assertNotEqual(status, 0)
            self.assertIn("something is mounted there", output)
            self.assertTrue(pathlib.Path(folder, "a/kept").exists())


@unittest.skipUnless(os.geteuid() == 0, "only root can enter a chroot")
class Inside(unittest.TestCase):
    """This system itself stands in for a chroot: what is mounted over it is mounted in the
    namespaces only."""

    def inside(self, script, net=False):
        chroot = Chroot(pathlib.Path("/"), types.SimpleNamespace(name=""))
        argv = chroot.inside(["sh", "-c", script], net)
        argv[argv.index("/srv/stek")] = "/"
        return run(argv, "/", limit_s=60)

    def test_the_status_comes_out(self):
        self.assertEqual(self.inside("echo out; exit 3"), (3, "out\n"))

    def test_what_is_written_to_temporary_folders_is_gone(self):
        name = f"/tmp/stek-selftest-{os.getpid()}"
        self.assertEqual(self.inside(f"touch {name}; test -e {name}"), (0, ""))
        self.assertFalse(os.path.exists(name))

    def test_nothing_stays_mounted(self):
        before = pathlib.Path("/proc/mounts").read_text()
        self.inside("mount -t tmpfs tmpfs /run")
        self.assertEqual(pathlib.Path("/proc/mounts").read_text(), before)

    def test_what_was_left_running_ends(self):
        _, output = self.inside("sleep 1000 & readlink /proc/self/ns/pid")
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                self.assertNotEqual(os.readlink(f"/proc/{entry}/ns/pid"), output.strip())
            except OSError:
                continue

    def test_loopback_is_the_only_interface(self):
        status, output = self.inside("cut -d: -f1 /proc/net/dev | sed 1,2d")
        self.assertEqual((status, output.split()), (0, ["lo"]))


if __name__ == "__main__":
    unittest.main()
