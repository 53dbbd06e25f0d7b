# SPDX-License-Identifier: Apache-2.0
"""Programs and libraries that bring a libcrypto of their own, built from what Debian's packages
hold."""
import re
import ssl
import subprocess
import sysconfig
import threading
from pathlib import Path

SOURCES = Path(__file__).parent
LIBRARIES = Path("/usr/lib") / sysconfig.get_config_var("MULTIARCH")
ONCE = threading.Lock()


def needed_by_libcrypto():
    """What libcrypto.a of this release needs besides libc: compression from Debian 13 on."""
    text = (LIBRARIES / "pkgconfig/libcrypto.pc").read_text()
    needs = [line.split() for line in text.splitlines() if line.startswith("Libs.private:")]
    return [word for words in needs for word in words if word in ("-lz", "-lzstd")]


NEEDED = needed_by_libcrypto()
STATIC = [LIBRARIES / "libssl.a", LIBRARIES / "libcrypto.a", *NEEDED]
WHOLE = ["-Wl,--whole-archive", *STATIC[:2], "-Wl,--no-whole-archive", *NEEDED]
# Debian 11's libc refers weakly to what is in libpthread.a, and crashes where a part is left out.
THREADS = ["-Wl,--whole-archive", "-lpthread", "-Wl,--no-whole-archive"]
# libcrypto.a of later releases has compression in it, whose libraries every Debian has.
COMPRESSION = ["-l:libz.so.1", "-l:libzstd.so.1"]


def compile_c(output, *args):
    """Compiles with what every Debian links programs with."""
    argv = ["gcc", "-O1", "-w", "-o", output, *args, "-ldl", "-lpthread"]
    done = subprocess.run([str(arg) for arg in argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return Path(output)


def extension(output, *libcrypto):
    """A shared library with a libcrypto.a inside, which shows nothing of it."""
    return compile_c(
        output,
        "-shared",
        "-fPIC",
        SOURCES / "extension.c",
        *libcrypto,
        "-Wl,-Bsymbolic",
        f"-Wl,--version-script={SOURCES / 'extension.map'}",
    )


def extension_once(output):
    """One with the libcrypto of this release, made where it is not there yet."""
    with ONCE:
        return output if output.exists() else extension(output, *STATIC[1:])


def newer_extension(output, libcrypto):
    """The same for a libcrypto.a from a later Debian."""
    return extension(output, libcrypto, *COMPRESSION, SOURCES / "isoc23.c")


def poison(output):
    """A library whose structures crash any code that looks at them."""
    return compile_c(output, "-shared", "-fPIC", SOURCES / "poison.c")


def fips_like(output):
    """A provider that gives the built-in algorithms as those of a FIPS provider."""
    return compile_c(output, "-shared", "-fPIC", SOURCES / "fips_like.c", "-lcrypto")


def two_contexts(output, *how):
    """The program that says whether two SSL_CTXs share tickets, linked with OpenSSL as told."""
    return compile_c(output, SOURCES / "two_contexts.c", *how)


def quic_contexts(output):
    """The same with OpenSSL's own QUIC server."""
    fixtures = SOURCES.parents[1] / "unit/fixtures/tls"
    sources = [SOURCES / "quic_contexts.c", fixtures / "tls_quic.c"]
    return compile_c(output, f"-I{fixtures}", *sources, "-lssl", "-lcrypto")


def hides_ring(output):
    """A program whose connections do not lead to the ring."""
    return compile_c(output, SOURCES / "hides_ring.c", "-lssl", "-lcrypto")


def exporting(folder, *patterns):
    """Linker's options: the program exports those symbols of the OpenSSL that is linked into it."""
    names = Path(folder) / "exported"
    names.write_text("{ " + " ".join(f"{pattern};" for pattern in patterns) + " };\n")
    return [*WHOLE, f"-Wl,--dynamic-list={names}"]


def renamed_libssl(folder):
    """A copy of libssl that the dynamic linker takes for another library."""
    found = next(LIBRARIES.glob("libssl.so.[0-9]*"))
    name, other = found.name.encode(), found.name.replace("libssl", "libssx").encode()
    copy = Path(folder) / other.decode()
    copy.write_bytes(found.read_bytes().replace(name + b"\0", other + b"\0"))
    return copy


def saying(folder, number, text):
    """A folder with a copy of libcrypto that says it is another version, for LD_LIBRARY_PATH."""
    found = next(LIBRARIES.glob("libcrypto.so.[0-9]*"))
    original = found.read_bytes()
    listing = subprocess.run(["nm", "-D", found], capture_output=True, text=True, check=True).stdout
    at = int(re.search(r"^([0-9a-f]+) T OpenSSL_version_num\b", listing, re.MULTILINE)[1], 16)
    own = ssl.OPENSSL_VERSION_INFO
    own_number = own[0] << 28 | own[1] << 20 | own[2] << 12 | own[3] << 4 | own[4]
    place = original.index(own_number.to_bytes(4, "little"), at, at + 16)
    changed = original[:place] + number.to_bytes(4, "little") + original[place + 4 :]
    own_text = ssl.OPENSSL_VERSION.encode()
    assert own_text in changed and len(text) <= len(own_text)
    changed = changed.replace(own_text, text.encode().ljust(len(own_text), b"\0"))
    folder = Path(folder)
    folder.mkdir()
    (folder / found.name).write_bytes(changed)
    return folder
