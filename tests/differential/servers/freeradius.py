# SPDX-License-Identifier: Apache-2.0
"""FreeRADIUS: EAP-TTLS. It keeps things in an SSL under indexes that it never registered."""
import subprocess

from ground import Process, plain_environment, wait_for
from seen import Seen

from .base import Server

CONFIGURATION = """
libdir = /usr/lib/freeradius
raddbdir = {folder}
run_dir = {folder}
logdir = {folder}
log {{
    destination = stdout
}}
thread pool {{
    start_servers = 2
    max_servers = 2
}}
client localhost {{
    ipaddr = 127.0.0.1
    secret = secret
}}
modules {{
    pap {{
    }}
    eap {{
        default_eap_type = ttls
        tls-config common {{
            certificate_file = {identity.cert}
            private_key_file = {identity.key}
            ca_file = {ca}
            tls_min_version = "1.2"
            tls_max_version = "1.3"
            cipher_list = "DEFAULT"
            ecdh_curve = ""
            cache {{
                enable = yes
                lifetime = 24
                name = "differential"
            }}
        }}
        ttls {{
            tls = common
            virtual_server = inner
        }}
    }}
}}
server outer {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {port}
    }}
    authorize {{
        eap
    }}
    authenticate {{
        eap
    }}
}}
server inner {{
    authorize {{
        update control {{
            Cleartext-Password := "secret"
        }}
        pap
    }}
    authenticate {{
        Auth-Type PAP {{
            pap
        }}
    }}
}}
"""
NETWORK = """
network={{
    key_mgmt=WPA-EAP
    eap=TTLS
    identity="alice"
    anonymous_identity="anonymous"
    password="secret"
    phase1="tls_disable_tlsv1_3={no_tls13}"
    phase2="auth=PAP"
}}
"""
RESUMED = "Handshake finished - resumed="


class Freeradius(Server):
    """A visit is two authentications of eapol_test."""

    name = "freeradius"
    groups = ("one",)
    steps = ("restart",)
    plain_resumes = False  # nothing asks its cache; that it serves at all is what is compared

    def prepare(self):
        for version, number in (("1.2", 1), ("1.3", 0)):
            self.write(f"network-{version}", NETWORK.format(no_tls13=number))
        self.write(
            "radiusd.conf",
            CONFIGURATION.format(
                folder=self.folder,
                identity=self.identity(self.places[0]),
                ca=self.authorities("A"),
                port=next(iter(self.ports.values())),
            ),
        )

    def command(self):
        return ["freeradius", "-f", "-d", self.folder, "-l", "stdout"]

    def launch(self):
        self.process = Process(self.command(), self.folder, self.environment())
        wait_for(
            lambda: self.process.check_alive() and "Ready to process" in self.process.stdout(),
            "FreeRADIUS",
        )

    def visit(self, place, version, **_):
        self.process.check_alive()
        port = next(iter(self.ports.values()))
        network = self.folder / f"network-{version}"
        command = ["eapol_test", "-c", network, "-p", port, "-s", "secret", "-r", 1, "-t", 10]
        done = subprocess.run(
            list(map(str, command)),
            capture_output=True,
            text=True,
            check=False,
            env=plain_environment(),
        )
        resumed = done.stdout.count(RESUMED + "1") == 1
        end = done.stdout.strip().splitlines()[-1:]
        return Seen("" if end == ["SUCCESS"] else "no access", resumed, " ".join(end)), None
