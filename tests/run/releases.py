# SPDX-License-Identifier: Apache-2.0
"""The releases of Debian that `make check-on` knows, and what is run on each."""

import dataclasses

# Where etcd, its transport or systemd decide, one release says as much as five.
HOST_ONLY = (
    "not fleet and not boot and not systemd and not completion and not demo and not packages"
)


@dataclasses.dataclass(frozen=True)
class Release:
    """`suite` is the archive's, `extra` one more whose packages are named; `selection` is pytest's
    -k. `no_lint` says why lint is not run there. `without` are steps that are left out there unless
    they are named."""

    name: str
    suite: str
    openssl: str
    selection: str = HOST_ONLY
    security: bool = False
    extra: str = ""
    extra_packages: tuple = ()
    no_lint: str = "its tools are newer than the rules"
    ldflags: str = ""
    without: tuple = ("e2e-long",)
    architecture: str = ""  # another than this machine's, which its kernel runs as well


RELEASES = {
    release.name: release
    for release in (
        # The archive no longer has all of its security updates; 1.1.1w is in the release itself.
        Release("bullseye", "bullseye", "1.1.1", no_lint="its tools are older than the rules"),
        Release("bookworm", "bookworm", "3.0", security=True, no_lint=""),
        Release("trixie", "trixie", "3.5", security=True, selection="", no_lint="", without=()),
        Release("forky", "forky", "3.6"),
        Release("sid", "sid", "3.6"),
        # 32 bits: the widths of long, time_t and size_t.
        Release(
            "i386",
            "bookworm",
            "3.0",
            architecture="i386",
            no_lint="the same tools run on bookworm",
        ),
        # Its servers still load sid's libssl; what is tested there is what loads the new one.
        Release(
            "experimental",
            "sid",
            "4.0",
            selection="s_server",
            extra="experimental",
            extra_packages=("libssl-dev", "openssl"),
            # Its libcurl still needs libcrypto 3, and the linker warns of two.
            ldflags="-Wl,--no-fatal-warnings",
            without=("demo", "e2e-long"),
        ),
    )
}

NUMBERS = {"11": "bullseye", "12": "bookworm", "13": "trixie", "14": "forky", "4.0": "experimental"}

# What .ci/run runs: on which releases, and which steps there. The rest takes longer and is for
# `make check-long`.
CI = ("bullseye", "trixie", "sid", "experimental")
QUICK = ("gcc", "unit", "demo")
ALL = ("gcc", "clang", "unit", "demo", "e2e", "lint", "e2e-long")


def find(name):
    """The release of that name or number, or None."""
    return RELEASES.get(NUMBERS.get(name, name))
