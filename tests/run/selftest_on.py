#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `make check-on` rests on: names of packages and of archives, the copy of the sources, what a
chroot lets out."""

import os
import pathlib
import tempfile
import types
import unittest

import onrelease
from archive import NoArchive, addresses, sources, unreachable
from chroot import Chroot, ChrootFailed, mounted_below
from command import run
from copytree import mirror_tree
from inventory import installed, table, upstream
from prepare import ENDED, Preparing
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

    def test_an_archive_out_of_reach_is_one_line(self):
        said = unreachable("http://127.0.0.1:1/debian", "sid")
        self.assertIn("127.0.0.1", said)
        self.assertEqual(len(said.splitlines()), 1)


class Releases(unittest.TestCase):
    def test_numbers_are_names_too(self):
        self.assertEqual(find("13").name, "trixie")
        self.assertEqual(find("sid").name, "sid")
        self.assertIsNone(find("woody"))

    def test_where_lint_is_not_run_the_reason_is_that_releases_own(self):
        for name, reason in (("bullseye", "older"), ("sid", "newer"), ("experimental", "newer")):
            (skipped,) = onrelease.lint(None, RELEASES[name]).skipped
            self.assertIn(f"its tools are {reason} than the rules", skipped)


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

    def test_cross_compilers_are_installed_for_their_tests_only(self):
        self.assertNotIn("qemu-user-static", self.names("bookworm"))
        self.assertIn("qemu-user-static", self.names("bookworm", "ports"))


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


class Ahead(unittest.TestCase):
    """The process that makes chroots ready."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.chroots = [
            Chroot(self.folder, types.SimpleNamespace(name=name)) for name in ("a", "b", "c")
        ]

    def preparing(self, make_ready, say=lambda _: None):
        return Preparing(self.chroots, make_ready, say)

    def test_one_after_the_other_in_the_order_given(self):
        def make_ready(chroot):
            with (self.folder / "order").open("a") as file:
                file.write(chroot.release.name)

        with self.preparing(make_ready) as preparing:
            self.assertEqual([preparing.wait() for _ in self.chroots], [None] * 3)
        self.assertEqual((self.folder / "order").read_text(), "abc")

    def test_one_that_fails_says_why_and_the_next_is_made(self):
        def make_ready(chroot):
            if chroot.release.name == "a":
                raise ChrootFailed("no archive")

        with self.preparing(make_ready) as preparing:
            self.assertEqual([preparing.wait() for _ in self.chroots], ["no archive", None, None])

    def test_a_process_that_died_is_no_chroot_that_is_ready(self):
        with self.preparing(lambda _: os._exit(0)) as preparing:
            self.assertEqual([preparing.wait(), preparing.wait()], [ENDED, ENDED])

    def test_an_interrupted_run_ends_what_it_has_started(self):
        begun = self.folder / "begun"
        os.mkfifo(begun)

        def make_ready(_):
            run(["sh", "-c", f"echo $$ >{begun}; exec sleep 1000"], "/")

        with self.preparing(make_ready):
            process = int(begun.read_text())
        with self.assertRaises(ProcessLookupError):
            os.kill(process, 0)

    def test_two_runs_do_not_share_a_chroot(self):
        waits = self.folder / "waits"
        os.mkfifo(waits)
        with self.preparing(lambda _: None) as first:
            self.assertIsNone(first.wait())
            with self.preparing(lambda _: None, waits.write_text) as second:
                self.assertIn("waiting for another run", waits.read_text())
                first.release(self.chroots[0])
                self.assertIsNone(second.wait())
                for chroot in self.chroots[1:]:
                    first.wait()
                    first.release(chroot)


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
        chroot = Chroot(pathlib.Path("/"), types.SimpleNamespace(name=""), "/")
        return run(chroot.inside(["sh", "-c", script], net), "/", limit_s=60)

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

    def test_a_machine_that_forbids_mounts_says_so_in_one_line(self):
        script = "from chroot import forbidden; print(forbidden(), end='')"
        without = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
        _, output = run([*without, "/usr/bin/python3", "-c", script], ROOT / "tests/run")
        self.assertIn("this machine forbids", output)
        self.assertEqual(len(output.splitlines()), 1)
        self.assertEqual(run(["/usr/bin/python3", "-c", script], ROOT / "tests/run"), (0, "None"))

    def test_loopback_is_the_only_interface(self):
        status, output = self.inside("cut -d: -f1 /proc/net/dev | sed 1,2d")
        self.assertEqual((status, output.split()), (0, ["lo"]))


if __name__ == "__main__":
    unittest.main()
