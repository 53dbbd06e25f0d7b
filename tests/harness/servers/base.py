# SPDX-License-Identifier: Apache-2.0
"""What every server under test has in common."""
import re
import shutil
import subprocess
from pathlib import Path

from .. import client
from ..process import Process, free_port, plain_environment, wait_for


class Server:
    """
    One unmodified program on a free port of loopback, with a folder of its own:

        with Nginx(folder, pki, openssl_conf) as server: ...

    openssl_conf is the file that loads the module, or None to take the program as it comes. Every
    server answers a
    GET with the process that answered, as the first line of the body, unless it says otherwise.
    """

    name = ""
    program = ""  # the file, where that is called otherwise
    version_option = "-v"
    says_quic = ()  # the option that lists what it is built with, and what that says of QUIC

    def __init__(self, folder, pki, openssl_conf=None, client_certificate=None):
        self.folder = Path(folder)
        self.pki = pki
        self.openssl_conf = openssl_conf
        self.client_certificate = client_certificate
        self.port = free_port()
        self.process = None

    def prepare(self):
        """Writes the program's configuration into the folder."""

    def command(self):
        raise NotImplementedError

    @classmethod
    def is_there(cls):
        """Whether the program that bears this name is installed; some releases have none."""
        return bool(shutil.which(cls.program or cls.name, path=plain_environment()["PATH"]))

    @classmethod
    def _says(cls, option):
        return subprocess.run(
            [cls.program or cls.name, option],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
            env=plain_environment(),
        ).stdout

    @classmethod
    def version(cls):
        """(1, 26) of a program that prints its version."""
        said = cls._says(cls.version_option)
        return tuple(map(int, re.search(r"(\d+)\.(\d+)", said).groups()))

    @classmethod
    def speaks_quic(cls):
        """Whether it is installed, and built with QUIC."""
        if not cls.is_there() or not cls.says_quic:
            return False
        option, word = cls.says_quic
        return word in cls._says(option)

    def is_ready(self):
        """Whether all of it has started, once its port is open."""
        return True

    def environment(self):
        return plain_environment(OPENSSL_CONF=self.openssl_conf)

    def write(self, name, text, mode=0o644):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def start(self):
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.prepare()
        return self.launch()

    def launch(self):
        """Starts the program with the configuration that is there."""
        self.process = Process(self.command(), self.folder, self.environment())
        try:
            self.process.wait_until_listening(self.port)
            wait_for(
                lambda: self.process.check_alive() and self.is_ready(), f"{self.name} to be ready"
            )
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        return self.process.stop() if self.process else None

    def restart(self):
        """Ends the program and starts it anew, on the same port."""
        self.process.stop()
        return self.launch()

    def stderr(self):
        return self.process.stderr()

    def said(self):
        """What it wrote to standard error, and to the error log that takes its place in some
        programs."""
        log = self.folder / "error.log"
        return self.stderr() + (log.read_text(errors="replace") if log.exists() else "")

    def reload(self):
        """Has the program read its configuration again, which gives it new SSL_CTXs; returns when
        it has."""
        raise NotImplementedError

    def client_options(self):
        """What a client of this server needs."""
        if not self.client_certificate:
            return {}
        return {"cert": self.client_certificate.cert, "key": self.client_certificate.key}

    def visit(self, tls, **options):
        """Has ticket-client visit this server and returns its Visits."""
        return client.visit(self.port, tls, **self.client_options(), **options)

    def answered_by(self, visits):
        """The distinct processes that answered."""
        return visits.answers()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
