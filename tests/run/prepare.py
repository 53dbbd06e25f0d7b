# SPDX-License-Identifier: Apache-2.0
"""Makes chroots ready, one after the other, in a process of its own: the next one waits for the
network while tests run in the one before."""

import fcntl
import multiprocessing

from archive import NoArchive
from chroot import ChrootFailed
from command import end_like_ctrl_c

FORK = multiprocessing.get_context("fork")
ENDED = "what makes the chroots ready has ended\n"


def lock(file, name, say):
    """Two runs do not share a chroot: the second one waits. The lock is held as long as the file
    is open in any process that has inherited it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"{name}: waiting for another run to end ...")
        fcntl.flock(file, fcntl.LOCK_EX)


class Preparing:
    """In the order of `chroots`: locks each one and calls make_ready(chroot)."""

    def __init__(self, chroots, make_ready, say):
        self._locks = {}
        for chroot in chroots:
            chroot.root.parent.mkdir(parents=True, exist_ok=True)
            path = chroot.root.parent / f"{chroot.release.name}.lock"
            self._locks[chroot] = path.open("w")
        self._answers, answers = FORK.Pipe(duplex=False)
        self._process = FORK.Process(target=self._prepare, args=(chroots, make_ready, say, answers))
        self._process.start()
        answers.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Where the run was interrupted, the process ends what it has started."""
        self._process.terminate()
        self._process.join()
        self._answers.close()
        for file in self._locks.values():
            file.close()

    def _prepare(self, chroots, make_ready, say, answers):
        end_like_ctrl_c()
        try:
            for chroot in chroots:
                answers.send(self._problem(chroot, make_ready, say))
        except KeyboardInterrupt:
            pass

    def _problem(self, chroot, make_ready, say):
        """None, or the text that says why the chroot is not ready."""
        with self._locks[chroot] as file:
            lock(file, chroot.release.name, say)
            try:
                make_ready(chroot)
            except (ChrootFailed, NoArchive) as problem:
                return f"{problem}"
        return None

    def wait(self):
        """The same for the next chroot in the order, once that is known."""
        try:
            return self._answers.recv()
        except EOFError:
            return ENDED

    def release(self, chroot):
        """Another run may have it now."""
        fcntl.flock(self._locks[chroot], fcntl.LOCK_UN)
        self._locks[chroot].close()
