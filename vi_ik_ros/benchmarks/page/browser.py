# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium that looks at a page: what it paints, what it complains about, clicks."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import connect

from vi_ik_ros.exceptions import NoAnswer, ViIkError

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless=new",
    "--use-gl=angle",  # WebGL on the processor: no graphics card is needed
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
)
WAIT = 60.0  # [s] for the program to come up, and for each answer
POLL = 0.05  # [s]


class NoBrowser(ViIkError):
    """There is no Chromium on this machine."""

    def __init__(self) -> None:
        """Say how to get one."""
        super().__init__("no Chromium on this machine: apt install chromium")


def find_browser() -> str:
    """Return the path of a Chromium.

    Raises:
        NoBrowser: there is none.
    """
    for program in PROGRAMS:
        if path := shutil.which(program):
            return path
    raise NoBrowser


class Browser:
    """One tab of a headless Chromium, driven by the DevTools protocol.

    Attributes:
        complaints: texts of console errors and of exceptions that nobody caught.
    """

    def __init__(self, width: int = 800, height: int = 600) -> None:
        """Start the browser with an empty tab.

        Args:
            width: of the tab [pixels].
            height: the same.

        Raises:
            NoBrowser: there is none.
            NoAnswer: it does not come up.
        """
        program = find_browser()
        self.complaints: list[str] = []
        self._number = 0
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        root = ("--no-sandbox",) if os.geteuid() == 0 else ()  # it refuses to start otherwise
        self._process = subprocess.Popen(
            [program, *OPTIONS, *root, f"--user-data-dir={self._home.name}",
             f"--window-size={width},{height}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            self._socket = connect(self._tab(), max_size=None, open_timeout=WAIT)
            for domain in ("Page", "Runtime", "Log"):
                self.call(f"{domain}.enable")
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            self.call("Emulation.setDeviceMetricsOverride", **size)
        except BaseException:
            self._stop()
            raise

    def open(self, url: str) -> None:
        """Load a page; returns when the load begins."""
        self.call("Page.navigate", url=url)

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401 (whatever JSON holds)
        """Return the value of a JavaScript expression; of a promise, what it brings."""
        options = {"awaitPromise": True, "returnByValue": True}
        answer = self.call("Runtime.evaluate", expression=expression, **options)
        if "exceptionDetails" in answer:
            raise ViIkError(f"{expression[:80]}: {_words(answer['exceptionDetails'])}")
        return answer["result"].get("value")

    def until(self, expression: str, timeout: float = WAIT) -> Any:  # noqa: ANN401
        """Wait until a JavaScript expression is true, and return its value.

        Raises:
            NoAnswer: it is not within `timeout` [s].
        """
        end = time.monotonic() + timeout
        while not (value := self.evaluate(expression)):
            if time.monotonic() > end:
                raise NoAnswer(f"the page: {expression[:80]} not true within {timeout:g} s")
            time.sleep(POLL)
        return value

    def click(self, x: float, y: float) -> None:
        """Press and release the left button at a point [pixels]."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = "none" if kind == "mouseMoved" else "left"
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=1)

    def screenshot(self, path: Path) -> None:
        """Write what is shown as PNG."""
        answer = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))

    def call(self, method: str, **parameters: object) -> dict:
        """Send one DevTools command and return its result.

        Raises:
            NoAnswer: nothing came in time.
            ViIkError: the browser refuses it.
        """
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message))
        while True:
            try:
                answer = json.loads(self._socket.recv(timeout=WAIT))
            except TimeoutError:
                raise NoAnswer(f"the browser: no answer to {method} within {WAIT:g} s") from None
            if answer.get("id") == self._number:
                break
            self._listen(answer)
        if "error" in answer:
            raise ViIkError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def close(self) -> None:
        """Close the browser."""
        self._socket.close()
        self._stop()

    def _listen(self, event: dict) -> None:
        """Keep complaints among the events of the page."""
        parameters = event.get("params", {})
        if event["method"] == "Runtime.exceptionThrown":
            self.complaints.append(_words(parameters["exceptionDetails"]))
        elif event["method"] == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.complaints.append(parameters["entry"]["text"])
        elif event["method"] == "Runtime.consoleAPICalled" and parameters["type"] == "error":
            words = (str(part.get("value", part.get("description"))) for part in parameters["args"])
            self.complaints.append(" ".join(words))

    def _tab(self) -> str:
        """Return the address of the tab's debugger, once the browser is up."""
        file, end = Path(self._home.name) / "DevToolsActivePort", time.monotonic() + WAIT
        while time.monotonic() < end and self._process.poll() is None:
            lines = file.read_text("utf-8").splitlines() if file.exists() else []
            if len(lines) > 1:
                with urllib.request.urlopen(f"http://127.0.0.1:{lines[0]}/json/list") as answer:
                    tabs = [tab for tab in json.load(answer) if tab["type"] == "page"]
                if tabs:
                    return tabs[0]["webSocketDebuggerUrl"]
            time.sleep(POLL)
        raise NoAnswer(f"the browser did not come up within {WAIT:g} s")

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10.0)  # [s]
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._home.cleanup()

    def __enter__(self) -> Self:
        """Return the browser itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the browser."""
        self.close()


def _words(details: dict) -> str:
    """Return what an exception says."""
    return details.get("exception", {}).get("description", details.get("text", "an exception"))
