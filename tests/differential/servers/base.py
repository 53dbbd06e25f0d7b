# SPDX-License-Identifier: Apache-2.0
"""What all drivers have in common: the life of the program, and a visit."""
import re
import socket
from pathlib import Path

from ground import Process, free_port, is_stek_mapped, plain_environment, wait_for
from seen import Seen
from tls import Connection, Refused

DEATH = re.compile(
    r".*(?:signal (?:4|6|7|11)\b|[Ss]egmentation fault|SIGSEGV|core dumped|stack smashing"
    r"|double free|corrupted size).*"
)


class Server:
    """
    One program with some places, on ports of its own. A driver says how it is configured (prepare),
    started (command) and reloaded, and what it is asked (ask).
    """

    name = ""
    groups = ("names", "peers", "hosts", "open-hosts", "workers")
    steps = ("reload", "replaced", "restart")
    versions = ("1.3", "1.2")
    plain_resumes = True  # a control: where it never does, nothing is shown to be lost
    sees_ring = True  # False: it gets a private ring although there is a file

    def __init__(self, folder, certificates, openssl_conf, group, places):
        self.folder = Path(folder)
        self.folder.mkdir(mode=0o755)
        self.certificates = certificates
        self.openssl_conf = openssl_conf
        self.places = places
        self.workers = 4 if group == "workers" else 1
        self.ports = {slot: free_port() for slot in dict.fromkeys(p.slot for p in places)}
        self.process = None
        self.earlier = ""
        self.ended_badly = []
        self.resumed_by_id = 0  # connections, over all the time that it runs
        self.count_in_time = None  # called with that before it ends

    # -- what a driver says --

    @classmethod
    def groups_of(cls, short):  # pylint: disable=unused-argument
        """The groups of places that it can offer."""
        return cls.groups

    @classmethod
    def chosen(cls, places):
        """Those places that the program can offer."""
        return tuple(places)

    def prepare(self):
        """Writes the configuration for self.places."""

    def command(self):
        raise NotImplementedError

    def is_ready(self):
        return True

    def reload_program(self):
        """Has the program read its configuration again, and waits until it has."""
        raise NotImplementedError

    def begin(self, sock, place):  # pylint: disable=unused-argument
        """Speaks until TLS begins."""

    def ask(self, connection, place):
        """Returns what the server says of its peer: here, by HTTP."""
        host = place.host or "localhost"
        connection.send(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n")
        head, _, body = connection.read_all().partition("\r\n\r\n")
        status = (head.split(" ", 2) + ["", ""])[1]
        if not status:
            raise Refused("no answer")
        peer = [line for line in head.splitlines() if line.lower().startswith("x-peer")]
        return " ".join([status, *peer, *body.splitlines()[:1]])[:120]

    def close(self):
        """Gives up what belongs to the driver and not to the program."""

    # -- the life of the program --

    def environment(self):
        return plain_environment(OPENSSL_CONF=self.openssl_conf)

    def write(self, name, text, mode=0o644):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def identity(self, place):
        return self.certificates.servers[place.cert]

    def authorities(self, names):
        return self.certificates.trust[names]

    def by_port(self):
        """The places of each port: [(port, [place, …]), …]."""
        return [
            (port, [place for place in self.places if place.slot == slot])
            for slot, port in self.ports.items()
        ]

    def start(self):
        self.prepare()
        self.launch()
        return self

    def launch(self):
        self.process = Process(self.command(), self.folder, self.environment())
        for port in self.ports.values():
            self.process.wait_until_listening(port)
        wait_for(lambda: self.process.check_alive() and self.is_ready(), f"{self.name}")

    def stop(self):
        if not self.process:
            return
        if self.count_in_time:
            self.count_in_time(self.resumed_by_id)
        self.earlier += self.process.stdout() + self.process.stderr()
        if self.process.stop() in (-4, -6, -7, -11):
            self.ended_badly.append("its main process died of a signal")
        self.process = None

    def restart(self, places):
        self.stop()
        self.places = places
        self.start()

    def reload(self, places):
        self.places = places
        self.prepare()
        self.reload_program()

    def loads_stek(self):
        """Whether stek lies in the memory of one of its processes."""
        return any(is_stek_mapped(pid) for pid in self.process.pids())

    def deaths(self):
        """What its logs say of processes that died."""
        logs = [p.read_text(errors="replace") for p in self.folder.glob("*.log")]
        text = "\n".join([self.earlier, *logs])
        return self.ended_badly + [found.group(0)[:100] for found in DEATH.finditer(text)]

    # -- a visit --

    def visit(self, place, version, *, tickets=True, identity=None, session=None):
        """Returns (Seen, the session to offer next or None)."""
        connection, got, hint_s = None, None, 0
        resumed, answer, refused = False, "", ""
        try:
            sock = socket.create_connection(("127.0.0.1", self.ports[place.slot]), 15)
            self.begin(sock, place)
            connection = Connection(
                sock, version, tickets=tickets, identity=identity, host=place.host, session=session
            )
            connection.handshake()
            resumed = connection.resumed()
            self.resumed_by_id += connection.resumed_by_id()
            answer = self.ask(connection, place)
        except (Refused, OSError) as problem:
            refused = str(problem)
        if connection:
            got, hint_s = connection.session()
            connection.close()
        return Seen(refused, resumed, answer, hint_s), got
