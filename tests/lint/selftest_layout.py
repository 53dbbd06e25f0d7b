#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The lint of the layout reports what a formatter would change."""

import shutil
import unittest

from selftest import HERE, LintCase

PYTHON_TOP = "#!/usr/bin/python3\n# SPDX-License-Identifier: Apache-2.0\n"


class Layout(LintCase):
    def setUp(self):
        super().setUp()
        shutil.copy(HERE.parents[1] / ".clang-format", self.root)

    def test_sound(self):
        self.write("src/core/sound.c", "int f(void)\n{\n    return 0;\n}\n")
        self.write("tests/sound.py", f"{PYTHON_TOP}x = 'one'\n")
        self.assert_sound("layout")

    def test_c(self):
        self.write("src/core/broken.c", "int f(void) { return 0; }\n")
        self.assert_reported("layout", "src/core/broken.c: not as clang-format puts it")

    def test_python(self):
        self.write("tests/broken.py", f"{PYTHON_TOP}x=[1,2]\n")
        self.assert_reported("layout", "tests/broken.py: not as black puts it")


if __name__ == "__main__":
    unittest.main()
