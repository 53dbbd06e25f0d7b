#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The lint of the layout reports what a formatter would change, if that is the one that judges."""

import shutil
import unittest

from layout import BLACK, CLANG_FORMAT
from lintcase import HERE, LintCase
from report import LEFT_OUT

PYTHON_TOP = "#!/usr/bin/python3\n# SPDX-License-Identifier: Apache-2.0\n"


def judges(formatter):
    """Only where the formatter of this system is the one that judges."""
    return unittest.skipIf(formatter.refusal(), f"{formatter.name} of another version")


class Layout(LintCase):
    def setUp(self):
        super().setUp()
        shutil.copy(HERE.parents[1] / ".clang-format", self.root)

    def other_version(self, formatter):
        """A formatter that is of another version, and minds everything."""
        program = self.write(
            f"bin/{formatter.name}", f"#!/bin/sh\necho {formatter.name} 99.1\nfalse\n"
        )
        program.chmod(0o755)

    def break_both(self):
        self.write("src/core/broken.c", "int f(void) { return 0; }\n")
        self.write("tests/broken.py", f"{PYTHON_TOP}x=[1,2]\n")

    @judges(CLANG_FORMAT)
    @judges(BLACK)
    def test_sound(self):
        self.write("src/core/sound.c", "int f(void)\n{\n    return 0;\n}\n")
        self.write("tests/sound.py", f"{PYTHON_TOP}x = 'one'\n")
        self.assert_sound("layout")

    @judges(CLANG_FORMAT)
    def test_c(self):
        self.break_both()
        self.assert_reported("layout", "src/core/broken.c: not as clang-format puts it")

    @judges(BLACK)
    def test_python(self):
        self.break_both()
        self.assert_reported("layout", "tests/broken.py: not as black puts it")

    def test_formatters_of_another_version_do_not_judge(self):
        self.break_both()
        self.other_version(CLANG_FORMAT)
        self.other_version(BLACK)
        said = "clang-format 99.1: version 14 judges\nblack 99.1: version 23 judges\n"
        self.assertEqual(self.lint("layout"), (LEFT_OUT, said))

    @judges(BLACK)
    def test_the_other_one_judges_all_the_same(self):
        self.break_both()
        self.other_version(CLANG_FORMAT)
        self.assert_reported("layout", "tests/broken.py: not as black puts it")


if __name__ == "__main__":
    unittest.main()
