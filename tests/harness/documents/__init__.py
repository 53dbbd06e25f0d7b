# SPDX-License-Identifier: Apache-2.0
"""What a document tells its reader to type: its blocks of code, by section."""
import re

from .. import build

BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def section(name, title):
    """The text of a section of a document, by the words of its heading."""
    parts = re.split(r"^#+ (.*)\n", (build.REPOSITORY / name).read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))[title]


def blocks(name, title):
    """The blocks of code in a section, in order."""
    return BLOCK.findall(section(name, title))
