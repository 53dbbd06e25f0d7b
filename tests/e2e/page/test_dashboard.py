# SPDX-License-Identifier: Apache-2.0
"""Grafana's dashboard, panel by panel: its queries, asked of a Prometheus that scrapes two stekds
of a fleet whose ring a server uses."""
import contextlib
import http.server
import json
import re
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness import build, module
from harness.client import Background, Visitor
from harness.etcd import Etcd
from harness.feed import Feed
from harness.fleet import QUICK_RING, Fleet
from harness.process import free_port, wait_for
from harness.prometheus import Prometheus
from harness.servers import Nginx

DASHBOARD = json.loads((build.REPOSITORY / "packaging/grafana/stek.json").read_text())
PANELS = {panel["title"]: panel for panel in DASHBOARD["panels"]}

STATES = {"pending", "active", "draining"}
PRESENTED = {
    "opened",
    "unknown",
    "damaged",
    "max_session_age",
    "server_name",
    "cert_expired",
    "cert_missing",
    "id_context",
}


def at_once(*expected):
    """Exactly these values, one for each query."""
    return lambda found, _: tuple(value for _, value in found) == expected


def each_of(label, words, least=None):
    """One row for each word; `least` has floors for some of them."""
    return lambda found, _: {row[label] for row, _ in found} == words and all(
        value >= (least or {}).get(row[label], 0) for row, value in found
    )


def between(low, high):
    return lambda found, _: found and all(low <= value <= high for _, value in found)


def versions(found, host):
    version = host.request(command="status")["stekd"]["version"]
    return [row["version"] for row, _ in found] == [version, version]


def seqs(found, host):
    """What both hosts have, as stekd says it, which may have gone on by one meanwhile."""
    said = host.fleet_ring()
    held, floors = [value for _, value in found[:2]], [value for _, value in found[2:]]
    return all(0 <= said["held"] - one <= 2 for one in held) and floors == [said["floor"]] * 2


def standing(found, _):
    return [(row["ring"], row["standing"]) for row, _ in found] == [("web", "in-step")] * 2


# What a panel shows while nginx resumes sessions all the time and one ticket was unknown.
EXPECTED = {
    "Rings that do not seal": at_once(0),
    "Rings on continuations": at_once(0),
    "Resumption rate": between(0.5, 1),
    "Consumers": between(1, 20),
    "Presented tickets by result": each_of("result", PRESENTED, {"opened": 0.1}),
    "Tickets given": lambda found, _: found[0][1] > 0 and 0 < found[1][1] <= found[0][1] + 1,
    "Keys by state": each_of("state", STATES, dict.fromkeys(STATES, 1)),
    "Age of the active key": between(0, 60),
    "Until the last published key ends": between(0.1, 60),
    "Rotations and continuations in an hour": lambda found, _: found[0][1] > 1 and len(found) == 2,
    "Versions": versions,
    "Early data by result": each_of(
        "result", {"accepted", "replayed", "foreign", "too_old", "unchecked"}
    ),
    "SSL_CTXs apart from the ring, in an hour": each_of(
        "reason", {"not_met", "replaced", "verified_peers"}
    ),
    "Fleet: connected to the store": at_once(1, 1),
    "Fleet: rings in the fleet": standing,
    "Fleet: clock against the store's": between(-60, 60),
    "Fleet: highest key and floor": seqs,
    "Fleet: since when values open": lambda found, _: len(found) == 4
    and all(0 <= value <= 26 * 3600 for _, value in found),
    "Fleet: what is wrong with hosts and store": at_once(*[0] * 8),
    "Fleet: transactions and refused values in an hour": lambda found, _: {
        row.get("result", row.get("reason")) for row, _ in found
    }
    >= {"won", "lost", "refused", "ambiguous", "wrong-key", "malformed"},
    "Feeds: servers without the ring's keys": at_once(0),
    "Feeds: since stek feed last said that it lives": between(0, 60),
}


def listening(stack, fleet):
    """Another host, which serves its metrics."""
    host = fleet.prepare()
    host.settings["listen"] = f"127.0.0.1:{free_port()}"
    stack.enter_context(host)
    host.wait_in_step()
    return host


@contextlib.contextmanager
def exported(path):
    """What node_exporter does with its textfile collector; yields its address."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(path.read_bytes())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def world(work, certificates):
    """Two hosts of a fleet, nginx with the ring of one, a client that keeps coming, Prometheus."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=work)))
        folder.chmod(0o755)
        etcd = stack.enter_context(Etcd(folder / "etcd", tls=True, auth=True))
        fleet = stack.enter_context(Fleet(folder / "fleet", etcd, ring=QUICK_RING))
        hosts = [listening(stack, fleet) for _ in range(2)]
        host = hosts[0]
        conf = module.compose(folder / "nginx.cnf", ring=host.ring("web"))
        nginx = stack.enter_context(Nginx(folder / "nginx", certificates, conf))
        visitor = Visitor("1.2")
        visitor.visit(nginx)
        assert host.stek("revoke", "web", "--all", "--yes").returncode == 0
        assert not visitor.visit(nginx)
        client = Background(nginx.port, "1.3", seconds=3600, interval_ms=50)
        stack.callback(client.stop)
        feed = stack.enter_context(Feed(folder / "feed", host))
        feed.put("h2o", to="h2o", file=feed.place("h2o"))
        node = stack.enter_context(exported(feed.state_dir / "metrics.prom"))
        prometheus = stack.enter_context(
            Prometheus(folder, [*(one.settings["listen"] for one in hosts), node])
        )
        yield SimpleNamespace(host=host, prometheus=prometheus)


def as_grafana_asks(prometheus, expression):
    """With all values of its variables chosen, and an interval of four scrapes at least."""
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] != "query":
            continue
        metric, label = re.fullmatch(
            r"label_values\((\w+), (\w+)\)", variable["query"]["query"]
        ).groups()
        values = prometheus.values(label, metric)
        chosen = "(" + "|".join(re.escape(value).replace("\\", "\\\\") for value in values) + ")"
        expression = expression.replace(f"${variable['name']}", chosen)
    expression = expression.replace("$__rate_interval", "10s")
    assert "$" not in expression
    return expression


def rows_of(prometheus, panel):
    """[(labels, value)] of all queries of a panel, one after the other."""
    return [
        row
        for target in panel["targets"]
        for row in prometheus.query(as_grafana_asks(prometheus, target["expr"]))
    ]


def legends(prometheus, panel):
    """What the lines of a panel are called."""
    return [
        re.sub(r"{{(\w+)}}", lambda name: row[name[1]], target.get("legendFormat", ""))
        for target in panel["targets"]
        for row, _ in prometheus.query(as_grafana_asks(prometheus, target["expr"]))
    ]


def test_every_panel_has_an_expectation():
    assert set(PANELS) == set(EXPECTED)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(PANELS)


@pytest.mark.parametrize("title", EXPECTED)
def test_a_panel_shows_what_is(world, title):
    prometheus, panel = world.prometheus, PANELS[title]
    found = []

    def fits():
        found[:] = rows_of(prometheus, panel)
        return found and EXPECTED[title](found, world.host)

    wait_for(fits, f"{title} to show what is", timeout_s=30, pause_s=0.2)
    names = legends(prometheus, panel) if panel["type"] != "table" else []
    assert len(names) == len(set(names)), "two lines with one name"


def test_no_panel_lies_over_another():
    taken = set()
    for title, panel in PANELS.items():
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken and at["x"] + at["w"] <= 24, title
        taken |= cells
        assert panel["description"] or panel["type"] != "stat", title
