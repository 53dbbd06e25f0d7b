# SPDX-License-Identifier: Apache-2.0
"""What the tests start, they start through these fixtures, which stop it again however the test
ends."""
import contextlib
import signal
import sys
import tempfile
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import build, module, pki, process  # noqa: E402
from harness.etcd import Etcd, version  # noqa: E402
from harness.fleet import QUICK_RING, Fleet  # noqa: E402
from harness.stekd import Stekd  # noqa: E402


interruptions = []


def interrupt(number, _):
    interruptions.append(number)
    raise KeyboardInterrupt


def pytest_configure(config):
    """Ends on SIGTERM and SIGHUP as on Ctrl-C: with every fixture torn down."""
    for number in process.STOP_SIGNALS:
        signal.signal(number, interrupt)


def pytest_sessionstart(session):
    missing = build.missing()
    if missing:
        pytest.exit("not built: " + " ".join(map(str, missing)), returncode=1)


@pytest.fixture(scope="session")
def work():
    """A folder for everything that a run writes; workers of another user may pass through it."""
    with tempfile.TemporaryDirectory(prefix="stek-e2e-") as name:
        Path(name).chmod(0o755)
        try:
            yield Path(name)
        finally:
            left = process.stop_all()
    assert not left or interruptions, f"tests did not stop what they started: {left}"


@pytest.fixture(scope="session")
def figure(record_testsuite_property):
    """figure(title, text): what a test measured, for whoever reads the report; `make check` prints
    it."""

    def note(title, text):
        print(f"{title}: {text}")
        record_testsuite_property(f"figure: {title}", text)

    return note


@pytest.fixture(scope="session")
def certificates(work):
    folder = work / "pki"
    folder.mkdir()
    return pki.make(folder)


@pytest.fixture
def folder(work):
    """A new folder for one test."""
    with tempfile.TemporaryDirectory(dir=work) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def running(folder, certificates):
    """running(Program, openssl_conf, **options): starts it for the length of the test."""
    with contextlib.ExitStack() as stack:
        count = iter(range(100))

        def start(program, openssl_conf, **options):
            if options.get("client_certificate") is True:
                options["client_certificate"] = certificates.client
            place = folder / f"{program.name}-{next(count)}"
            return stack.enter_context(program(place, certificates, openssl_conf, **options))

        yield start


@pytest.fixture
def stock(running):
    """stock(Program, **options): a server as it comes. The control."""
    return lambda program, **options: running(program, None, **options)


@pytest.fixture
def loaded(running, folder):
    """loaded(Program, stek={setting: value}, **options): the same server with the module loaded."""

    def start(program, stek=None, **options):
        conf = module.compose(folder / f"{program.name}.cnf", **(stek or {}))
        return running(program, conf, **options)

    return start


@pytest.fixture
def stek_conf(folder):
    """A composed file with the default settings."""
    return module.compose(folder / "stek.cnf")


@pytest.fixture
def daemon(folder):
    """stekd with a ring that does not rotate while a test runs."""
    with Stekd(folder / "stekd", web={"rotate": "1h"}) as started:
        yield started


@pytest.fixture
def etcd(request, folder):
    """One member with TLS, client certificates and users, or as ETCD of the file says."""
    if version() < (3, 4):
        pytest.skip("this etcd is older than a fleet needs")
    options = getattr(request.module, "ETCD", {"tls": True, "auth": True})
    with Etcd(folder / "etcd", **options) as cluster:
        yield cluster


@pytest.fixture
def fleet(request, folder, etcd):
    """fleet.host(): hosts on that store, with keys that change every two seconds, or as RING of
    the file says."""
    with Fleet(folder / "fleet", etcd, ring=getattr(request.module, "RING", QUICK_RING)) as made:
        yield made
