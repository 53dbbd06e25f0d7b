#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
A member of a ring's group whose counter files change while they are read.

    change_counters.py DIRECTORY FILES SEED

Makes so many well-formed files, and then without end cuts them, lengthens them, writes into them
and puts something else in their place. Prints the number of changes after each thousand.
"""
import contextlib
import os
import random
import sys

from fill_counters import LEN, sound

LENGTHS = (0, 1, 64, 4096, 4160, 8191, LEN - 1, LEN, LEN + 1, 1 << 40)


def cut(name, chance):
    """Shorter or longer, up to a terabyte that is a hole."""
    os.truncate(name, chance.choice(LENGTHS))


def scribble(name, chance):
    """Some bytes anywhere, often in what says how many processes there are."""
    with open(name, "r+b") as file:
        file.seek(chance.choice((0, 8, 16, 4096, 4152, chance.randrange(LEN))))
        file.write(chance.randbytes(chance.randrange(1, 64)))


def make(name, _):
    """As it was at first."""
    with open(name, "wb") as file:
        file.write(sound())
        file.truncate(LEN)


def replace(name, chance):
    """By a link, a FIFO, a directory or nothing."""
    os.unlink(name)
    chance.choice((lambda: os.symlink("/dev/zero", name), lambda: os.mkfifo(name), lambda: None))()


def restore(name, chance):
    """Another file in its place, in one step."""
    make(name + ".new", chance)
    os.rename(name + ".new", name)


def main():
    os.chdir(sys.argv[1])
    chance = random.Random(int(sys.argv[3]))
    names = [f"{os.getpid()}-{i:016x}" for i in range(int(sys.argv[2]))]
    for name in names:
        make(name, chance)
    for done in range(1, sys.maxsize):
        change = chance.choice((cut, cut, scribble, scribble, make, replace, restore, restore))
        # stekd removes what is no stats file; a link to a device and a FIFO are not for writing.
        with contextlib.suppress(OSError):
            name = chance.choice(names)
            if change in (replace, restore) or os.path.isfile(name):
                change(name, chance)
        if done % 1000 == 0:
            print(done, flush=True)


if __name__ == "__main__":
    main()
