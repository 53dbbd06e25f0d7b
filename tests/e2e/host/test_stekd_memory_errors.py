# SPDX-License-Identifier: Apache-2.0
"""One life of stekd, with all that it does and all that may be done to it, under valgrind."""
import contextlib
import os
import shutil
import subprocess

import pytest

from harness import build
from harness.process import plain_environment, wait_for
from harness.stekd import Stekd

VALGRIND = [
    "valgrind",
    "--quiet",
    "--error-exitcode=99",
    "--leak-check=full",
    "--show-leak-kinds=definite,indirect",
    "--errors-for-leak-kinds=definite,indirect",
    "--num-callers=30",
]

pytestmark = pytest.mark.skipif(
    build.sanitized(), reason="valgrind and sanitizers exclude each other"
)


@pytest.fixture
def daemon(folder):
    started = Stekd(
        folder / "stekd",
        wrapper=VALGRIND,
        options=["--no-sandbox"],
        settings={"listen": f"unix:{folder}/m.sock"},
        web={"rotate": "1s", "accept": "30s"},
        mail={},
    )
    with started:
        yield started


def live(daemon, folder):
    """Everything once."""
    for _ in range(3):
        daemon.status("web")
        daemon.request(command="status")
    for request in (
        {"command": "rotate", "ring": "mail"},
        {"command": "revoke", "ring": "mail", "all": True},
        {"command": "revoke", "ring": "web", "key": "1"},
        {"command": "revoke", "ring": "web", "before": 1},
        {"command": "inspect", "ring": "web", "ticket": "AAAA"},
        {"command": "nonsense"},
        {"command": "rotate", "ring": "none"},
    ):
        daemon.request(**request)
    for path in ("metrics", "healthz", "none"):
        subprocess.run(
            ["curl", "-s", "--unix-socket", f"{folder}/m.sock", f"http://stekd/{path}"],
            capture_output=True,
            check=True,
            env=plain_environment(),
        )
    with contextlib.ExitStack() as stack:
        for i in range(80):
            with contextlib.suppress(OSError):
                stack.enter_context(daemon.connect()).sendall(
                    [b'{"comm', b'{"command":"status"}\n' * 50, os.urandom(3000)][i % 3]
                )
        daemon.request(command="status")
    daemon.rings["new"] = {"group": "daemon"}
    daemon.reload()
    daemon.reload("[ring web]\nrotate = never\n")
    daemon.reload("[ring web]\nrotate = 2s\naccept = 30s\n")
    first = daemon.status("web")["keys"][-1]["seq"]
    wait_for(lambda: daemon.status("web")["keys"][-1]["seq"] > first, "a rotation", timeout_s=60)


def test_valgrind_finds_nothing(daemon, folder):
    live(daemon, folder)
    assert daemon.stop() == 0, daemon.stderr()
    assert "==" not in daemon.stderr()


def test_control_valgrind_would_say_so(folder):
    """A leak that the shell's own valgrind run is told to see."""
    source = folder / "leak.c"
    source.write_text(
        "#include <stdlib.h>\nint main(void) { volatile char *p = malloc(7); p = 0; return p != 0; }\n"
    )
    subprocess.run([shutil.which("cc"), "-O0", "-o", str(folder / "leak"), str(source)], check=True)
    done = subprocess.run(
        [*VALGRIND, str(folder / "leak")], capture_output=True, check=False, env=plain_environment()
    )
    assert done.returncode == 99


def test_a_start_that_is_refused_leaks_nothing(daemon):
    """Also on the ways out that end early."""
    done = subprocess.run(
        [str(part) for part in daemon.command()],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=plain_environment(),
    )
    assert done.returncode == 1 and "another stekd" in done.stderr
    daemon.config.write_text("[rings]\n")
    done = subprocess.run(
        [str(part) for part in daemon.command("--check-config")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=plain_environment(),
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1
