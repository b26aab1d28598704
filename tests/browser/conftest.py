"""A real server and a real browser. Every page is watched: an exception, a page error or a console error fails its test."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, sync_playwright

from dlviz import catalog, lessons
from dlviz.params import Params
from dlviz.ui.link import Link, decode, encode
from tools.browser import find

collect_ignore = ["player_app.py", "drawpad_app.py"]  # pages of their own, run by a server
ROOT = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
FLAGS += ["--process-per-site"]  # visits share a renderer that has Streamlit's code compiled, as long as a page of the server is open
# Streamlit's own, not ours: under a deep link the client probes /<page>/_stcore/... for its base path, and it asks its
# webhook for host settings over the internet, which a closed network refuses.
STREAMLITS_OWN = re.compile(r"/_stcore/(health|host-config)|ERR_NAME_NOT_RESOLVED|ERR_INTERNET_DISCONNECTED|data\.streamlit\.io")


class Server:
    """`streamlit run app.py` on a free port of this machine; `program` is what stands in for `streamlit`."""

    def __init__(self, log: Path, *options: str, app: Path = ROOT / "app.py", program: str = "streamlit") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        command = [sys.executable, "-m", program, "run", str(app), "--server.headless=true", f"--server.port={port}"]
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
    """The app, running for a worker's browser tests; its log must stay free of failures."""
    running = Server(tmp_path_factory.mktemp("server") / "server.log", program="tests.browser.serve")
    yield running
    running.stop()
    log = running.log.read_text()
    assert "Traceback" not in log and "Uncaught app execution" not in log, log


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


def browser_path() -> str:
    """The browser that is driven."""
    path = find()
    assert path is not None, "No browser: run `python -m tools.browser`, which `make test` does."
    return path


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
    yield launched
    launched.close()


class Watched:
    """A page of the app and the errors it has had."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.url = url
        self.errors: list[str] = []
        self.page.add_init_script(LISTEN)
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


# Follows what the page asks for and what the server does, from the messages' own kinds (BackMsg and ForwardMsg of streamlit.proto): a
# run is asked for (11), begins (4) and ends (6, whose value 2 says that another follows at once). `even` is whether as many runs have
# begun as were asked for since the page last rested; of two quick questions Streamlit may make one run.
LISTEN = """(() => {
  window.sentAt = 0;
  const flow = window.flow = { asked: false, running: false, follows: false, open: 0, get even() { return this.open <= 0; } };
  const kind = (data) => {
    const bytes = new Uint8Array(data);
    let at = 0, field = 0, value = 0;
    const number = () => {
      for (let sum = 0, unit = 1; ; unit *= 128) {
        const byte = bytes[at++];
        sum += (byte & 127) * unit;
        if (byte < 128) return sum;
      }
    };
    while (at < bytes.length) {
      const tag = number();
      [field, value] = [tag >> 3, number()];
      if ((tag & 7) === 2) at += value;
      if (field > 2) break;
    }
    return [field, value];
  };
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        const [field, value] = data instanceof ArrayBuffer ? kind(data) : [0, 0];
        if (field === 4) {
          if (!flow.follows) flow.open -= 1;
          Object.assign(flow, { asked: false, running: true, follows: false });
        } else if (field === 6) Object.assign(flow, { running: value === 2, follows: value === 2 });
      });
    }
    send(data) {
      window.sentAt = performance.now();
      if (ArrayBuffer.isView(data) && kind(data.slice().buffer)[0] === 11) {
        flow.open += 1;
        flow.asked = true;
      }
      super.send(data);
    }
  };
})()"""
SETTLE = """async (patience) => {
  const finished = () => {
    const app = document.querySelector("[data-testid=stApp]");
    const idle = app?.dataset.testConnectionState === "CONNECTED" && app.dataset.testScriptState === "notRunning";
    // a component's code comes after the run that asked for it, and a long run's player says when it is done
    const components = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")].filter((e) => e.checkVisibility());
    const drawn = components.every((e) => e.shadowRoot?.querySelector("svg.main > *, .player[data-done=true], .inside .answer"));
    // beside what is pinned stands a picture of its own
    const shown = "[data-testid=stBidiComponentIsolated], [data-testid=stAlert]";
    const paired = [...document.querySelectorAll(".st-key-side-a")].every((e) => e.querySelector(shown));
    const growing = components.some((e) => e.shadowRoot?.querySelector("[data-done=false]"));
    // between the front door's rerun and the page's own there is an idle moment with nothing on the page
    const filled = "[data-testid=stBidiComponentIsolated], .st-key-ask, [data-testid=stAlert]";
    const stage = document.querySelector(".st-key-stage");
    const begun = document.querySelector("[data-testid=stMain] h1") && (!stage || stage.querySelector(filled));
    const waiting = growing || document.querySelector("[data-testid=stSkeleton]");
    return idle && !window.flow.asked && !window.flow.running && begun && drawn && paired && !waiting;
  };
  const start = performance.now();
  let since = start, looks = 0; // on a busy machine a pause may be over after a single look
  while (looks < 4 || performance.now() - since < (window.flow.even ? 60 : 300)) {
    await new Promise((resolve) => setTimeout(resolve, 15));
    looks += 1;
    if (!finished()) [since, looks] = [performance.now(), 0];
    if (performance.now() - start > patience) throw new Error(`The page was not finished after ${patience} ms.`);
  }
  window.flow.open = 0;
}"""


def settle(page: Page) -> None:
    """Wait until the script has run and nothing is left to come: until the page has been finished for a while."""
    page.evaluate(SETTLE, 60_000)


@pytest.fixture(scope="session")
def library(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """One browser profile on disk for many visits at 1280×720: Streamlit's own files are fetched and compiled once."""
    context = playwright.chromium.launch_persistent_context(
        tmp_path_factory.mktemp("profile"),
        executable_path=browser_path(),
        args=FLAGS,
        viewport={"width": 1280, "height": 720},
        accept_downloads=True,
        reduced_motion="reduce",
    )
    yield context
    context.close()


@pytest.fixture(scope="session")
def held_open(library: BrowserContext, server: Server) -> None:
    """A page of the server that stays open and shows next to nothing."""
    library.new_page().goto(f"{server.url}/_stcore/health")


@pytest.fixture
def visitor(library: BrowserContext, server: Server, held_open: None) -> Iterator[Watched]:
    """A new session in a browser that has been here before, watched to the end of the test."""
    visiting = Watched(library, server.url)
    visiting.page.set_default_timeout(10_000)
    yield visiting
    visiting.check()
    visiting.page.close()


def address(name: str, params: Params) -> str:
    """The address of a view ("slug.view") with these settings."""
    slug, _, view = name.partition(".")
    return f"{slug}?{urlencode(encode(view, params))}"


def link_of(page: Page) -> Link:
    """What the page's address stands for."""
    parts = urlsplit(page.url)
    slug = parts.path.strip("/")
    return decode(catalog.find(slug), lessons.load(slug), dict(parse_qsl(parts.query, keep_blank_values=True)))


def wait_until(page: Page, true: Callable[[], bool], what: str, seconds: float = 10) -> None:
    """Wait until `true()`, and let the page go on meanwhile; AssertionError with `what` if that never comes."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"after {seconds:g} s still not: {what} ({page.url})"
        page.wait_for_timeout(40)


def named(page: Page | Locator, key: str) -> Locator:
    """What the app has drawn under this key, such as "activations.curve.functions"."""
    return page.locator(".st-key-" + re.sub(r"[^a-zA-Z0-9_-]", "-", key))


def pill(page: Page, key: str, words: str) -> Locator:
    """One of several pills or segments, by its words."""
    return named(page, key).locator("[aria-checked], [aria-pressed]").filter(has_text=re.compile(f"^{re.escape(words)}$"))


def chosen(page: Page, key: str) -> list[str]:
    """The words of the pills or segments that are chosen."""
    return named(page, key).locator("[aria-checked=true], [aria-pressed=true]").all_inner_texts()


def open_scene(page: Page, name: str, title: str) -> None:
    """Click a scene's pill and wait until it is shown: until the address is the scene's, for on a busy machine a page may rest before it
    has heard of the click."""
    slug, _, view = name.partition(".")
    scene = next(scene for scene in lessons.load(slug).of(view) if scene.title == title)
    pill(page, f"{name}.scene", title).click()
    wait_until(page, lambda: link_of(page).params.canonical() == scene.params.canonical(), f"the address of {scene.id}")
    settle(page)


def open_view(page: Page, slug: str, view: str) -> None:
    """Click a view's segment, or its line in the menu "More", and wait until it is shown."""
    title = lessons.load(slug).views[view].title
    if not (segment := pill(page, f"{slug}.view", title)).count():
        named(page, f"{slug}.views").get_by_role("button").click()
        segment = page.get_by_test_id("stMenuButtonBody").get_by_text(title, exact=True)
    segment.click()
    wait_until(page, lambda: link_of(page).view == view, f"the address of {view}")
    settle(page)


# From one address to another within a session, as Back and Forward do.
GO = "(to) => { history.pushState({}, '', to); window.dispatchEvent(new PopStateEvent('popstate')); }"


def count_frames(page: Page) -> list[bytes]:
    """Everything the page sends to the server from now on, message by message. Call it before the page is opened."""
    sent: list[bytes] = []

    def listen(socket: Any) -> None:
        socket.on("framesent", lambda frame: sent.append(frame if isinstance(frame, bytes) else frame.encode()))

    page.on("websocket", listen)
    return sent


PICTURE = """() => {
  const everything = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...(e.shadowRoot ? everything(e.shadowRoot) : [])]);
  const all = everything(document.querySelector("[data-testid=stMain]"));
  const own = all.filter((e) => e.getRootNode() instanceof ShadowRoot);
  const texts = (selector) => all.filter((e) => e.matches(selector)).map((e) => e.innerText);
  const shape = ["d", "x", "y", "width", "height", "cx", "cy", "x1", "x2", "y1", "y2", "points"];
  return {
    title: document.title,
    heading: texts("h1"),
    sentence: texts(".st-key-sentence, .st-key-ask"),
    facts: texts("dl.facts dd"),
    diagnosis: texts(".st-key-diagnosis"),
    tables: texts("[data-testid=stTable]"),
    chosen: all.filter((e) => e.matches("[aria-checked=true], [aria-pressed=true]")).map((e) => e.innerText),
    fields: all.filter((e) => e.matches("input, textarea, select")).map((e) => [e.type, e.ariaLabel || e.name || e.id, e.value, e.checked]),
    data: own.filter((e) => Object.keys(e.dataset).length).map((e) => [e.tagName, { ...e.dataset }]),
    words: own.filter((e) => e.matches(".dlviz")).map((e) => e.innerText),
    shapes: own
      .filter((e) => e instanceof SVGGeometryElement && !e.closest("clipPath"))
      .map((e) => shape.map((name) => e.getAttribute(name))),
  };
}"""


def picture(page: Page) -> dict[str, Any]:
    """All that a viewer sees of the page: title, words, facts, chosen pills, fields, every number and every line of the picture."""
    page.mouse.move(0, 0)
    return page.evaluate(PICTURE)


def readings(page: Page) -> dict[str, Any]:
    """Every number that the component on the stage shows, in full: {data-name or class or "rows": value}."""
    return page.evaluate(
        """() => {
          const root = document.querySelector(".st-key-stage [data-testid=stBidiComponentIsolated]").shadowRoot;
          const number = (e) => e.dataset.value;
          const cellsOf = (row) => [...row.querySelectorAll("td")].map(number);
          const rows = [...root.querySelectorAll("tr[data-name]")].map((row) => [row.dataset.name, cellsOf(row)]);
          const named = [...root.querySelectorAll("dd[data-name]")].map((e) => [e.dataset.name, number(e)]);
          const cells = [...root.querySelectorAll("td[class]")].map((e) => [e.className, number(e)]);
          const probe = root.querySelector(".readings"), sum = root.querySelector(".sum");
          return {
            rows: Object.fromEntries(rows), x: probe && probe.dataset.x, z: sum && sum.dataset.z, output: sum && sum.dataset.output,
            p: [...root.querySelectorAll("text.p")].map(number), jacobian: [...root.querySelectorAll(".entry")].map(number),
            ...Object.fromEntries(named), ...Object.fromEntries(cells),
          };
        }"""
    )
