# SPDX-License-Identifier: Apache-2.0
"""The list of lint checks: a name and a command that fails when something is wrong."""

PYTHON = "/usr/bin/python3"

CPPCHECK = [
    "cppcheck",
    "--quiet",
    "-j",
    "2",
    "--std=c11",
    "-D_GNU_SOURCE",
    "-D__GNUC__=12",
    "-DOPENSSL_VERSION_NUMBER=0x30500000L",
    "-DElfW(type)=Elf64_##type",
    "-DSTEK_RUN_DIR=\"\"",
    "-DSTEK_STATE_DIR=\"\"",
    "-DSTEK_CONFIG_FILE=\"\"",
    "-DSTEK_FEED_CONFIG_FILE=\"\"",
    "-DSTEK_FEED_STATE_DIR=\"\"",
    "-Iinclude",
    "-Isrc",
    "--enable=warning,style,performance,portability",
    "--inline-suppr",
    "--error-exitcode=1",
    # It does not see that outputs are filled when the result says so, nor that a cleanup function
    # reads a variable;
    # clang-tidy, the compilers and valgrind look for the same and do.
    "--suppress=uninitvar",
    "--suppress=unreadVariable",
    # Versions from 2.11 ask for const where what a pointer leads to is handed on to be changed, and
    # in callbacks, whose types are their callers'. They also tell how far they look.
    "--suppress=constParameterPointer",
    "--suppress=constParameterCallback",
    "--suppress=constVariablePointer",
    "--suppress=normalCheckLevelMaxBranches",
]


def commands(root, build):
    """The checks for the tree at `root`, built in `build`."""
    here = root / "tests" / "lint"

    def script(name, *arguments):
        return [PYTHON, here / f"{name}.py", "--root", root, *arguments]

    return [
        ("layers", script("layers")),
        ("circles", script("circles", "--build", build)),
        ("purity", script("purity", "--build", build)),
        ("sizes", script("sizes")),
        ("layout", script("layout")),
        ("prose", script("prose")),
        ("exports", script("exports", "--build", build)),
        ("commands", script("commands")),
        ("manuals", script("manuals", "--build", build)),
        ("licence", script("licence")),
        ("selftest", [PYTHON, here / "selftest.py"]),
        ("selftest of the layout", [PYTHON, here / "selftest_layout.py"]),
        ("selftest of the runner", [PYTHON, root / "tests" / "run" / "selftest.py"]),
        ("selftest of differential", [PYTHON, root / "tests/differential/selftest.py"]),
        ("selftest of check-on", [PYTHON, root / "tests" / "run" / "selftest_on.py"]),
        ("cppcheck", CPPCHECK + [root / "src", root / "examples", root / "tests" / "fuzz"]),
        ("clang-tidy", script("tidy", "--build", build)),
    ]
