#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every lint script lets a sound tree pass and reports a broken one."""

import json
import pathlib
import subprocess
import tempfile
import unittest

import checks
import manuals
import purity
from lintcase import HERE, OBJECTS, TOP, LintCase


class Layers(LintCase):
    def test_sound(self):
        self.assert_sound("layers")

    def test_upwards(self):
        self.write("src/core/merge.c", '#include "tls/ossl.h"\n')
        self.assert_reported("layers", "src/core/merge.c:2: core/ may not use tls/ (tls/ossl.h)")

    def test_upwards_from_the_same_folder(self):
        self.write("src/tls/callback.c", '#include "module/settings.h"\n')
        self.write("src/tls/module/settings.h", "")
        self.assert_reported("layers", "tls/ may not use tls/module/")

    def test_sideways(self):
        self.write("src/fleet/rules/sync.h", "")
        self.write("src/tls/callback.c", '#include "fleet/rules/sync.h"\n')
        self.assert_reported("layers", "tls/ may not use fleet/")

    def test_nowhere(self):
        self.write("src/core/merge.c", '#include "core/gone.h"\n')
        self.assert_reported("layers", '"core/gone.h" is no file of ours')

    def test_unknown_room(self):
        self.write("src/attic/old.c", "")
        self.assert_reported("layers", "src/attic/old.c: in no room")

    def test_keys_outside_their_rooms(self):
        self.write("src/ringfile/image.c", "#include <openssl/rand.h>\n")
        self.assert_reported("layers", "<openssl/rand.h> belongs in crypto/, tls/, audit/ and")

    def test_version_outside_its_header(self):
        for conditional in (
            "#if OPENSSL_VERSION_NUMBER >= 1",
            "# ifdef OPENSSL_NO_DEPRECATED_3_0",
            "#elif defined(LIBRESSL_VERSION_NUMBER)",
            "#ifndef OPENSSL_IS_BORINGSSL",
        ):
            self.write("src/tls/callback.c", conditional + "\n")
            self.assert_reported("layers", "belongs in tls/ossl.h only")


class Circles(LintCase):
    def setUp(self):
        super().setUp()
        self.compile(f"{OBJECTS}/src_core_low.c.o", "int low(void) { return 1; }", "-c")
        high = "int low(void); int high(void) { return low(); }"
        self.compile("build/src/daemon/libstek_daemon.a.p/high.c.o", high, "-c")

    def test_sound(self):
        self.assert_sound("circles")

    def test_two_files(self):
        low = "int high(void); int low(void) { return high(); }"
        self.compile(f"{OBJECTS}/src_core_low.c.o", low, "-c")
        self.assert_reported("circles", "a circle: high.c.o uses src_core_low.c.o (low)")

    def test_three_files(self):
        low = "int middle(void); int low(void) { return middle(); }"
        self.compile(f"{OBJECTS}/src_core_low.c.o", low, "-c")
        middle = "int high(void); int middle(void) { return high(); }"
        self.compile(f"{OBJECTS}/src_core_middle.c.o", middle, "-c")
        self.assert_reported("circles", "src_core_middle.c.o uses high.c.o (high)")

    def test_nothing_compiled(self):
        (self.root / OBJECTS / "src_core_low.c.o").unlink()
        (self.root / "build/src/daemon/libstek_daemon.a.p/high.c.o").unlink()
        self.assert_reported("circles", "no objects")


class Purity(LintCase):
    def setUp(self):
        super().setUp()
        self.compile_from("crypto/derive", "int stek_derive(void) { return 1; }")
        self.compile_from("crypto/random", "int stek_random(void) { return 1; }")
        self.compile_from("core/schedule", "int f(void) { return 1; }")
        calls_crypto = "int stek_derive(void); int g(void) { return stek_derive(); }"
        self.compile_from("fleet/rules/sync", calls_crypto)
        self.compile_from("audit/judge/time", "void *malloc(); void *f(void) { return malloc(1); }")
        for unit in ("audit/dictionary/mac", "doctor/judge", "history/entry", "feed/rules/choose"):
            self.compile_from(unit, "")

    def compile_from(self, unit, text):
        """A source below src/ and its object, where Meson puts it."""
        source = self.write(f"src/{unit}.c", text)
        folders = {**purity.PURE, **purity.DETERMINISTIC, **purity.JUDGES}
        library = folders[unit.rsplit("/", 1)[0]]
        target = purity.object_of(self.root / "build", library, source, self.root)
        self.compile(target.relative_to(self.root), text, "-c")
        return target

    def test_sound(self):
        self.compile_from(
            "core/schedule",
            "int stek_derive(void); static const char *const names[] = {\"a\", \"b\"};"
            "const char *f(int i) { return names[stek_derive() + i]; }",
        )
        self.assert_sound("purity")

    def test_calls(self):
        for call in ("time", "clock_gettime", "malloc", "printf", "stek_random", "stek_ring_new"):
            self.compile_from(
                "core/schedule", f"long {call}(); long f(void) {{ return {call}(0); }}"
            )
            self.assert_reported("purity", f"src_core_schedule.c.o: calls {call}")

    def test_globals(self):
        for text in (
            "int counter;",
            "static int counter = 7; int *f(void) { return &counter; }",
            "static _Thread_local int counter; int *f(void) { return &counter; }",
        ):
            self.compile_from("core/schedule", text)
            self.assert_reported("purity", "writable data in .")

    def test_a_source_without_its_object(self):
        self.write("src/core/new.c", "")
        self.assert_reported("purity", "src/core: no object")

    def test_a_folder_without_sources(self):
        (self.root / "src/core/schedule.c").unlink()
        self.assert_reported("purity", "src/core: no sources")

    def test_a_new_file_in_the_rules_of_the_fleet(self):
        for call in ("time", "malloc", "RAND_bytes"):
            self.compile_from(
                "fleet/rules/new", f"long {call}(); long f(void) {{ return {call}(0); }}"
            )
            self.assert_reported("purity", f"rules_new.c.o: calls {call}")

    def test_a_new_file_of_a_judge(self):
        for room in ("audit/judge", "doctor", "history", "feed/rules"):
            for call in ("time", "fopen", "socket", "RAND_bytes"):
                text = f"long {call}(); long f(void) {{ return {call}(0); }}"
                target = self.compile_from(f"{room}/new", text)
                self.assert_reported("purity", f"{target.name}: calls {call}")
            self.compile_from(f"{room}/new", "")

    def test_writable_data_in_the_dictionary(self):
        self.compile_from("audit/dictionary/new", "int counter;")
        self.assert_reported("purity", "dictionary_new.c.o: writable data in .")


class Exports(LintCase):
    def setUp(self):
        super().setUp()
        self.write("src/libstek.map", "STEK_0 { global: stek_a; local: *; };")
        self.build_library("")
        self.build_module("")

    def build_library(self, more, *options):
        self.compile(
            "build/src/libstek.so", "int stek_a(void) { return 1; }" + more, "-shared", *options
        )

    def build_module(self, more):
        self.compile(
            "build/src/tls/module/stek.so",
            "int OPENSSL_init(void) { return 1; } void OPENSSL_finish(void) {}" + more,
            "-shared",
        )

    def test_sound(self):
        self.assert_sound("exports")

    def test_too_much(self):
        self.build_library("int stek_private(void) { return 2; }")
        self.assert_reported("exports", "libstek.so: exports stek_private")

    def test_too_little(self):
        self.write("src/libstek.map", "STEK_0 { global: stek_a; stek_b; local: *; };")
        self.assert_reported("exports", "libstek.so: does not export stek_b")

    def test_module_too_much(self):
        self.build_module("int counter = 3;")
        self.assert_reported("exports", "stek.so: exports counter")

    def test_other_library(self):
        self.build_library("", "-Wl,--no-as-needed", "-lm")
        self.assert_reported("exports", "libstek.so: needs libm.so.6")

    def test_not_built(self):
        (self.root / "build/src/libstek.so").unlink()
        self.assert_reported("exports", "libstek.so: not built")


class Sizes(LintCase):
    def test_sound(self):
        self.write("src/core/long.c", "int f(void)\n{\n" + "    f();\n" * 58 + "}\n" + "\n" * 300)
        self.assert_sound("sizes")

    def test_long_function(self):
        self.write("src/core/long.c", "int f(void)\n{\n" + "    f();\n" * 59 + "}\n")
        self.assert_reported("sizes", "src/core/long.c:3: a function of 61 lines")

    def test_a_wide_line(self):
        self.write("src/core/wide.c", "int " + "f" * 97 + ";\n")
        self.assert_reported("sizes", "src/core/wide.c:2: 102 columns, at most 100")

    def test_a_wide_docstring(self):
        self.write("tests/wide.py", '#!/usr/bin/python3\n"""' + "word " * 20 + '"""\n')
        self.assert_reported("sizes", "tests/wide.py:2: 106 columns, at most 100")

    def test_a_crowded_folder(self):
        for number in range(21):
            self.write(f"src/core/file{number}.c", "")
        self.assert_reported("sizes", "src/core: 21 files *.c, at most 20")

    def test_two_tests_of_one_name(self):
        self.write("tests/e2e/a/test_it.py", "#!/usr/bin/python3\n")
        self.write("tests/e2e/b/test_it.py", "#!/usr/bin/python3\n")
        self.assert_reported(
            "sizes", "tests/e2e/b/test_it.py: tests/e2e/a/test_it.py has the same name"
        )

    def test_long_python_function(self):
        self.write("tests/e2e/long.py", "#!/usr/bin/python3\ndef f():\n" + "    f()\n" * 60)
        self.assert_reported("sizes", "tests/e2e/long.py:2: a function of 61 lines")

    def test_long_file(self):
        self.write("tests/unit/long.h", "\n" * 400)
        self.assert_reported("sizes", "tests/unit/long.h: 401 lines")


class Prose(LintCase):
    LONG = "word " * 20 + "\n"

    def setUp(self):
        super().setUp()
        self.page("README.md", "# Title\n")

    def page(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def test_sound(self):
        self.page("docs/a.md", f"| {self.LONG}\n```\n{self.LONG}```\n\n    {self.LONG}")
        self.page("man/a.1.scd", f"|  {self.LONG}:< {self.LONG}")
        self.assert_sound("prose")

    def test_markdown(self):
        self.page("README.md", "# Title\n\n" + self.LONG)
        self.page("docs/a.md", "- short\n    " + self.LONG)
        self.assert_reported("prose", "README.md:3: 100 columns, at most 80\ndocs/a.md:2: 104")

    def test_manual(self):
        self.page("man/a.1.scd", "\t" + "word " * 15 + "\n")
        self.assert_reported("prose", "man/a.1.scd:1: 83 columns")


class Licence(LintCase):
    def test_sound(self):
        self.assert_sound("licence")

    def test_missing(self):
        self.write("tests/e2e/conftest.py", "#!/usr/bin/python3\n")
        self.assert_reported("licence", "tests/e2e/conftest.py: no")


class Manuals(LintCase):
    PAGE = '.TH stek 1 2025-01-01\n.SH NAME\nstek \\- keys\n'

    def setUp(self):
        super().setUp()
        for name in manuals.PAGES:
            (self.write(f"build/man/{name}", "")).write_text(self.PAGE)

    def test_sound(self):
        self.assert_sound("manuals")

    def test_warning(self):
        (self.root / "build/man/stek.3").write_text(self.PAGE + ".NOSUCH request\n")
        self.assert_reported("manuals", "stek.3: ")

    def test_missing(self):
        (self.root / "build/man/stek.1").unlink()
        self.assert_reported("manuals", "stek.1: not built")


class Commands(LintCase):
    TABLE = (
        'commands[] = {\n    {"status", "show", f},\n    {"openssl-cnf", "print",\n     g},\n};\n'
    )
    MANUAL = (
        "# SYNOPSIS\n\n*stek* *status* [_ring_]++\n*stek* *openssl-cnf*++\n*stek* *--help*\n\n"
        "# COMMANDS\n\n*status* [_ring_]\n\tShows.\n\n\t*--json*\n\t\tJSON\n\n*openssl-cnf*\n\tPrints.\n"
    )
    COMPLETION = "completion = {\n  'COMMANDS': 'status openssl-cnf',\n}\n"

    def setUp(self):
        super().setUp()
        self.write("src/cli/main.c", self.TABLE)
        self.write("man/stek.1.scd", self.MANUAL)
        self.write("src/cli/meson.build", self.COMPLETION)

    def test_sound(self):
        self.assert_sound("commands")

    def test_a_new_command(self):
        self.write("src/cli/main.c", self.TABLE.replace("};", '    {"fleet", "keep", h},\n};'))
        for place in "man/stek.1.scd: SYNOPSIS", "man/stek.1.scd: COMMANDS", "src/cli/meson.build":
            self.assert_reported("commands", f"{place}: fleet is missing")

    def test_a_command_that_is_gone(self):
        self.write("src/cli/main.c", self.TABLE.replace('    {"status", "show", f},\n', ""))
        self.assert_reported("commands", "man/stek.1.scd: SYNOPSIS: status is not a command")

    def test_no_table(self):
        self.write("src/cli/main.c", "")
        self.assert_reported("commands", "src/cli/main.c: no command found")


class Analysers(LintCase):
    BROKEN = "int f(int *at);\nint f(int *at)\n{\n    if (at == 0)\n        return *at;\n    return 0;\n}\n"

    def analyse(self, text):
        """Puts one source into the tree and its compile_commands.json."""
        self.write("src/core/broken.c", text)
        command = {
            "directory": str(self.root),
            "file": "src/core/broken.c",
            "command": "cc -c src/core/broken.c",
        }
        (self.root / "build").mkdir()
        (self.root / "build/compile_commands.json").write_text(json.dumps([command]))
        (self.root / ".clang-tidy").write_text((HERE.parents[1] / ".clang-tidy").read_text())

    def test_tidy_sound(self):
        self.analyse("int f(void);\nint f(void)\n{\n    return 0;\n}\n")
        self.assert_sound("tidy")

    def test_tidy(self):
        self.analyse(self.BROKEN)
        self.assert_reported("tidy", "clang-analyzer-core.NullDereference")

    def test_cppcheck(self):
        self.analyse(self.BROKEN)
        result = subprocess.run(
            [*checks.CPPCHECK, self.root / "src"], capture_output=True, text=True, check=False
        )
        self.assertEqual(result.returncode, 1)
        self.assertIn("nullPointer", result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
