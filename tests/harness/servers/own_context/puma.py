# SPDX-License-Identifier: Apache-2.0
"""Puma, a web server for Ruby."""
from ..base import Server

APPLICATION = """
run ->(env) { [200, {'content-type' => 'text/plain'}, ["#{Process.pid}\\n"]] }
"""


class Puma(Server):
    name = "puma"
    version_option = "--version"

    def prepare(self):
        self.write("config.ru", APPLICATION)

    def command(self):
        identity = self.pki.server
        bound = f"ssl://127.0.0.1:{self.port}?cert={identity.cert}&key={identity.key}"
        return ["puma", "-b", bound, "-t", "1:2", self.folder / "config.ru"]
