# SPDX-License-Identifier: Apache-2.0
"""stekds that serve the status page, and a browser that shows it."""
import contextlib

import pytest

from harness.browser.devtools import Browser
from harness.process import free_port
from harness.stekd import Stekd


@pytest.fixture(scope="session")
def chromium(work):
    with Browser(work) as started:
        yield started


@pytest.fixture
def browser(chromium):
    """A page of its own for each test."""
    chromium.new_page()
    chromium.resize(1200, 900)
    return chromium


def on_a_port(daemon):
    """Has a stekd that is not started yet serve the page; `daemon.page` is where."""
    port = free_port()
    daemon.settings.update(listen=f"127.0.0.1:{port}", status_page="yes")
    daemon.url = f"http://127.0.0.1:{port}"
    daemon.page = f"{daemon.url}/status"
    return daemon


@pytest.fixture
def serving(folder):
    """serving(**rings): a stekd with these rings and the page."""
    with contextlib.ExitStack() as stack:
        yield lambda **rings: stack.enter_context(on_a_port(Stekd(folder / "stekd", **rings)))


@pytest.fixture
def member(fleet):
    """A host of a fleet that serves the page."""
    with on_a_port(fleet.prepare()) as host:
        host.wait_in_step()
        yield host
