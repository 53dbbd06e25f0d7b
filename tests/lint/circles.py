#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""No two files use each other, directly or through others. So a reader can go through them from top
to bottom.

Judged by the compiled objects: file A uses file B when A calls a function, or reads a variable,
that B defines.
"""

import objects
from report import finish, options


def our_objects(build):
    """The objects of src/, each once, though a file may be compiled for several libraries."""
    paths = [*build.glob("libstek_internal.a.p/*.o"), *build.glob("src/**/*.o")]
    return {path.name: path for path in sorted(paths) if "etcd_messages" not in str(path)}


def uses(paths):
    """For each object the objects that it uses, and by which name."""
    home = {name: path.name for path in paths.values() for name in objects.defined(path)}
    return {
        path.name: {
            home[name]: name
            for name in sorted(objects.undefined(path))
            if name in home and home[name] != path.name
        }
        for path in paths.values()
    }


def circles(graph):
    """Each circle once, as a list of objects."""
    found, done = [], set()

    def follow(name, trail):
        if name in trail:
            found.append(trail[trail.index(name) :])
        elif name not in done:
            for target in sorted(graph[name]):
                follow(target, trail + [name])
            done.add(name)

    for name in sorted(graph):
        follow(name, [])
    return found


def sentence(graph, circle):
    steps = zip(circle, circle[1:] + circle[:1])
    return "a circle: " + ", ".join(f"{a} uses {b} ({graph[a][b]})" for a, b in steps)


def main():
    build = options(__doc__).build
    graph = uses(our_objects(build))
    problems = [] if graph else [f"{build}: no objects"]
    finish(problems + [sentence(graph, circle) for circle in circles(graph)])


if __name__ == "__main__":
    main()
