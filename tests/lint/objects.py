# SPDX-License-Identifier: Apache-2.0
"""What compiled files hold, as binutils tell it."""

import subprocess


def _lines(*argv):
    result = subprocess.run([str(arg) for arg in argv], check=True, capture_output=True, text=True)
    return result.stdout.splitlines()


def undefined(path):
    """Names that the object expects from elsewhere."""
    return {line.split()[-1] for line in _lines("nm", "--undefined-only", path)}


def defined(path):
    """Names that the object offers to others."""
    return {line.split()[-1] for line in _lines("nm", "--extern-only", "--defined-only", path)}


def exported(path):
    """Names in the dynamic symbol table of a shared object, without the names of its versions."""
    fields = [line.split() for line in _lines("nm", "--dynamic", "--defined-only", path)]
    return {name.split("@")[0] for *_, kind, name in fields if kind != "A"}


def needed(path):
    """The shared libraries that it asks for."""
    return {
        line.split("[")[1].rstrip("]")
        for line in _lines("readelf", "--dynamic", "--wide", path)
        if "(NEEDED)" in line
    }


def writable_sections(path):
    """Sections that can be written at run time and are not empty."""
    found = set()
    for line in _lines("readelf", "--section-headers", "--wide", path):
        fields = line.replace("[", " ").replace("]", " ").split()
        if len(fields) < 10 or not fields[0].isdigit() or fields[0] == "0":
            continue
        name, size, flags = fields[1], int(fields[5], 16), fields[7]
        if "W" in flags and size > 0 and not name.startswith(".data.rel.ro"):
            found.add(name)
    return found
