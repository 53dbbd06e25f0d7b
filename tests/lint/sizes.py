#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""No function is longer than 60 lines, no file than 400, no line than 100 columns. No folder has
more than 20 sources of one language (headers and meson.build do not count). No two tests for pytest
have one name, by which it tells them apart."""

import ast

from report import files, finish, options

FUNCTION_MAX = 60
FILE_MAX = 400
LINE_MAX = 100
FOLDER_MAX = 20
FOLDERS = ["src", "include", "tests", "demo", "packaging", "examples"]


def c_functions(lines):
    """(first line, length) of each function: a brace at the left edge opens it, the next one there
    closes it."""
    opened = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            opened = number
        elif line.startswith("}") and opened is not None:
            yield opened, number - opened + 1
            opened = None


def python_functions(text):
    """(first line, length) of each function."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def is_python(path, text):
    return path.suffix == ".py" or text.startswith("#!/usr/bin/python3")


def file_problems(name, path):
    """What is too long in one file."""
    text = path.read_text()
    lines = text.splitlines()
    if len(lines) > FILE_MAX:
        yield f"{name}: {len(lines)} lines, at most {FILE_MAX}"
    functions = python_functions(text) if is_python(path, text) else c_functions(lines)
    for number, length in functions:
        if length > FUNCTION_MAX:
            yield f"{name}:{number}: a function of {length} lines, at most {FUNCTION_MAX}"


def is_too_wide(line):
    """Texts in quotation marks and byte layouts with wide signs are as long as they are. What a
    Python file or function says of itself is no such text."""
    code = line.replace('"""', "") if line.lstrip().startswith('"""') else line
    return len(line) > LINE_MAX and '"' not in code and line.isascii()


def wide_lines(name, path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if is_too_wide(line):
            yield f"{name}:{number}: {len(line)} columns, at most {LINE_MAX}"


def crowded_folders(root):
    """Folders in which a reader has to look at too many names."""
    counts = {}
    for path in files(root, FOLDERS, [".c", ".py"]):
        key = (path.parent.relative_to(root), path.suffix)
        counts[key] = counts.get(key, 0) + 1
    for (folder, suffix), count in sorted(counts.items()):
        if count > FOLDER_MAX:
            yield f"{folder}: {count} files *{suffix}, at most {FOLDER_MAX}"


def tests_of_one_name(root):
    """pytest takes a file for the other of that name, and does not begin."""
    seen = {}
    for path in files(root, ["tests"], [".py"]):
        if not path.name.startswith("test_"):
            continue
        name = path.relative_to(root)
        if seen.setdefault(path.name, name) != name:
            yield f"{name}: {seen[path.name]} has the same name"


def is_source(path):
    """Code, by its ending, or a script without one."""
    if path.suffix in (".c", ".h", ".py", ".sh", ".php", ".js"):
        return True
    return path.suffix == "" and path.read_bytes()[:2] == b"#!"


def main():
    root = options(__doc__).root
    problems = [*crowded_folders(root), *tests_of_one_name(root)]
    for path in files(root, FOLDERS, [""]):
        name = path.relative_to(root)
        if is_source(path):
            problems += file_problems(name, path)
        if path.suffix in (".c", ".h", ".py"):
            problems += wide_lines(name, path)
    finish(problems)


if __name__ == "__main__":
    main()
