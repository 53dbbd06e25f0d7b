# SPDX-License-Identifier: Apache-2.0
"""`stek feed` with a configuration and a state folder of its own."""
import json
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from .. import build, module
from ..process import Process, plain_environment, wait_for
from ..servers import Haproxy, Lighttpd, Nginx, Stunnel
from ..servers.key_files import Dnsdist, Nghttpx, Unbound
from ..servers.late_keys import H2o, TrafficServer
from ..stekd import MEMORY

LABEL = "shared"


def config_text(feeds):
    """The sections, one for each feed."""
    return "".join(
        f"[feed {name}]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())
        for name, settings in feeds.items()
    )


def check_config(folder, text):
    """Has it only look at a configuration; returns exit status and what it said."""
    path = Path(folder) / "feed.conf"
    path.write_text(text)
    done = subprocess.run(
        [build.COMMAND, "feed", "--check-config", "--config", path],
        capture_output=True,
        text=True,
        timeout=60,
        env=plain_environment(),
    )
    return done.returncode, done.stderr.replace(f"{path}", "feed.conf")


LOADED = "configuration loaded: "


class Feed:
    """
    Hands the keys of a stekd's rings over:

        with Feed(folder, stekd) as feed: feed.put("web", to="nginx", ...)

    Files of keys belong in feed.place(), which is on a tmpfs.
    """

    def __init__(self, folder, stekd):
        self.folder = Path(folder)
        self.stekd = stekd
        self.config = self.folder / "feed.conf"
        self.feeds = {}
        self.state_dir = None
        self.process = None
        self.wrapper = []
        self.env = None
        self.earlier = ""  # what it said before it was started again

    def __enter__(self):
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.state_dir = Path(tempfile.mkdtemp(prefix="stek-feed-", dir=MEMORY))
        self.state_dir.chmod(0o755)
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.stop()
        shutil.rmtree(self.state_dir, ignore_errors=True)

    def place(self, name):
        """The path of a file of keys, or of a folder of them."""
        return self.state_dir / name

    def add(self, **feeds):
        """Takes sections; each feed has the ring `web` and one label for all."""
        for name, settings in feeds.items():
            self.feeds[name] = {"ring": "web", "context": LABEL, **settings}
        self.config.write_text(config_text(self.feeds))

    def drop(self, name):
        """Takes a section out of the configuration."""
        del self.feeds[name]
        self.add()

    def launch(self):
        """Starts it."""
        if self.process:
            self.earlier += self.process.stderr()
        command = [build.COMMAND, "--run-dir", self.stekd.run_dir, "feed", "--config", self.config]
        command = [*self.wrapper, *command, "--state-dir", self.state_dir]
        env = plain_environment(**(self.env or {}))
        self.process = Process(command, self.folder, env=env)
        wait_for(lambda: self.process.check_alive() and self.runs(), "stek feed to run")
        return self

    def runs(self):
        return self.status().returncode != 4

    def reload(self):
        self.process.signal(signal.SIGHUP)

    def reload_and_feed(self, *names):
        """Has the configuration read again, and waits until the servers of these feeds, or all,
        have their keys by the new one. Until then the status may still be that of before."""
        loaded = self.stderr().count(LOADED)
        self.reload()

        def are_fed():
            self.process.check_alive()
            said = self.stderr().split(LOADED)
            return len(said) > loaded + 1 and all(
                f" {name}: handed " in said[-1] for name in names or self.feeds
            )

        wait_for(are_fed, "the feeds to be fed by the new configuration")
        self.wait_until("fed", *names)

    def stderr(self):
        return self.earlier + (self.process.stderr() if self.process else "")

    def status(self, *words):
        """Runs `stek feed status`."""
        return subprocess.run(
            [build.COMMAND, "feed", "status", "--state-dir", self.state_dir, *words],
            capture_output=True,
            text=True,
            timeout=60,
            env=plain_environment(),
        )

    def wipe(self, *words):
        """Runs `stek feed wipe`."""
        command = [build.COMMAND, "feed", "wipe", "--config", self.config]
        return subprocess.run(
            [*command, "--state-dir", self.state_dir, *words],
            capture_output=True,
            text=True,
            timeout=60,
            env=plain_environment(),
        )

    def left(self):
        """Where keys are of feeds that are not configured any more."""
        return json.loads(self.status("--json").stdout)["left"]

    def feed(self, name):
        """How one feed is, or None before it is known."""
        text = self.status("--json").stdout
        feeds = json.loads(text)["feeds"] if text else []
        return next((feed for feed in feeds if feed["name"] == name), None)

    def wait_until(self, state, *names):
        """Waits until these feeds, or all, are in this state."""

        def are():
            self.process.check_alive()
            feeds = [self.feed(name) for name in names or self.feeds]
            return all(feed and feed["state"] == state for feed in feeds)

        wait_for(are, f"the feeds to be {state}")

    def put(self, name, **settings):
        """Takes a section, has it in force, and waits until its server has the keys."""
        self.add(**{name: settings})
        if self.process:
            self.reload_and_feed(name)
        else:
            self.launch()
            self.wait_until("fed", name)


def fed_nginx(running, feed, name, to="nginx"):
    """nginx, whose keys come from the feed `name`: a list that it includes, and a signal."""
    place = feed.place(name)
    feed.put(name, to=to, directory=place)
    server = running(Nginx, None, workers=2, directives=f"include {place}/keys.conf;")
    pid_file = server.folder / "nginx.pid"
    feed.put(name, to=to, directory=place, signal="HUP", pid_file=pid_file)
    return server


def fed_haproxy(running, feed, name, to="haproxy"):
    """HAProxy, whose keys come from the feed `name`: a file, and orders on its socket."""
    keys, socket = feed.place(name), feed.place(f"{name}.sock")
    feed.put(name, to=to, file=keys)
    server = running(Haproxy, None, ticket_keys=keys, stats_socket=socket)
    feed.put(name, to=to, file=keys, socket=socket)
    return server


def fed_dnsdist(running, feed, name):
    """dnsdist, whose keys come from the feed `name`: a file, and a command that loads it."""
    keys = feed.place(name)
    feed.put(name, to="dnsdist", file=keys)
    server = running(Dnsdist, None, ticket_keys=keys)
    feed.put(name, to="dnsdist", file=keys, command=server.loading_command())
    return server


def fed_nghttpx(running, feed, name, to="nghttpx", kind=Nghttpx):
    """nghttpx, whose keys come from the feed `name`: a list that it includes, and a signal."""
    place = feed.place(name)
    feed.put(name, to=to, directory=place)
    server = running(kind, None, ticket_keys=place / "keys.conf")
    pid_file = server.folder / "nghttpx.pid"
    feed.put(name, to=to, directory=place, signal="HUP", pid_file=pid_file)
    return server


def fed_h2o(running, feed, name):
    """h2o, which looks at its file by itself, every ten seconds."""
    keys = feed.place(name)
    feed.put(name, to="h2o", file=keys)
    return running(H2o, None, ticket_file=keys)


class ShakesHands(TrafficServer):
    """No host is behind it, so it has no answer to a GET."""

    def visit(self, tls, **options):
        return super().visit(tls, http=False, **options)


def fed_trafficserver(running, feed, name):
    """Traffic Server, whose keys for AES-128 come from the feed `name`: a file, and a command that
    has it looked at."""
    keys = feed.place(name)
    feed.put(name, to="trafficserver", file=keys)
    server = running(ShakesHands, None, ticket_key=keys, managed=True)
    feed.put(name, to="trafficserver", file=keys, command=server.loading_command())
    return server


def fed_lighttpd(running, feed, name, tls="openssl", ring="web"):
    """lighttpd with one of its TLS libraries, whose keys come from the feed `name`. It looks at its
    file by itself, each 64 seconds."""
    keys = feed.place(name)
    feed.put(name, to="lighttpd", file=keys, ring=ring)
    return running(Lighttpd, None, stek_file=keys, tls=tls)


def fed_unbound(running, feed, name):
    """unbound, whose keys come from the feed `name`: a list that it includes when it starts."""
    place = feed.place(name)
    feed.put(name, to="unbound", directory=place)
    return running(Unbound, None, ticket_keys=place / "keys.conf")


def put_past(feed, stunnels, name, **settings):
    """Changes the configuration of the feeds, which signals every server again: a stunnel closes
    its port for a moment then."""
    bound = {server: server.times_bound() for server in stunnels}
    feed.put(name, to="stunnel", **settings)
    for server, before in bound.items():
        wait_for(lambda: server.times_bound() > before, "stunnel to listen again")


def fed_stunnels(running, feed, names):
    """stunnels, whose keys come from the feeds of these names: lines in a directory that each
    includes, and a signal."""
    stunnels = []
    for name in names:
        place = feed.place(name)
        keys = place / "keys.conf"
        put_past(feed, stunnels, name, file=keys)
        stunnels.append(running(Stunnel, None, options=f"include = {place}"))
        pid_file = stunnels[-1].pid_file()
        put_past(feed, stunnels, name, file=keys, signal="HUP", pid_file=pid_file)
    return stunnels


def loaded_beside(running, feed, program, folder):
    """A server with the module, on the ring and under the label of the feeds."""
    settings = {"ring": feed.stekd.ring("web"), "context": LABEL, "override": "yes"}
    return running(PROGRAMS[program], module.compose(folder / f"{program}.loaded.cnf", **settings))


FED = {
    "nginx": fed_nginx,
    "haproxy": fed_haproxy,
    "dnsdist": fed_dnsdist,
    "nghttpx": fed_nghttpx,
    "trafficserver": fed_trafficserver,
}
# Those that can load the module as well.
PROGRAMS = {"nginx": Nginx, "haproxy": Haproxy}
