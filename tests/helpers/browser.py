"""Drive pages in a headless Chromium, by its DevTools protocol over a pipe.

No driver and no package is needed: Chromium reads commands from one pipe and writes
replies and events to another, JSON that ends with a zero byte.

    with Browser() as browser:
        page = browser.open(path, width=390, height=844)
        page.wait("window.ready")
        page.press("1")
        assert page.evaluate("document.title") == "..."
        page.screenshot(folder / "page.png")
        assert not page.problems()
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import pytest

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PATIENCE_S = 30.0
LOCAL = ("file:", "data:", "blob:", "about:")
KEYS = {
    "Enter": 13,
    "Tab": 9,
    "Escape": 27,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "PageUp": 33,
    "PageDown": 34,
    "Home": 36,
    "End": 35,
}
TEXTS = {"Enter": "\r", "Space": " "}


def chromium() -> str:
    """Return the path of a Chromium; skip the test where there is none."""
    named = os.environ.get("CHROMIUM", "")
    found = next(filter(None, map(shutil.which, [named, *NAMES])), None)
    if found is None:
        pytest.skip(
            "Chromium is not installed; `make browser` installs it, or the variable "
            "CHROMIUM names its program"
        )
    return found


class Browser:
    """A Chromium of its own, with an empty profile that is deleted at the end."""

    def __init__(self) -> None:
        self.program = chromium()
        self.home = tempfile.TemporaryDirectory(prefix="browser-")
        self.downloads = Path(self.home.name) / "downloads"
        self.number = 0
        self.pages: dict[str, Page] = {}
        self.rest = b""

    def __enter__(self) -> Self:
        read, their_write = os.pipe()
        their_read, write = os.pipe()
        # Chromium takes the numbers 3 and 4; the shell gives them.
        command = f'exec "$0" "$@" 3<&{their_read} 4>&{their_write}'
        self.process = subprocess.Popen(
            [
                "bash",
                "-c",
                command,
                self.program,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-extensions",
                "--no-first-run",
                "--remote-debugging-pipe",
                f"--user-data-dir={self.home.name}/profile",
            ],
            pass_fds=(their_read, their_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"HOME": self.home.name},
        )
        os.close(their_read)
        os.close(their_write)
        self.read, self.write = read, write
        self.send(
            "Browser.setDownloadBehavior",
            behavior="allow",
            downloadPath=str(self.downloads),
        )
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.send("Browser.close")
            self.process.wait(10)
        except (OSError, subprocess.TimeoutExpired, TimeoutError):
            self.process.kill()
            self.process.wait()
        os.close(self.read)
        os.close(self.write)
        self.home.cleanup()

    def open(
        self, address: str | Path, *, width: int = 1440, height: int = 900
    ) -> "Page":
        """Open a file or an address in a new page of a size, and wait for it."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)
        page = Page(self, session["sessionId"])
        self.pages[session["sessionId"]] = page
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            page.send(f"{domain}.enable")
        page.resize(width, height)
        page.go(address)
        return page

    def send(self, method: str, session: str | None = None, **values: object) -> Any:
        """Send a command and return its result; events in between are kept."""
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": values}
        if session:
            message["sessionId"] = session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        while True:
            reply = self.receive(PATIENCE_S)
            if reply.get("id") == number:
                if "error" in reply:
                    raise RuntimeError(f"{method}: {reply['error']['message']}")
                return reply["result"]

    def receive(self, seconds: float) -> dict[str, Any]:
        """Return the next message, and hand an event to its page."""
        until = time.monotonic() + seconds
        while b"\0" not in self.rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.read], [], [], left)[0]:
                raise TimeoutError(f"Chromium said nothing for {seconds} s")
            piece = os.read(self.read, 2**20)
            if not piece:
                raise OSError("Chromium has ended")
            self.rest += piece
        first, _, self.rest = self.rest.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        page = self.pages.get(message.get("sessionId", ""))
        if page and "method" in message:
            page.happened(message["method"], message["params"])
        return message

    def downloaded(self, name: str, *, seconds: float = 10) -> Path:
        """Return a file that a page has saved, once it is there whole."""
        path = self.downloads / name
        until = time.monotonic() + seconds
        while not path.is_file() or path.with_suffix(".crdownload").exists():
            if time.monotonic() > until:
                there = sorted(p.name for p in self.downloads.glob("*"))
                raise TimeoutError(f"{name} was not saved; saved: {there}")
            time.sleep(0.02)
        return path


class Page:
    """A page: what it shows, its errors, and what it asked for.

    Attributes
    ----------
    errors
        Uncaught exceptions, and errors and warnings of the console.
    requests
        Addresses of everything that was loaded.
    """

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser = browser
        self.session = session
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.loaded = 0

    def send(self, method: str, **values: object) -> Any:
        """Send a command to this page."""
        return self.browser.send(method, self.session, **values)

    def happened(self, method: str, values: dict[str, Any]) -> None:
        """Keep an event that tests ask for."""
        if method == "Page.loadEventFired":
            self.loaded += 1
        elif method == "Network.requestWillBeSent":
            self.requests.append(values["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = values["exceptionDetails"]
            thrown = details.get("exception", {}).get("description", "")
            self.errors.append(f"{details['text']} {thrown}")
        elif method == "Log.entryAdded" and values["entry"]["level"] == "error":
            self.errors.append(values["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and values["type"] in (
            "error",
            "warning",
            "assert",
        ):
            self.errors.append(str(values["args"]))

    def go(self, address: str | Path) -> None:
        """Load a file or an address."""
        url = address if isinstance(address, str) else address.resolve().as_uri()
        before = self.loaded
        self.send("Page.navigate", url=url)
        self._loads(before)

    def reload(self) -> None:
        """Load the page again."""
        before = self.loaded
        self.send("Page.reload")
        self._loads(before)

    def _loads(self, before: int) -> None:
        while self.loaded == before:
            self.browser.receive(PATIENCE_S)

    def resize(self, width: int, height: int) -> None:
        """Set the size of the window in CSS pixels; a narrow one is a phone's."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, of a promise what it resolves to."""
        found = self.send(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
        )
        if "exceptionDetails" in found:
            details = found["exceptionDetails"]
            thrown = details.get("exception", {}).get("description", details["text"])
            raise AssertionError(f"{expression}: {thrown}")
        return found["result"].get("value")

    def wait(self, expression: str, *, seconds: float = 10) -> Any:
        """Wait until an expression is true, and return it."""
        until = time.monotonic() + seconds
        while not (value := self.evaluate(expression)):
            if time.monotonic() > until:
                raise TimeoutError(f"never true: {expression}; errors: {self.errors}")
            time.sleep(0.01)
        return value

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key: a letter, or a name such as ``ArrowUp``."""
        name = " " if key == "Space" else key
        text = TEXTS.get(key, key if len(key) == 1 else "")
        code = KEYS.get(key, ord(name.upper()) if len(name) == 1 else 0)
        values = {
            "key": name,
            "code": key,
            "windowsVirtualKeyCode": code,
            "modifiers": 8 * shift,
        }
        down = "keyDown" if text else "rawKeyDown"
        typed = {"text": text} if text else {}
        self.send("Input.dispatchKeyEvent", type=down, **values, **typed)
        self.send("Input.dispatchKeyEvent", type="keyUp", **values)

    def middle(self, selector: str) -> tuple[float, float]:
        """Return the middle of an element on the screen, scrolled into view."""
        x, y = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'nearest'}); const b = e.getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        return x, y

    def click(self, selector: str) -> None:
        """Click the middle of an element with the mouse."""
        self.drag(selector, 0, 0)

    def drag(self, selector: str, dx: float, dy: float) -> None:
        """Press the mouse on an element, move it, and release it."""
        x, y = self.middle(selector)
        for kind, at, buttons in (
            ("mouseMoved", (x, y), 0),
            ("mousePressed", (x, y), 1),
            ("mouseMoved", (x + dx, y + dy), 1),
            ("mouseReleased", (x + dx, y + dy), 0),
        ):
            if kind == "mouseMoved" and buttons and not (dx or dy):
                continue
            self._mouse(kind, at, buttons=buttons)

    def wheel(self, selector: str, down: float) -> None:
        """Turn the wheel over an element, towards the reader for positive values."""
        x, y = self.middle(selector)
        self._mouse("mouseWheel", (x, y), buttons=0, deltaX=0, deltaY=down)

    def _mouse(
        self, kind: str, at: tuple[float, float], *, buttons: int, **more: float
    ) -> None:
        button = "left" if kind in ("mousePressed", "mouseReleased") else "none"
        clicks = {"clickCount": 1} if button == "left" else {}
        self.send(
            "Input.dispatchMouseEvent",
            type=kind,
            x=at[0],
            y=at[1],
            button=button,
            buttons=buttons,
            **clicks,
            **more,
        )

    def choose_file(self, selector: str, path: Path) -> None:
        """Put a file into a field for files."""
        found = self.send(
            "Runtime.evaluate",
            expression=f"document.querySelector({json.dumps(selector)})",
        )
        self.send(
            "DOM.setFileInputFiles",
            files=[str(path)],
            objectId=found["result"]["objectId"],
        )

    def screenshot(self, path: Path) -> None:
        """Save what the window shows as PNG."""
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot")["data"]))

    def pdf(self) -> bytes:
        """Return the page as it is printed, on A4."""
        printed = self.send(
            "Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=True
        )
        return base64.b64decode(printed["data"])

    def problems(self) -> list[str]:
        """Return errors, and everything that was asked of another place."""
        self.evaluate("0")
        away = [url for url in self.requests if not url.startswith(LOCAL)]
        return [*self.errors, *(f"request of {url}" for url in away)]

    def low_contrast(self, least: float = 4.5) -> list[str]:
        """Return the visible texts whose contrast with their background is too low."""
        found: list[str] = self.evaluate(f"{_checks()}.lowContrast({least})")
        return found

    def unreachable(self, *, most: int = 400) -> list[str]:
        """Return the visible controls that the key Tab does not reach.

        Of radio buttons of one name, one is enough: arrows reach the others.
        """
        self.evaluate("window.reached = new Set(); document.activeElement?.blur?.()")
        for _ in range(most):
            self.press("Tab")
            done = self.evaluate(
                "(() => { const e = document.activeElement; const old = reached.has(e);"
                "reached.add(e); return old && e !== document.body; })()"
            )
            if done:
                break
        found: list[str] = self.evaluate(f"{_checks()}.unreached()")
        return found

    def too_wide(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        wide: int = self.evaluate(
            "document.documentElement.scrollWidth - document.documentElement"
            ".clientWidth"
        )
        return wide


def _checks() -> str:
    """Return the object of the checks that run in a page, as an expression."""
    return Path(__file__).with_name("page_checks.js").read_text(encoding="utf-8")
