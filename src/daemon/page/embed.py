#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""embed.py OUTPUT FILE...: writes the files of the status page as a table in C."""
import sys
from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}


def url(path):
    """The page itself is /status, what it loads is below."""
    return "/status" if path.suffix == ".html" else f"/status/{path.name}"


def array(number, path):
    data = path.read_bytes()
    lines = (",".join(map(str, data[at : at + 24])) for at in range(0, len(data), 24))
    return f"static const unsigned char file_{number}[] = {{\n" + ",\n".join(lines) + "};\n"


def main():
    output, *names = sys.argv[1:]
    paths = [Path(name) for name in names]
    text = '/* Made by embed.py. */\n#include "daemon/front/asset.h"\n\n'
    for number, path in enumerate(paths):
        text += array(number, path)
    text += "\nconst struct stek_asset stek_assets[] = {\n"
    for number, path in enumerate(paths):
        text += (
            f'    {{"{url(path)}", "{TYPES[path.suffix]}", file_{number}, sizeof file_{number}}},\n'
        )
    Path(output).write_text(text + "    {NULL, NULL, NULL, 0},\n};\n", encoding="ascii")


if __name__ == "__main__":
    main()
