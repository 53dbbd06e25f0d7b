# SPDX-License-Identifier: Apache-2.0
"""`stek enable` and `disable`: what they write for systemd, below --root, and that it works for a
real server."""
import os
import re
import shutil
import subprocess

import pytest

from harness import build
from harness.process import plain_environment
from harness.servers import Nginx
from harness.stekd import Stekd

FINE, FAILED, USAGE = 0, 1, 2


def stek(*args):
    return subprocess.run(
        [build.COMMAND, *map(str, args)],
        capture_output=True,
        text=True,
        env=plain_environment(),
    )


@pytest.fixture
def root(folder):
    """An image of a system with nginx, a template of services, and our module."""
    units = folder / "root/lib/systemd/system"
    units.mkdir(parents=True)
    (units / "nginx.service").write_text(
        "[Unit]\nDescription=test\n[Service]\nExecStart=/bin/true\n"
    )
    (units / "web@.service").write_text("[Service]\nExecStart=/bin/true\n")
    shutil.copy(build.MODULE, folder / "root/stek.so")
    (folder / "root/text.so").write_text("root:x:0:0\n")
    shutil.copy(build.COMMAND, folder / "root/program.so")
    return folder / "root"


@pytest.fixture
def stekd(folder):
    group = "www-data" if os.geteuid() == 0 else None
    with Stekd(
        folder / "stekd", web={"rotate": "1h", **({"group": group} if group else {})}
    ) as daemon:
        yield daemon


def enable(root, *args):
    return stek("enable", "nginx", "--root", root, "--module", "/stek.so", *args)


BEFORE = {
    "stek.so",
    "text.so",
    "program.so",
    "lib/systemd/system/nginx.service",
    "lib/systemd/system/web@.service",
}


def files_in(root):
    """What is in the image beside what was there before."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} - BEFORE


DROP_IN = "etc/systemd/system/nginx.service.d/stek.conf"
CONF = "etc/stek/openssl/nginx.service.cnf"


def test_two_files_are_written_and_taken_back(root):
    done = enable(root, "--ring", "web", "--group", "www-data")
    assert done.returncode == FINE, done.stderr
    assert files_in(root) == {DROP_IN, CONF}
    assert stek("disable", "nginx", "--root", root).returncode == FINE
    assert files_in(root) == set()
    assert not (root / "etc/systemd/system/nginx.service.d").exists()


def test_the_drop_in_has_what_a_consumer_needs(root, stekd):
    assert enable(root, "--ring", "web", "--run-dir", stekd.run_dir).returncode == FINE
    lines = (root / DROP_IN).read_text().splitlines()
    assert "Environment=OPENSSL_CONF=/etc/stek/openssl/nginx.service.cnf" in lines
    assert (
        "Wants=stekd.service" in lines
        and "After=stekd.service" in lines
        and "LimitMEMLOCK=64M" in lines
    )
    if os.geteuid() == 0:
        assert "SupplementaryGroups=www-data" in lines  # the ring file's
    assert (root / DROP_IN).stat().st_mode & 0o777 == (root / CONF).stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd")
def test_systemd_takes_the_drop_in(root):
    assert enable(root, "--ring", "web", "--group", "www-data").returncode == FINE
    done = subprocess.run(
        [
            "systemd-analyze",
            "verify",
            "--man=no",
            "--recursive-errors=no",
            f"--root={root}",
            "nginx.service",
        ],
        capture_output=True,
        text=True,
    )
    assert "stek.conf" not in done.stderr and "Unknown" not in done.stderr


def test_a_private_ring_does_not_wait_for_stekd(root):
    assert enable(root, "--ring", "private").returncode == FINE
    assert "stekd" not in (root / DROP_IN).read_text()


def test_dry_run_prints_both_and_writes_nothing(root):
    done = enable(root, "--ring", "web", "--dry-run", "--group", "www-data")
    assert done.returncode == FINE
    assert f"# /{DROP_IN}" in done.stdout and f"# /{CONF}" in done.stdout
    assert files_in(root) == set()
    assert enable(root, "--ring", "web", "--group", "www-data").returncode == FINE
    assert (root / DROP_IN).read_text() in done.stdout and (root / CONF).read_text() in done.stdout


def test_enabling_again_replaces_the_files(root):
    assert enable(root, "--ring", "web", "--group", "www-data").returncode == FINE
    assert enable(root, "--ring", "mail", "--group", "www-data").returncode == FINE
    assert 'ring = "mail"' in (root / CONF).read_text()


def test_settings_that_some_servers_need_are_options(root):
    options = ["--session-id-context", "ring", "--verified-peers", "same-configuration"]
    options += ["--names", "any", "--context", "mail", "--override", "yes"]
    assert enable(root, "--ring", "private", *options).returncode == FINE
    lines = (root / CONF).read_text().replace('"', "").splitlines()
    for option, value in zip(options[::2], options[1::2]):
        assert f'{option[2:].replace("-", "_")} = {value}' in lines


def test_an_instance_is_enabled_by_its_template(root):
    assert (
        stek(
            "enable",
            "web@shop",
            "--ring",
            "private",
            "--root",
            root,
            "--module",
            "/stek.so",
        ).returncode
        == FINE
    )
    assert (root / "etc/systemd/system/web@shop.service.d/stek.conf").exists()


def test_nginx_serves_from_the_ring_with_the_file_that_was_written(root, stekd, running):
    done = stek(
        "enable",
        "nginx",
        "--ring",
        "web",
        "--run-dir",
        stekd.run_dir,
        "--module",
        build.MODULE,
        "--dry-run",
    )
    conf = root.parent / "openssl.cnf"
    conf.write_text(re.split(r"^# /etc/systemd.*$", done.stdout, flags=re.M)[0])
    visits = running(Nginx, conf).visit("1.2", count=5)
    assert len(visits.resumed()) == 4
    assert stekd.status("web")["tickets"]["opened"] == 4


def test_a_ring_that_is_not_there_is_refused_unless_it_is_asked_for(root, stekd):
    on_this_host = ["enable", "nginx", "--module", build.MODULE, "--dry-run"]
    on_this_host += ["--run-dir", stekd.run_dir, "--ring", "wbe"]
    done = stek(*on_this_host)
    missing = stekd.ring("wbe")
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert done.stderr == (
        f"stek enable: there is no ring {missing}: 'stek status' lists the rings; --force goes on "
        "without it\n"
    )
    done = stek(*on_this_host, "--force")
    assert done.returncode == FINE and f'"{missing}"' in done.stdout
    assert f"ring {missing} does not exist yet" in done.stderr


def test_a_group_that_is_not_there_is_refused(root, stekd):
    """With it systemd would end the service with 216/GROUP."""
    on_this_host = ["enable", "nginx", "--module", build.MODULE, "--dry-run"]
    on_this_host += ["--run-dir", stekd.run_dir, "--ring", "web"]
    (root / "etc").mkdir()
    (root / "etc/group").write_text("www-data:x:33:\n")
    in_an_image = [
        "enable",
        "nginx",
        "--root",
        root,
        "--module",
        "/stek.so",
        "--ring",
        "web",
    ]
    for args in (on_this_host, in_an_image):
        done = stek(*args, "--group", "no-such-group")
        assert (done.returncode, done.stdout) == (FAILED, "")
        assert done.stderr == (
            "stek enable: there is no group no-such-group: with it systemd could not start "
            "nginx.service: give another --group\n"
        )
        assert stek(*args, "--group", "www-data").returncode == FINE


@pytest.mark.parametrize(
    "args, status, words",
    [
        (
            ["enable", "nosuch", "--ring", "web"],
            FAILED,
            "there is no unit nosuch.service",
        ),
        (["enable", "nginx"], USAGE, "--ring RING is missing"),
        (["enable", "--ring", "web"], USAGE, "give one UNIT"),
        (["enable", "../nginx", "--ring", "web"], USAGE, "not a valid unit name"),
        (["enable", "nginx", "--ring", "a/b"], USAGE, "allowed: private"),
        (
            ["enable", "nginx", "--ring", "web", "--names", "all"],
            USAGE,
            "allowed: same or any",
        ),
        (
            ["enable", "nginx", "--ring", "web", "--module", "/nosuch.so"],
            FAILED,
            "--module /nosuch.so: No such file or directory: give the path of a file",
        ),
        (
            ["enable", "nginx", "--ring", "web", "--module", "/text.so"],
            FAILED,
            "--module /text.so is no shared library: give the path of stek.so",
        ),
        (
            ["enable", "nginx", "--ring", "web", "--module", "/program.so"],
            FAILED,
            "--module /program.so is no module of OpenSSL's",
        ),
        (
            ["enable", "nginx", "--ring", "web", "--module", "/lib"],
            FAILED,
            "--module /lib is no shared library",
        ),
        (
            ["enable", "stekd", "--ring", "private"],
            FAILED,
            "stekd.service is a part of stek and loads no module: give a server",
        ),
        (["disable", "nginx"], FAILED, "was not enabled"),
        (["disable"], USAGE, "give one UNIT"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(root, args, status, words):
    done = stek(*args, "--root", root)
    assert done.returncode == status
    assert words in done.stderr and done.stderr.count("\n") == 1
    assert files_in(root) == set()


@pytest.mark.parametrize("place", ["stek.so", ""])
def test_a_module_that_every_user_can_replace_is_refused(root, place):
    """Whoever can write to it, or to its folder, decides what the server executes."""
    mode = (root / place).stat().st_mode
    (root / place).chmod(0o777)
    done = enable(root, "--ring", "private")
    (root / place).chmod(mode)
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert done.stderr == (
        "stek enable: --module /stek.so can be replaced by every user: chmod o-w "
        f"'{root / place}'\n".replace(f"{root}'", f"{root}/'")
    )
    assert enable(root, "--ring", "private").returncode == FINE
