# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus that scrapes each second."""
import json
import urllib.parse
import urllib.request

from .process import Process, free_port, wait_for

CONFIG = """
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: JOB
    static_configs: [{targets: TARGETS}]
"""


class Prometheus:
    """with Prometheus(folder, ["127.0.0.1:9464"]) as prometheus: prometheus.query("up")"""

    def __init__(self, folder, targets, job="stek"):
        self.folder = folder / "prometheus"
        self.folder.mkdir()
        self.port = free_port()
        config = CONFIG.replace("JOB", job).replace("TARGETS", json.dumps(targets))
        (self.folder / "prometheus.yml").write_text(config)

    def __enter__(self):
        self.process = Process(
            [
                "prometheus",
                f"--config.file={self.folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={self.folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--log.level=warn",
            ],
            self.folder,
        )
        self.process.wait_until_listening(self.port)
        wait_for(self.is_ready, "Prometheus to be ready", timeout_s=60, pause_s=0.1)
        return self

    def __exit__(self, *_):
        self.process.stop()

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=30):
                return True
        except OSError:
            return False

    def ask(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        """[(labels, value)] of now."""
        return [
            (one["metric"], float(one["value"][1]))
            for one in self.ask("query", query=expression)["result"]
        ]

    def values(self, label, metric):
        """Those of a label, as Grafana's label_values() has them."""
        return sorted(self.ask(f"label/{label}/values", **{"match[]": metric}))
