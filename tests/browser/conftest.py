"""A real server and a real browser. Every page is watched: an exception, a page error or a console error fails its test."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tools.browser import find

ROOT = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
# Streamlit's own, not ours: under a deep link the client probes /<page>/_stcore/... for its base path, and it asks its
# webhook for host settings over the internet, which a closed network refuses.
STREAMLITS_OWN = re.compile(r"/_stcore/(health|host-config)|ERR_NAME_NOT_RESOLVED|ERR_INTERNET_DISCONNECTED|data\.streamlit\.io")


class Server:
    """`streamlit run app.py` on a free port of this machine."""

    def __init__(self, log: Path, *options: str, app: Path = ROOT / "app.py") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.headless=true", f"--server.port={port}"]
        command += ["--server.address=127.0.0.1", "--global.developmentMode=false", *options]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        with log.open("w") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=environment)
        for _ in range(600):
            with contextlib.suppress(OSError):
                if urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1).read() == b"ok":
                    return
            time.sleep(0.1)
        raise RuntimeError(f"The server did not start: {log.read_text()}")

    def stop(self) -> None:
        """End the server; its log stays."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, running for all browser tests; its log must stay free of failures."""
    running = Server(tmp_path_factory.mktemp("server") / "server.log")
    yield running
    running.stop()
    log = running.log.read_text()
    assert "Traceback" not in log and "Uncaught app execution" not in log, log


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = find()
    assert path is not None, "No browser: run `python -m tools.browser`, which `make test` does."
    launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield launched
    launched.close()


class Watched:
    """A page of the app and the errors it has had."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.url = url
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(f"page error: {error}"))
        self.page.on("console", lambda message: self._hear(message.type, f"{message.text} {message.location.get('url', '')}"))

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and not STREAMLITS_OWN.search(text):
            self.errors.append(f"console: {text}")

    def open(self, address: str) -> Page:
        """Go to an address such as "activations?scene=tanh" and wait until it is finished."""
        self.page.goto(f"{self.url}/{address}")
        settle(self.page)
        return self.page

    def check(self) -> None:
        """Fail if anything went wrong on the page so far."""
        assert self.page.get_by_test_id("stException").count() == 0, "an exception is shown"
        assert self.page.get_by_test_id("stAlertContentError").count() == 0, "a view failed"
        assert not self.errors, self.errors


def settle(page: Page) -> None:
    """Wait until the script has run and nothing is left to come."""
    page.wait_for_timeout(210)
    page.wait_for_selector("[data-testid='stApp'][data-test-connection-state='CONNECTED']", state="attached", timeout=30_000)
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']", state="attached", timeout=30_000)
    page.wait_for_function("document.querySelectorAll('[data-testid=stSkeleton]').length === 0", timeout=20_000)
    page.wait_for_timeout(150)


@pytest.fixture
def watched(browser: Browser, server: Server) -> Iterator[Watched]:
    """A fresh visitor at 1280×720, watched to the end of the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    visitor = Watched(context, server.url)
    yield visitor
    visitor.check()
    context.close()
