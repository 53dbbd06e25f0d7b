# SPDX-License-Identifier: Apache-2.0
"""The module's configuration, as the `stek` command composes it."""
import subprocess
from pathlib import Path

from . import build
from .process import plain_environment


def compose(path, **settings):
    """Writes a file for OPENSSL_CONF that loads the module with these settings."""
    args = [str(build.COMMAND), "openssl-cnf", "--module", str(build.MODULE)]
    for name, value in settings.items():
        args += [f"--{name.replace('_', '-')}", str(value)]
    done = subprocess.run(args, check=True, capture_output=True, text=True, env=plain_environment())
    Path(path).write_text(done.stdout)
    return Path(path)


def by_hand(path, section="stek_settings", **settings):
    """Writes the least file that loads the module, with settings that `stek openssl-cnf` would not
    let pass."""
    lines = [f"{name} = {value}" for name, value in settings.items()]
    Path(path).write_text(
        "\n".join(
            [
                "openssl_conf = init",
                "[init]",
                f"stek = {section}",
                f"[{section}]",
                f"path = {build.MODULE}",
                *lines,
                "",
            ]
        )
    )
    return Path(path)


# Programs that set ticket keys of their own, which win over a private ring.
SETS_KEYS = ("lighttpd", "node")
# Programs whose accepting SSL_CTX has no certificate: stek shares no further than OpenSSL, unless
# the operator names a context.
HAS_NO_CERTIFICATE = ("haproxy", "lighttpd")


def private_settings(program):
    """What makes a program use a private ring in place of its own keys."""
    return {"override": "yes"} if program.name in SETS_KEYS else {}


def host_settings(program):
    """What makes a program's tickets outlive it."""
    return {"context": "service"} if program.name in HAS_NO_CERTIFICATE else {}
