"""A headless Chromium for tests, spoken to over two pipes: no driver, no port, no package.

The Chrome DevTools Protocol is JSON, each message ended by a zero byte; Chromium reads it from file
descriptor 3 and writes to 4.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_TIMEOUT = 60  # seconds for an answer; a busy machine's start takes some

# The descriptors may not be 3 and 4 here, and pytest's process has threads, where forking with
# Python code in between is not safe: a small program puts them there and becomes Chromium.
_START = (
    "import fcntl, os, sys\n"
    "r, w = (fcntl.fcntl(int(n), fcntl.F_DUPFD, 10) for n in sys.argv[1:3])\n"
    "os.dup2(r, 3), os.dup2(w, 4)\n"
    "os.execv(sys.argv[3], sys.argv[3:])\n"
)


def find():
    """Return the path of a Chromium that runs, or None; Ubuntu's package is a pointer to a snap."""
    for path in filter(None, map(shutil.which, _NAMES)):
        if subprocess.run([path, "--version"], capture_output=True).returncode == 0:
            return path
    return None


class Browser:
    """One Chromium with one tab."""

    def __init__(self, path, folder):
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        argv = [path, "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        argv += [
            "--remote-debugging-pipe",
            f"--user-data-dir={folder}/profile",
            "--hide-scrollbars",
        ]
        if os.geteuid() == 0:
            argv.append("--no-sandbox")  # Chromium's sandbox refuses root
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-c", _START, str(to_read), str(to_write), *argv, "about:blank"],
            pass_fds=(to_read, to_write),
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read), os.close(to_write)
        self._buffer, self._number, self._session, self.events = b"", 0, None, []
        self.downloads = folder / "downloads"
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        """Call one method and return its result; what happened meanwhile is in `events`."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def _receive(self):
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], _TIMEOUT)[0]:
                raise TimeoutError("Chromium does not answer")
            data = os.read(self._read, 1 << 20)
            assert data, "Chromium has ended"
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def open(self, address, width=1200, height=900, dark=False, phone=False):
        """Open a file, or an address, in a window of that size."""
        url = address if isinstance(address, str) else address.resolve().as_uri()
        self.call("Page.navigate", url="about:blank")
        self.events.clear()
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2 if phone else 1}
        self.call("Emulation.setDeviceMetricsOverride", mobile=phone, **metrics)
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.protocol !== 'about:'")

    def run(self, expression):
        """Return the value of a JavaScript expression; a promise is waited for."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, condition, seconds=_TIMEOUT):
        """Wait until a JavaScript condition holds, and return its value."""
        end = time.monotonic() + seconds
        while not (value := self.run(condition)):
            assert time.monotonic() < end, f"never came true: {condition}"
            time.sleep(0.02)
        return value

    def upload(self, selector, *paths):
        """Give files to an input of files."""
        found = self.call(
            "Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})"
        )
        identity = found["result"]["objectId"]
        self.call("DOM.setFileInputFiles", files=[str(path) for path in paths], objectId=identity)

    def rectangle(self, selector):
        """Scroll an element into view and return its left, top, width and height."""
        return self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center', behavior: 'instant'});"
            "const r = e.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()"
        )

    def click(self, selector):
        """Click the middle of an element, as a mouse does."""
        left, top, width, height = self.rectangle(selector)
        self.drag([(left + width / 2, top + height / 2)])

    def drag(self, points):
        """Press the mouse at the first point, move through the others, release at the last."""
        for kind, (x, y) in (
            ("mousePressed", points[0]),
            *(("mouseMoved", point) for point in points[1:]),
            ("mouseReleased", points[-1]),
        ):
            mouse = {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
            self.call("Input.dispatchMouseEvent", **mouse)

    def touch(self, points):
        """Put a finger on the first point, move it through the others, lift it."""
        for kind, touches in (
            ("touchStart", points[:1]),
            *(("touchMove", [point]) for point in points[1:]),
            ("touchEnd", []),
        ):
            touches = [{"x": x, "y": y} for x, y in touches]
            self.call("Input.dispatchTouchEvent", type=kind, touchPoints=touches)

    def press(self, key):
        """Press and release a key: Enter, ArrowLeft, …"""
        codes = {"Enter": 13, "ArrowLeft": 37, "ArrowRight": 39, "Tab": 9}
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=codes[key],
                **(text if kind == "keyDown" else {}),
            )

    def complaints(self, home="file:"):
        """Return what the page logged as errors, and every request but data and those to home."""
        self.run("0")  # what is under way has arrived
        found = []
        for event in self.events:
            method, values = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(values["exceptionDetails"])
            elif method == "Log.entryAdded" and values["entry"]["level"] == "error":
                found.append(values["entry"]["text"])
            elif method == "Network.requestWillBeSent":
                url = values["request"]["url"]
                if not url.startswith((home, "data:", "blob:", "about:")):
                    found.append(url)
        return found

    def screenshot(self, path, whole=False):
        """Write what the window shows, or the whole page, as PNG."""
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def close(self):
        """End Chromium."""
        os.close(self._write), os.close(self._read)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
