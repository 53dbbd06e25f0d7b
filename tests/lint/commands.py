#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""stek(1) and the completions mention every command of stek, and no other."""

import re

from report import finish, options

TABLE = "src/cli/main.c"
MANUAL = "man/stek.1.scd"
COMPLETION = "src/cli/meson.build"


def in_table(text):
    """The names in the table of commands."""
    return re.findall(r'^ *\{"([a-z-]+)",', text, re.MULTILINE)


def in_synopsis(text):
    """What follows `*stek*` in a manual page; its options are no commands."""
    return re.findall(r"^\*stek\* \*([a-z][a-z-]*)\*", text, re.MULTILINE)


def with_a_text(text):
    """The commands that a paragraph of the manual page begins with."""
    return re.findall(r"^\*([a-z][a-z-]*)\*.*\n\t", text.partition("# COMMANDS")[2], re.MULTILINE)


def in_completion(text):
    """The words that the three shells offer after `stek`."""
    found = re.search(r"'COMMANDS': '([a-z -]*)'", text)
    return found.group(1).split() if found else []


def main():
    root = options(__doc__).root
    commands = set(in_table((root / TABLE).read_text()))
    manual = (root / MANUAL).read_text()
    places = {
        f"{MANUAL}: SYNOPSIS": set(in_synopsis(manual)),
        f"{MANUAL}: COMMANDS": set(with_a_text(manual)),
        COMPLETION: set(in_completion((root / COMPLETION).read_text())),
    }
    problems = [] if commands else [f"{TABLE}: no command found"]
    for place, names in places.items():
        problems += [f"{place}: {name} is missing" for name in sorted(commands - names)]
        problems += [f"{place}: {name} is not a command" for name in sorted(names - commands)]
    finish(problems)


if __name__ == "__main__":
    main()
