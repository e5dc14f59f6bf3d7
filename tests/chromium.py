"""A headless Chromium over its debugging pipe: no driver, no library, and no request of its own.

The pipe (file descriptors 3 and 4) carries JSON messages that end in a zero byte, as the DevTools protocol says.
"""

import base64
import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--remote-debugging-pipe", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
# The key codes that Input.dispatchKeyEvent wants.
KEYS = {"Tab": 9, "Enter": 13}


def executable() -> str | None:
    """The browser of this machine, or the one that CHROMIUM names."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One tab. `requests` holds every address that was asked for, `complaints` what the console said."""

    def __init__(self, send, receive):
        self._send, self._receive, self._number = send, receive, 0
        self.requests: list[str] = []
        self.complaints: list[str] = []
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = None
        self._session = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def _call(self, method: str, parameters: dict | None = None) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters or {}}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        self._send(message)
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self._note(answer)

    def _note(self, event: dict) -> None:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
            self.complaints.append(json.dumps(parameters)[:300])
        self._last = method

    def open(self, where: Path | str) -> None:
        """A file, or an address."""
        self._last = None
        answer = self._call("Page.navigate", {"url": where if isinstance(where, str) else where.resolve().as_uri()})
        # A step to another fragment of the same document loads nothing.
        while "loaderId" in answer and self._last != "Page.loadEventFired":
            self._note(self._receive())

    def look(self, width: int, *, dark: bool = False, media: str = "screen") -> None:
        """Give the page a width in CSS pixels, a colour scheme and a medium."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._call("Emulation.setEmulatedMedia", {"media": media, "features": scheme})
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("Emulation.setDeviceMetricsOverride", size)

    def evaluate(self, script: str):
        answer = self._call("Runtime.evaluate", {"expression": script, "returnByValue": True})
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, script: str, seconds: float = 60) -> object:
        """The first value of `script` that is true; a page that draws itself takes a while."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if value := self.evaluate(f"document.body && ({script})"):
                return value
            time.sleep(0.2)
        shown = self.evaluate("document.body.innerText")
        raise AssertionError(f"after {seconds} s still not: {script}\nThe page says:\n{shown[:3000]}")

    def click(self, element: str) -> None:
        """Press and let go the mouse in the middle of the element that the script `element` gives, once it is there."""
        self.wait(f"!!({element})")
        x, y = self.wait(
            f"(e => {{ e.scrollIntoView({{block: 'center', inline: 'center'}}); const r = e.getBoundingClientRect();"
            f" return r.width && [r.x + r.width / 2, r.y + r.height / 2] }})({element})"
        )
        for what in ("mouseMoved", "mousePressed", "mouseReleased"):
            mouse = {"type": what, "x": x, "y": y, "button": "left", "clickCount": 1}
            self._call("Input.dispatchMouseEvent", mouse)

    def press(self, key: str) -> None:
        what = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key], "text": "\r" if key == "Enter" else ""}
        self._call("Input.dispatchKeyEvent", {"type": "keyDown", **what})
        self._call("Input.dispatchKeyEvent", {"type": "keyUp", **what})

    def screenshot(self) -> bytes:
        """PNG of the whole page."""
        answer = self._call("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True})
        return base64.b64decode(answer["data"])

    def pdf(self) -> bytes:
        return base64.b64decode(self._call("Page.printToPDF", {"printBackground": False})["data"])


@contextlib.contextmanager
def tab(profile: Path) -> Iterator[Page]:
    """A tab of a browser that keeps its files in `profile` and ends with the block."""
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    command = [executable(), *FLAGS, f"--user-data-dir={profile}", "about:blank"]

    def descriptors() -> None:
        # Both ends are copied first: either may already be 3 or 4.
        incoming, outgoing = os.dup(to_read), os.dup(from_write)
        high = [os.dup2(incoming, 100), os.dup2(outgoing, 101)]
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    process = subprocess.Popen(
        command, preexec_fn=descriptors, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(to_read)
    os.close(from_write)
    waiting = b""

    def receive() -> dict:
        nonlocal waiting
        while b"\0" not in waiting:
            chunk = os.read(from_read, 1 << 16)
            assert chunk, "the browser has gone"
            waiting += chunk
        message, waiting = waiting.split(b"\0", 1)
        return json.loads(message)

    def send(message: dict) -> None:
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(to_write, data) :]

    try:
        yield Page(send, receive)
    finally:
        os.close(to_write)
        os.close(from_read)
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
