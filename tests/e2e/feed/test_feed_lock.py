# SPDX-License-Identifier: Apache-2.0
"""Any user may ask whether `stek feed` runs, and none keeps it from starting: whoever can open a
file can lock it."""
import contextlib
import os
import subprocess
import sys

import pytest

from harness import build
from harness.process import plain_environment

STRANGER = 65534
HOLDING = """
import fcntl, os, sys
for name in os.listdir(sys.argv[1]):
    try:
        file = os.open(os.path.join(sys.argv[1], name), os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        continue
    fcntl.flock(file, fcntl.LOCK_EX)
    fcntl.lockf(file, fcntl.LOCK_SH)
print("here", flush=True)
sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@contextlib.contextmanager
def locked_by_a_stranger(directory):
    """Each file there that the stranger can open has all the locks that it can take."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, directory],
        user=STRANGER,
        group=STRANGER,
        extra_groups=[],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as popen:
        assert popen.stdout.readline() == "here\n"
        try:
            yield
        finally:
            popen.kill()


def asked_by_a_stranger(feed):
    """The exit status of `stek feed status`."""
    return subprocess.run(
        [build.COMMAND, "feed", "status", "--state-dir", feed.state_dir],
        user=STRANGER,
        group=STRANGER,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        timeout=60,
        env=plain_environment(),
    ).returncode


def test_locks_of_another_user_keep_no_service_from_starting(still_feed):
    still_feed.put("h2o", to="h2o", file=still_feed.place("h2o"))
    still_feed.process.stop()
    with locked_by_a_stranger(still_feed.state_dir):
        still_feed.launch()
        still_feed.wait_until("fed")
        assert asked_by_a_stranger(still_feed) == 0
    still_feed.process.stop()
    assert asked_by_a_stranger(still_feed) == 4


def test_a_second_service_on_the_same_directory_is_refused(still_feed):
    still_feed.put("h2o", to="h2o", file=still_feed.place("h2o"))
    second = subprocess.run(
        [build.COMMAND, "--run-dir", still_feed.stekd.run_dir, "feed"]
        + ["--config", still_feed.config, "--state-dir", still_feed.state_dir],
        capture_output=True,
        text=True,
        timeout=60,
        env=plain_environment(),
    )
    assert second.returncode != 0 and "another stek feed runs on it" in second.stderr
    assert still_feed.status().returncode == 0
