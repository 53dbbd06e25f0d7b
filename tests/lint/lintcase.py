# SPDX-License-Identifier: Apache-2.0
"""A tree in a temporary folder, on which a lint script is run."""

import os
import pathlib
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
TOP = "/* SPDX-License-Identifier: Apache-2.0 */\n"
OBJECTS = "build/libstek_internal.a.p"


class LintCase(unittest.TestCase):
    """A tree in a temporary folder."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("src/crypto/wipe.h", "")
        self.write("src/core/record.h", '#include "crypto/wipe.h"\n#include "stek.h"\n')
        self.write(
            "src/tls/ossl.h",
            "#if OPENSSL_VERSION_NUMBER < 0x30000000L\n#endif\n#include <openssl/evp.h>\n",
        )
        self.write("src/tls/module/load.c", '#include "tls/ossl.h"\n')

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if text.startswith("#!") else TOP + text)
        return path

    def compile(self, name, text, *options):
        """Compiles `text` to the object or library `name`."""
        source = self.write("scratch.c", text)
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-w", "-O1", "-fPIC", "-o", target, source, *options], check=True)
        source.unlink()

    def lint(self, script):
        """Exit status and output of a lint script on the tree. Programs in its folder `bin` come
        before those of the system."""
        path = f"{self.root}/bin:{os.environ['PATH']}"
        result = subprocess.run(
            [
                "/usr/bin/python3",
                HERE / f"{script}.py",
                "--root",
                self.root,
                "--build",
                self.root / "build",
            ],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PATH": path},
        )
        return result.returncode, result.stdout + result.stderr

    def assert_sound(self, script):
        self.assertEqual(self.lint(script), (0, ""))

    def assert_reported(self, script, words):
        status, output = self.lint(script)
        self.assertEqual(status, 1, output)
        self.assertIn(words, output)
        self.assertNotIn("Traceback", output)
