# SPDX-License-Identifier: Apache-2.0
"""`stek keyfile`: the servers themselves say whether a file is right, by the tickets that they
open."""
import os
import subprocess

import pytest

from harness import build, keyfile
from harness.client import VERSIONS
from harness.keyfile import lint, opening, run
from harness.process import plain_environment
from harness.servers import Haproxy, Lighttpd, Nginx, Stunnel
from harness.servers.key_files import Dnsdist, Nghttpx
from harness.servers.late_keys import H2o, TrafficServer
from harness.stekd import Stekd

FINE, FAILED, USAGE = range(3)
LABEL = "shared"
each_version = pytest.mark.parametrize("tls", VERSIONS)


def convert(source, of, to, folder, *words):
    """The file that `stek keyfile convert` writes."""
    done = run("convert", "--from", of, "--to", to, *words, source)
    assert done.returncode == FINE, done.stderr
    path = folder / f"{to}.converted"
    path.write_bytes(done.stdout)
    path.chmod(0o600)
    return path


def codes(report):
    return {finding["code"] for finding in report["findings"]}


def stunnel_lines(path):
    return {"options": path.read_text()}


def in_a_list(path):
    """nghttpx is told in its configuration which files there are."""
    keys = path.with_suffix(".list")
    keys.write_text(f"tls-ticket-key-file={path}\n")
    return {"ticket_keys": keys}


# Each server of AES-256 keys: how its file is called, and how it is given to the server.
READERS = [
    (Nginx, "nginx", lambda path: {"ticket_key": path}),
    (Haproxy, "haproxy", lambda path: {"ticket_keys": path}),
    (Lighttpd, "lighttpd", lambda path: {"stek_file": path}),
    (H2o, "h2o", lambda path: {"ticket_file": path}),
    (Dnsdist, "dnsdist", lambda path: {"ticket_keys": path}),
    (Nghttpx, "nghttpx", in_a_list),
]
# Apache is not among them: on OpenSSL 3 its MACs are not made with the file's key.
SHORT = [
    (Nginx, "nginx-aes128", lambda path: {"ticket_key": path}),
    (TrafficServer, "trafficserver", lambda path: {"ticket_key": path}),
    (Haproxy, "haproxy-aes128", lambda path: {"ticket_keys": path}),
]


def reader_ids(readers):
    return [layout for _, layout, _ in readers]


def session_of(server, tls, folder):
    path = folder / f"{server.name}.{tls}.session"
    server.visit(tls, sess_out=path)
    return path


def sealed_by(stock, folder, program, given, path, tls):
    """A session whose ticket the server sealed with the file at `path`."""
    if not program.is_there():
        pytest.skip(f"{program.name} is not there")
    return session_of(stock(program, **given(path)), tls, folder)


@pytest.mark.parametrize("program, layout, given", READERS, ids=reader_ids(READERS))
@each_version
def test_a_server_seals_with_the_keys_that_were_converted_for_it(
    stock, folder, program, layout, given, tls
):
    keys = keyfile.nginx(folder / "nginx.keys")
    session = sealed_by(stock, folder, program, given, convert(keys, "nginx", layout, folder), tls)
    assert opening(session, keys) == {"nginx", "envoy", "openssl"}


@each_version
def test_stunnel_seals_with_the_keys_that_were_converted_for_it(stock, folder, tls):
    """Its tickets have no name of a key."""
    keys = keyfile.nginx(folder / "nginx.keys")
    lines = convert(keys, "nginx", "stunnel", folder)
    session = sealed_by(stock, folder, Stunnel, stunnel_lines, lines, tls)
    assert opening(session, lines) == {"stunnel"}


@pytest.mark.parametrize("program, layout, given", SHORT, ids=reader_ids(SHORT))
def test_a_server_with_short_keys_seals_with_those_that_were_converted_for_it(
    stock, folder, program, layout, given
):
    keys = keyfile.apache(folder / "apache.keys")
    session = sealed_by(
        stock, folder, program, given, convert(keys, "apache", layout, folder), "1.2"
    )
    assert opening(session, keys) == {"apache", "trafficserver", "node", "boringssl"}


def test_control_a_file_in_the_wrong_order_opens_no_ticket(stock, folder):
    keys = keyfile.nginx(folder / "nginx.keys")
    session = session_of(stock(Nginx, ticket_key=keys), "1.2", folder)
    swapped = convert(keys, "unbound", "nginx", folder)
    assert opening(session, swapped) == {"unbound", "dnsdist", "nghttpx"}
    assert not stock(Nginx, ticket_key=swapped).visit("1.2", sess_in=session).resumed()


def test_a_ticket_tells_which_order_a_file_has(stock, folder):
    keys = keyfile.nginx(folder / "nginx.keys")
    session = session_of(stock(Nginx, ticket_key=keys), "1.2", folder)
    report, _ = lint("--server", "nginx", "--ticket", session, keys)
    assert not {"wrong-order", "ticket-refused"} & codes(report)
    report, code = lint("--server", "unbound", "--ticket", session, keys)
    assert code == FAILED and "wrong-order" in codes(report)


def test_a_ticket_of_another_key_is_a_finding(stock, folder):
    session = session_of(stock(Nginx), "1.2", folder)
    report, code = lint("--ticket", session, keyfile.nginx(folder / "nginx.keys"))
    assert code == FAILED and "ticket-refused" in codes(report)


@pytest.mark.parametrize("program, layout, given", READERS, ids=reader_ids(READERS))
@each_version
def test_a_server_that_is_given_a_rings_keys_seals_under_its_active_key(
    stock, folder, program, layout, given, tls
):
    with Stekd(folder / "stekd", web={"rotate": "1h"}) as stekd:
        words = ["--ring", "web", "--context", LABEL, "--to", layout]
        done = run("export", "--run-dir", stekd.run_dir, *words)
        assert done.returncode == FINE, done.stderr
        path = folder / f"{layout}.exported"
        path.touch(0o600)
        path.write_bytes(done.stdout)
        session = sealed_by(stock, folder, program, given, path, tls)
        exported = run("export", "--run-dir", stekd.run_dir, *words[:-1], "nginx")
        path.write_bytes(exported.stdout)
        assert opening(session, path) == {"nginx", "envoy", "openssl"}


def test_short_keys_of_a_ring_are_those_of_another_server_of_short_keys(stock, folder):
    """Under another name than the long ones, which share no byte with them."""
    paths = {}
    with Stekd(folder / "stekd", web={"rotate": "1h"}) as stekd:
        for layout in ("trafficserver", "nginx-aes128", "nginx"):
            words = ["--ring", "web", "--context", LABEL, "--to", layout]
            paths[layout] = folder / layout
            paths[layout].touch(0o600)
            paths[layout].write_bytes(run("export", "--run-dir", stekd.run_dir, *words).stdout)
    short, long = (paths[name].read_bytes() for name in ("trafficserver", "nginx"))
    given = {"ticket_key": paths["nginx-aes128"]}
    session = session_of(stock(Nginx, **given), "1.2", folder)
    assert opening(session, paths["trafficserver"]) == {"trafficserver"}
    assert opening(session, paths["nginx"]) == set()
    assert len(short) == 48 * 3 and len(long) == 80  # the ring has three keys, nginx's file one
    assert not any(short[at : at + 16] in long for at in range(0, 48, 16))


@each_version
def test_the_ring_itself_opens_a_ticket_of_a_server_that_was_given_its_keys(
    stock, loaded, folder, tls
):
    with Stekd(folder / "stekd", web={"rotate": "1h"}) as stekd:
        nginx = loaded(Nginx, stek={"ring": stekd.ring("web"), "context": LABEL})
        session_of(nginx, tls, folder)
        words = ["--ring", "web", "--context", LABEL, "--to", "nginx"]
        path = folder / "exported"
        path.touch(0o600)
        path.write_bytes(run("export", "--run-dir", stekd.run_dir, *words).stdout)
        fed = session_of(stock(Nginx, ticket_key=path), tls, folder)
        assert nginx.visit(tls, sess_in=fed).resumed()
        assert (
            stock(Nginx, ticket_key=path)
            .visit(tls, sess_in=session_of(nginx, tls, folder))
            .resumed()
        )


def test_lint_finds_nothing_wrong_with_good_keys_on_a_tmpfs(folder):
    path = keyfile.nginx(folder / "good")
    report, code = lint(path)
    assert codes(report) <= {"on-disk"}  # where /tmp is a disk
    assert code == (FAILED if codes(report) else FINE)


@pytest.mark.parametrize("size", [48, 80])
def test_lint_names_keys_that_an_attacker_would_try(folder, size):
    for keys in (
        bytes(size),
        b"\x11" * size,
        bytes(range(size)),
        (b"secret" * size)[:size],
    ):
        path = folder / "keys"
        path.write_bytes(keys)
        report, code = lint(path)
        assert code == FAILED and "weak-key" in codes(report)


def test_lint_complains_of_rights_and_age(folder):
    path = keyfile.nginx(folder / "keys")
    path.chmod(0o646)
    os.utime(path, (0, 1_000_000_000))
    report, _ = lint(path)
    assert {"readable", "writable", "old"} <= codes(report)
    report, _ = lint("--max-age", "36500d", path)
    assert "old" not in codes(report)


def test_keys_are_never_printed_on_a_terminal(folder):
    keys = keyfile.nginx(folder / "keys")
    primary, secondary = os.openpty()
    done = subprocess.run(
        [
            build.COMMAND,
            "keyfile",
            "convert",
            "--from",
            "nginx",
            "--to",
            "haproxy",
            keys,
        ],
        stdout=secondary,
        stderr=subprocess.PIPE,
        env=plain_environment(),
        timeout=60,
    )
    os.set_blocking(primary, False)
    with pytest.raises(BlockingIOError):
        os.read(primary, 1)
    os.close(primary)
    os.close(secondary)
    assert done.returncode == USAGE and b"terminal" in done.stderr


BAD = [
    ((), "give lint, convert or export"),
    (("check",), "'check' is not lint, convert or export"),
    (("lint",), "give a FILE"),
    (("lint", "--server", "iis", "x"), "'iis' is not a layout"),
    (("lint", "--max-age", "soon", "x"), "'soon' is not a time"),
    (("convert", "x"), "--from NAME is missing"),
    (("convert", "--from", "nginx", "--to", "haproxy"), "give one FILE"),
    (("export", "--to", "nginx"), "--ring RING is missing"),
    (("export", "--ring", "web", "--to", "nginx"), "--context LABEL is missing"),
]


@pytest.mark.parametrize("words, line", BAD, ids=[" ".join(w) or "nothing" for w, _ in BAD])
def test_a_wrong_line_gets_one_line_of_help(words, line):
    done = run(*words, text=True)
    assert done.returncode == USAGE and line in done.stderr
    assert done.stderr.count("\n") == 1


def test_keys_that_a_layout_cannot_hold_are_refused(folder):
    keys = keyfile.nginx(folder / "keys")
    done = run("convert", "--from", "nginx", "--to", "apache", keys, text=True)
    assert done.returncode == FAILED and done.stdout == ""
    assert "AES-256" in done.stderr
