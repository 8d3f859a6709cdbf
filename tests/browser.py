"""A headless Chromium, told what to do through a pipe; needs nothing but the standard library."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SECONDS = 60
KEYS = {"Tab": 9, "Enter": 13}
TEXTS = {"Enter": "\r"}
TROUBLE = {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}
_START = """\
import fcntl, os, sys
pipes = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(pipes[0], 3)
os.dup2(pipes[1], 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
"""Chromium talks through the descriptors 3 and 4, and nobody knows whether those are free here."""


class Browser:
    def __init__(self, told: int, said: int) -> None:
        self._told, self._said = told, said
        self._rest = b""
        self._number = 0
        self._session: dict[str, str] = {}
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        found = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": found["sessionId"]}
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        wish = {"id": self._number, "method": method, "params": params, **self._session}
        os.write(self._told, json.dumps(wish).encode() + b"\0")
        deadline = time.monotonic() + SECONDS
        while (message := self._next(deadline)).get("id") != self._number:
            self.events.append(message)
        assert "error" not in message, message
        answer: dict[str, Any] = message["result"]
        return answer

    def open(self, page: Path, *, width: int, scheme: str = "light") -> None:
        screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **screen)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.events.clear()
        self.call("Page.navigate", url=page.as_uri())
        deadline = time.monotonic() + SECONDS
        while all(event["method"] != "Page.loadEventFired" for event in self.events):
            self.events.append(self._next(deadline))

    def ask(self, expression: str) -> Any:
        """What it evaluates to; a promise is waited for."""
        wish = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self.call("Runtime.evaluate", **wish)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        pressed = {"key": key, "windowsVirtualKeyCode": KEYS[key], "text": TEXTS.get(key, "")}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, **pressed)

    @property
    def trouble(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event["method"] in TROUBLE]

    def _next(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            left = max(0, deadline - time.monotonic())
            ready, _, _ = select.select([self._said], [], [], left)
            assert ready, f"Chromium said nothing for {SECONDS} s"
            piece = os.read(self._said, 1 << 16)
            assert piece, "Chromium has ended"
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message


@contextmanager
def browser(chromium: str, profile: Path) -> Iterator[Browser]:
    theirs_in, told = os.pipe()
    said, theirs_out = os.pipe()
    options = [
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"),
        "--disable-dev-shm-usage",
    ]
    words = [chromium, *options, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(
        [sys.executable, "-c", _START, str(theirs_in), str(theirs_out), *words],
        pass_fds=(theirs_in, theirs_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Browser(told, said)
        finally:
            os.close(told)  # It ends with its pipe, and all its processes with it.
            try:
                running.wait(SECONDS)
            finally:
                running.kill()
                os.close(said)
