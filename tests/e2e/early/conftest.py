# SPDX-License-Identifier: Apache-2.0
"""Servers that accept early data, on the ring of stekd's."""
import pytest

from harness import module


@pytest.fixture
def on_ring(running, folder, daemon):
    """on_ring(Program, stek={setting: value}, **options): a server on the ring of stekd's."""

    def start(program, stek=None, **options):
        settings = {"ring": daemon.ring("web"), "context": "service", **(stek or {})}
        conf = module.compose(folder / f"{program.name}.cnf", **settings)
        return running(program, conf, **options)

    return start
