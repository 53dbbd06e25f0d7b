# SPDX-License-Identifier: Apache-2.0
"""A real browser that is told what to do while a page lives: over a pipe, in the protocol of
Chromium's developer tools."""
import base64
import fcntl
import json
import os
import select
import subprocess
import time

from . import QUIET
from ..process import PATIENCE, Gone, plain_environment, spawn, stop, wait_for

# Chromium reads from descriptor 3 and writes to 4.
WRAPPER = ["bash", "-c", 'exec "$@" 3<&"$IN" 4>&"$OUT"', "bash"]
ANSWER_S = 30


class Failed(Exception):
    """The browser refused, or a script in the page threw."""


def _ends():
    """A pipe whose descriptors are none that the wrapper moves others to."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in ends]
    for end in ends:
        os.close(end)
    return high


class Browser:
    """
    with Browser(folder) as browser:
        browser.new_page()
        browser.open(url)
        browser.evaluate("document.title")
    """

    def __init__(self, folder):
        self.folder = folder / "browser"
        self.folder.mkdir()
        self.last = 0
        self.buffer = b""
        self.events = []
        self.context = None
        self.session = None  # with the page

    def __enter__(self):
        theirs_in, self.out = _ends()
        self.inward, theirs_out = _ends()
        with open(self.folder / "stderr", "wb") as stderr:
            self.popen = spawn(
                [
                    *WRAPPER,
                    "chromium",
                    *QUIET,
                    "--remote-debugging-pipe",
                    f"--user-data-dir={self.folder / 'profile'}",
                ],
                pass_fds=(theirs_in, theirs_out),
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env=plain_environment(HOME=self.folder, IN=theirs_in, OUT=theirs_out),
                cwd=self.folder,
            )
        os.close(theirs_in)
        os.close(theirs_out)
        return self

    def new_page(self):
        """A page that shares nothing with those before it, which is closed."""
        if self.session:
            self.session = None
            self.send("Target.disposeBrowserContext", browserContextId=self.context)
        self.context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=self.context)[
            "targetId"
        ]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        self.events = []
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def __exit__(self, *_):
        os.close(self.out)
        stop(self.popen)
        os.close(self.inward)

    # -- the protocol --

    def send(self, method, **params):
        """Has the browser do it; returns what it answers."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data) :]
        while True:
            answer = self._read()
            if answer.get("id") == self.last:
                break
            self.events.append(answer)
        if "error" in answer:
            raise Failed(f"{method}: {answer['error']}")
        return answer["result"]

    def _read(self):
        deadline = time.monotonic() + ANSWER_S * PATIENCE
        while b"\0" not in self.buffer:
            ready = select.select([self.inward], [], [], max(0, deadline - time.monotonic()))[0]
            part = os.read(self.inward, 1 << 20) if ready else b""
            if not part:
                raise Gone("the browser says nothing: " + (self.folder / "stderr").read_text())
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    # -- pages --

    def open(self, url):
        self.send("Page.navigate", url=url)
        wait_for(
            lambda: self.evaluate("document.readyState === 'complete' && location.href") == url,
            f"{url} to be loaded",
            pause_s=0.1,
        )

    def evaluate(self, script):
        """What the script's value is, in the page; a promise is awaited."""
        done = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in done:
            raise Failed(json.dumps(done["exceptionDetails"])[:1000])
        return done["result"].get("value")

    def text(self, selector="body"):
        """What a reader sees of an element."""
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def all(self, selector, of="node.innerText"):
        """Something of each element that fits."""
        return self.evaluate(
            f"[...document.querySelectorAll({json.dumps(selector)})].map((node) => {of})"
        )

    def wait_for_text(self, words, selector="body", timeout_s=30):
        return wait_for(
            lambda: words in self.text(selector) and self.text(selector),
            f"{words!r} in {selector}",
            timeout_s,
            pause_s=0.1,
        )

    def resize(self, width, height, mobile=False):
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=mobile,
        )

    def prefer(self, scheme, media="", deficiency="none"):
        """light or dark; media may be print; deficiency achromatopsia is sight without colours."""
        self.send(
            "Emulation.setEmulatedMedia",
            media=media,
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        self.send("Emulation.setEmulatedVisionDeficiency", type=deficiency)

    def picture(self, path, whole=True):
        """A PNG of the page."""
        shot = self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def complaints(self):
        """What the page's scripts threw, and what the browser wrote to its console."""
        self.evaluate("0")
        return [
            event
            for event in self.events
            if event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")
        ]
