# SPDX-License-Identifier: Apache-2.0
"""The module says its one line only where that line is wanted. Elsewhere, programs do what they did
without it."""
import pytest

from harness import build, module
from harness.programs import run

NOT_FOR_MESSAGES = ["broken-pipe", "full-pipe", "inetd"]


def odd(name, certificates, conf=None):
    return run([build.ODD, name, certificates.server.both], conf)


def wrong(folder):
    return module.by_hand(folder / "wrong.cnf", rotate="never")


def test_control_a_wrong_setting_is_said(folder, certificates):
    ended = odd("at-exit", certificates, wrong(folder))
    assert ended.stderr.startswith("stek: ") and ended.stderr.count("\n") == 1
    assert (ended.status, ended.stdout) == (0, odd("at-exit", certificates).stdout)


@pytest.mark.parametrize("name", NOT_FOR_MESSAGES)
def test_where_nobody_wants_it_nothing_is_said(name, folder, certificates):
    plain = odd(name, certificates)
    assert plain.status == 0 and b"resumed" in plain.stdout
    assert odd(name, certificates, wrong(folder)) == plain


def test_a_file_that_has_the_number_of_standard_error_stays_as_it_is(folder, certificates):
    """The program sets its key callback too late for stek to win, which would be said."""
    conf = module.compose(folder / "stek.cnf", override="yes")
    ended = odd("daemon", certificates, conf)
    assert ended == odd("daemon", certificates)
    assert b"the file has 0 bytes" in ended.stdout
