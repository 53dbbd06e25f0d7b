# SPDX-License-Identifier: Apache-2.0
"""What a chroot holds of what the tests use, and what it has not."""

from command import run

TOOLS = {
    "OpenSSL": "libssl-dev",
    "gcc": "gcc",
    "clang": "clang",
    "Meson": "meson",
    "cmocka": "libcmocka-dev",
    "nginx": "nginx",
    "Apache": "apache2",
    "HAProxy": "haproxy",
    "lighttpd": "lighttpd",
    "Caddy": "caddy",
    "Python": "python3",
    "PHP": "php-cli",
    "Node": "nodejs",
    "GnuTLS": "gnutls-bin",
    "curl": "curl",
    "etcd": "etcd-server",
    "Prometheus": "prometheus",
    "cppcheck": "cppcheck",
    "clang-tidy": "clang-tidy",
}


def upstream(version):
    """A Debian version without what Debian adds: 1:2.3-4+deb12u1 is 2.3."""
    return version.rpartition(":")[2].partition("-")[0]


def installed(listing):
    """{package: upstream version} from dpkg-query's lines `PACKAGE STATUS VERSION`."""
    rows = (line.split() for line in listing.splitlines())
    return {row[0]: upstream(row[2]) for row in rows if len(row) == 3 and row[1] == "installed"}


def inventory(chroot):
    """Two lists: (tool, version) and tools that are not there."""
    form = "${Package} ${db:Status-Status} ${Version}\\n"
    have = installed(run(["chroot", chroot.root, "dpkg-query", "-W", "-f", form], "/")[1])
    there = [(name, have[package]) for name, package in TOOLS.items() if package in have]
    return there, [name for name, package in TOOLS.items() if package not in have]


def table(title, there, absent):
    """Lines to print."""
    width = max([len(name) for name, _ in there] + [len(name) for name in absent])
    lines = [f"{title}:"]
    lines += [f"    {name:<{width}}  {version}" for name, version in there]
    lines += [f"    {name:<{width}}  not there" for name in absent]
    return "\n".join(lines)
