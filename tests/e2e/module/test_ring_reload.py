# SPDX-License-Identifier: Apache-2.0
"""A server whose ring file was not there when it started, or was replaced since, takes it with its
next SSL_CTXs."""
import pytest

from harness import module
from harness.client import VERSIONS
from harness.programs import python, run
from harness.servers import Apache, Nginx, Node, Stunnel
from harness.stekd import Stekd

each_version = pytest.mark.parametrize("tls", VERSIONS)
each_that_reloads = pytest.mark.parametrize(
    "program", [Nginx, Apache, Stunnel, Node], ids=lambda p: p.name
)
# stunnel keeps session-ticket callbacks of its own: then stek shares as OpenSSL does.
each_that_shares = pytest.mark.parametrize("program", [Nginx, Apache, Node], ids=lambda p: p.name)


@pytest.fixture
def daemon(folder):
    with Stekd(folder / "stekd", web={}) as started:
        yield started


@pytest.fixture
def on_ring(running, folder, daemon):
    """on_ring(Program, **options): a server whose configuration names the ring file."""
    conf = module.compose(folder / "web.cnf", ring=daemon.ring("web"))
    return lambda program, **options: running(program, conf, **options)


def lose_the_ring(daemon):
    """As a reboot or an emptied tmpfs does."""
    daemon.stop()
    daemon.ring("web").unlink()


def get_session(server, tls):
    session = server.folder / "session.pem"
    assert not server.visit(tls, sess_out=session).failed()
    return session


def resumes(server, tls, session):
    visits = server.visit(tls, sess_in=session)
    assert not visits.failed()
    return bool(visits.resumed())


def has_stekds_ring(server, daemon, tls):
    """Only a ring file's sessions end when stekd is told to revoke its keys."""
    session = get_session(server, tls)
    assert resumes(server, tls, session)
    assert daemon.stek("revoke", "web", "--all", "--yes").returncode == 0
    return not resumes(server, tls, session)


@each_version
@each_that_reloads
def test_a_server_that_started_before_stekd_has_the_ring_after_a_reload(
    on_ring, daemon, program, tls
):
    lose_the_ring(daemon)
    server = on_ring(program)
    daemon.launch()
    assert not has_stekds_ring(server, daemon, tls)
    server.reload()
    assert has_stekds_ring(server, daemon, tls)


@each_version
@each_that_reloads
def test_a_server_whose_ring_was_replaced_keeps_the_old_one_until_a_reload(
    on_ring, daemon, program, tls
):
    server = on_ring(program)
    session = get_session(server, tls)
    lose_the_ring(daemon)
    daemon.launch()
    assert resumes(server, tls, session)
    assert not has_stekds_ring(server, daemon, tls)
    server.reload()
    assert not resumes(server, tls, session)
    assert has_stekds_ring(server, daemon, tls)


@each_version
@each_that_shares
def test_a_reload_without_a_ring_file_keeps_the_one_that_is_open(on_ring, daemon, program, tls):
    server = on_ring(program)
    session = get_session(server, tls)
    lose_the_ring(daemon)
    server.reload()
    assert resumes(server, tls, session)


@each_version
@each_that_shares
def test_a_reload_with_the_same_ring_file_keeps_sessions_and_says_nothing(on_ring, program, tls):
    server = on_ring(program)
    session = get_session(server, tls)
    server.reload()
    assert resumes(server, tls, session)
    assert "stek:" not in server.said()


def test_a_ring_that_is_taken_later_is_one_line(on_ring, daemon):
    lose_the_ring(daemon)
    server = on_ring(Nginx)
    daemon.launch()
    server.reload()
    path = daemon.ring("web")
    assert [line for line in server.said().splitlines() if line.startswith("stek:")] == [
        f"stek: ring file {path}: it does not exist: is stekd running, and does it have a ring of this name?; "
        "going on with a private ring",
        f"stek: ring file {path}: it is there now; new SSL_CTXs have it",
    ]


READS_AGAIN = """
import ctypes, ctypes.util, os, ssl, sys
ssl.create_default_context()
libcrypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
for command in sys.argv[1:]:
    os.system(command)
    if libcrypto.CONF_modules_load_file(os.environ["OPENSSL_CONF"].encode(), None, 0) != 1:
        sys.exit("the configuration was not read")
"""


def test_a_program_that_reads_openssl_cnf_again_keeps_its_ring_also_when_the_file_is_gone(
    daemon, folder
):
    """Few programs do: those that call CONF_modules_load_file() themselves."""
    conf = module.compose(folder / "web.cnf", ring=daemon.ring("web"))
    daemon.stop()
    ended = run(python(READS_AGAIN, "true", f"rm {daemon.ring('web')}"), conf)
    assert ended.status == 0
    assert ended.stderr == (
        f"stek: ring file {daemon.ring('web')}: it does not exist: is stekd running, and "
        "does it have a ring of this name?; going on with the one that is open already\n"
    )
