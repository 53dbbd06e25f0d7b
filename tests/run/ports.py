# SPDX-License-Identifier: Apache-2.0
"""Steps of `make check-long`: another C library, and another processor. Both by a cross compiler,
so that nothing but the tests themselves is emulated."""

import archive
from builds import TRIPLET
from chroot import ALONE, ChrootFailed
from command import run
from outcome import Outcome, failure
from releases import RELEASES
from suites import PLAIN, meson_tests

PROTOCOLS = ("TLS 1.2", "TLS 1.3", "DTLS 1.2")
# What qemu-user does not emulate, and what fails for it. What passes again has to go from here.
IV = "tls_processes: a_child_and_its_parent_never_use_the_same_iv"
NOT_EMULATED = {
    "VmFlags in /proc/self/smaps": ["ring_private: it_lives_until_the_last_hold_is_given_back"],
    "the list of robust futexes": [
        "ring_writer: when_the_holder_dies_the_next_update_works",
        "ring_writer: so_it_does_when_the_one_who_took_over_dies_too",
        "ring_writer: so_it_does_when_only_a_thread_ends",
    ],
    "MADV_WIPEONFORK": [
        "key_cache: a_child_finds_its_cache_empty_and_working",
        *(f"{IV} ({tls}, {kind})" for tls in PROTOCOLS for kind in ("evp", "hmac")),
    ],
}

# What is not libc's. The rest of /usr/include is glibc's, and musl has its own.
HEADERS = (
    "openssl event2 event.h evhttp.h evdns.h curl jansson.h jansson_config.h protobuf-c "
    "wolfssl mbedtls psa gnutls"
)
SYSTEM = "seccomp.h seccomp-syscalls.h linux asm asm-generic"
MUSL = """\
[binaries]
c = 'musl-gcc'
[built-in options]
c_args = [{includes}]
c_link_args = ['-Wl,--allow-shlib-undefined']
"""
ARM64 = """\
[binaries]
c = 'aarch64-linux-gnu-gcc'
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-aarch64-static', '-L', '{root}']
[properties]
sys_root = '{root}'
pkg_config_libdir = '{root}/usr/lib/aarch64-linux-gnu/pkgconfig'
[built-in options]
c_args = ['--sysroot={root}']
c_link_args = ['--sysroot={root}', '-Wl,-rpath-link,{paths}']
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
"""


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def link_headers(root, triplet):
    """Two folders of links, since a library may have headers in both places: (usual, triplet's)."""
    folders = []
    for name, source in (("usual", "/usr/include"), ("triplet", f"/usr/include/{triplet}")):
        folder = root / "build-ports" / name
        folder.mkdir(parents=True, exist_ok=True)
        for header in f"{HEADERS} {SYSTEM}".split():
            link = folder / header
            if not link.is_symlink():
                link.symlink_to(f"{source}/{header}")
        folders.append(folder)
    return folders


def musl(builds):
    """libstek, the module, stek and stekd compile and link. They do not run: Debian's OpenSSL is
    linked with glibc."""
    folders = link_headers(builds.root, TRIPLET)
    includes = ", ".join(f"'-idirafter', '{folder}'" for folder in folders)
    write(builds.root / "build-ports/musl.ini", MUSL.format(includes=includes))
    builds.get("build-musl")
    return Outcome(passed=1)


def sysroot(builds):
    """The libraries of arm64, unpacked only: none of its programs runs."""
    folder = builds.root / "build-chroots/arm64"
    if folder.exists():
        return folder
    part = folder.with_name("arm64.part")
    run(["rm", "-rf", part], "/")
    folder.parent.mkdir(exist_ok=True)
    release = RELEASES["bookworm"]
    places = archive.mirror()
    problem = archive.unreachable(places[0], release.suite)
    if problem:
        raise ChrootFailed(f"the Debian archive: {problem}\n")
    names = run(
        ["packaging/install-packages", "--names", release.name, "unit", "build"], builds.root
    )
    wanted = [name for name in names[1].split() if name.startswith("lib")]
    argv = [*ALONE, "mmdebstrap", "--quiet", "--mode=root", "--variant=extract"]
    argv += ["--architectures=arm64", f"--include={','.join(['libc6-dev', *wanted])}"]
    argv += [f"--aptopt={line}" for line in archive.settings()]
    status, output = run([*argv, release.suite, part, f"deb {places[0]} {release.suite} main"], "/")
    if status != 0:
        raise ChrootFailed(f"mmdebstrap: status {status}\n{output[-4000:]}")
    part.rename(folder)
    return folder


def arm64(builds):
    """What threads and processes share, on another processor. qemu on x86-64 keeps the order in
    which x86-64 sees memory, so a missing barrier may stay unseen."""
    try:
        root = sysroot(builds)
    except (ChrootFailed, archive.NoArchive) as problem:
        return failure("arm64: its libraries", str(problem))
    paths = ":".join(f"{root}/{lib}/aarch64-linux-gnu" for lib in ("usr/lib", "lib"))
    write(builds.root / "build-ports/arm64.ini", ARM64.format(root=root, paths=paths))
    outcome = meson_tests(builds.get("build-arm64"), "shared", PLAIN, slower=20)
    known = [name for names in NOT_EMULATED.values() for name in names]
    better = [f"{name}: passes again" for name in known if name not in outcome.failed]
    outcome.failed = [name for name in outcome.failed if name not in known] + better
    return outcome
