"""What a visitor waits for, measured inside the browser: first visits, releases, cold starts, the hand's own pictures."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean, median
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, sync_playwright

from bench.ratios import Row, alternate
from dlviz.compute import run
from dlviz.compute.activations import curve, network, softmax
from dlviz.ui.link import encode
from tests.browser.conftest import FLAGS, Server
from tools.browser import find

HERE = Path(__file__).parent
SCRIPT = HERE / "browser.js"
YARDSTICK = HERE / "yardstick" / "app.py"
SIZE = {"width": 1280, "height": 720}
FRAMES = 90
QUICK: dict[str, Any] = {"activation": "tanh", "optimiser": "adam", "learning_rate": 0.1, "batch_size": 10}  # learns the circle fast
# toggled in the order of a Gray code: 64 different sets of functions before one comes again
TOGGLED = ["GELU", "SiLU", "identity", "step", "tanh", "ReLU"]


class Bench:
    """A browser, dlviz and the yardstick on one server each; `count` alternations a row."""

    def __init__(self, browser: Browser, folder: Path, count: int) -> None:
        self.browser, self.folder, self.count = browser, folder, count
        self.servers: dict[str, Server] = {}

    def url(self, address: str) -> str:
        """The address of a page: "yardstick?..." is the bare page's, all others dlviz's. Starts the server if it does not run."""
        name = "yardstick" if address.startswith("yardstick") else "dlviz"
        if name not in self.servers:
            self.servers[name] = self.start(name)
        return f"{self.servers[name].url}/{address.removeprefix('yardstick')}"

    def start(self, name: str) -> Server:
        """A fresh server."""
        log = self.folder / f"{name}.log"
        return Server(log, app=YARDSTICK) if name == "yardstick" else Server(log)

    def stop(self) -> None:
        """End the servers."""
        for server in self.servers.values():
            server.stop()

    @contextmanager
    def visitor(self) -> Iterator[Page]:
        """A page of a fresh browser context: its cache is empty."""
        context = self.browser.new_context(viewport=SIZE)  # type: ignore[arg-type]
        context.add_init_script(path=SCRIPT)
        yield context.new_page()
        context.close()
        time.sleep(0.3)  # what the server does when a session ends is not the next visitor's time

    def visit(self, url: str) -> float:
        """Milliseconds from the start of a first visit to the painted picture with the page's script at rest."""
        with self.visitor() as page:
            return painted(page, url)

    def compare_visits(self, name: str, address: str, bare: str) -> Row:
        """First visits of a warm server."""
        ours, yardstick = self.url(address), self.url(bare)
        times = alternate(self.count, lambda: self.visit(ours), lambda: self.visit(yardstick))
        return Row(name, "first visit to painted picture: a bare page of the same kinds", *times, bound=1.3)

    def pill(self) -> Row:
        """Click on a pill to the redrawn picture, every time with a set of functions that was not asked for before."""
        with self.visitor() as ours, self.visitor() as bare:
            painted(ours, self.url("activations")), painted(bare, self.url("yardstick"))
            turns = {id(page): gray_code() for page in (ours, bare)}

            def click(page: Page, key: str) -> float:
                settle(page)
                page.evaluate("bench.watch(bench.picture)")
                page.locator(f".st-key-{key}").get_by_text(next(turns[id(page)]), exact=True).click()
                return float(page.evaluate("bench.changed.then((time) => time - bench.clicked)"))

            times = alternate(self.count, lambda: click(ours, "activations-curve-functions"), lambda: click(bare, "functions"))
        return Row("release", "pill to redrawn picture, newly computed: the same on a bare page", *times, bound=1.4)

    def neuron(self) -> Row:
        """Release of a slider in the picture to the facts that Python made of it."""
        with self.visitor() as ours, self.visitor() as bare:
            painted(ours, self.url("activations")), painted(bare, self.url("yardstick"))
            values = {id(page): iter([tenth / 10 for tenth in range(-20, 20) if tenth != 10]) for page in (ours, bare)}

            def release(page: Page) -> float:
                settle(page)
                return float(page.evaluate("(value) => bench.release('weight_1', value)", next(values[id(page)])))

            times = alternate(self.count, lambda: release(ours), lambda: release(bare))
        return Row("release-stage", "slider in the picture to new facts: the same on a bare page", *times, bound=1.4)

    def stroke(self) -> Row:
        """End of a stroke on the pad of a trained network to its maps and probabilities, against a pill of the bare page to its picture."""
        with self.visitor() as ours, self.visitor() as bare:
            ours.goto(self.url("filters?scene=kernels"), wait_until="commit")
            ours.get_by_role("button", name="Skip").click()
            ours.wait_for_function("bench.pad()", timeout=120_000)
            painted(bare, self.url("yardstick"))
            strokes, turns = iter(range(1000)), gray_code()

            def draw() -> float:
                settle(ours)
                return float(ours.evaluate("(k) => bench.stroke(k)", next(strokes)))

            def click() -> float:
                settle(bare)
                bare.evaluate("bench.watch(bench.picture)")
                bare.locator(".st-key-functions").get_by_text(next(turns), exact=True).click()
                return float(bare.evaluate("bench.changed.then((time) => time - bench.clicked)"))

            times = alternate(self.count, draw, click)
        return Row("stroke", "end of a stroke to all maps of the network: release to picture on a bare page", *times, bound=1.5)

    def cold(self) -> Row:
        """First request to a fresh server: a deep link, against a page that imports torch and takes one Adam step."""

        def first(name: str, address: str) -> float:
            server = self.start(name)
            try:
                return self.visit(f"{server.url}/{address}")
            finally:
                server.stop()

        times = alternate(max(3, self.count // 3), lambda: first("dlviz", "activations"), lambda: first("yardstick", "?torch"))
        return Row("cold-start", "fresh server, first request to painted picture: a bare page with torch", *times, bound=1.2)

    def solved(self, name: str, widths: tuple[int, ...]) -> Row:
        """From the click that makes the network to the frame on the screen whose training loss is below 0.01, a new seed each time."""
        seeds = iter(solving(widths))
        frames: list[int] = []
        with self.visitor() as page:

            def click() -> float:
                other = network.Params(widths=(*widths[:-1], widths[-1] + 1), seed=next(seeds), **QUICK)
                page.goto(self.url(f"activations?{urlencode(encode('network', other))}"), wait_until="commit")
                page.wait_for_function("bench.player()?.header.done")
                page.wait_for_timeout(1500)
                milliseconds, drawn = page.evaluate("(label) => bench.solved(label)", f"One unit less in layer {len(widths)}")
                frames.append(int(drawn))
                return float(milliseconds)

            times = alternate(max(3, self.count // 3), click, lambda: 1000.0)
        shape = "-".join(str(width) for width in (2, *widths, 1))
        return Row(
            name, f"click to solved circle, {shape} tanh, batch 10: one second", *times, bound=1.0, note=f"{min(frames)} frames drawn"
        )

    def maps(self) -> Row:
        """Every unit's map at 100×100 pixels, computed in the browser, against the frame it is drawn in."""
        with self.visitor() as page:
            page.goto(self.url("activations?scene=disc"), wait_until="commit")
            page.wait_for_function("bench.player()?.header.done")
            page.wait_for_timeout(2500)
            found = page.evaluate("bench.redraws(60)")
        return Row("maps", "17 maps of 2-8-8-1 at 100×100 pixels: a frame at 60 Hz", found, [1000 / 60] * len(found), bound=0.25)

    def frames(self, name: str, what: str, address: str, move: str) -> Row:
        """The length of the frames in which the picture follows the pointer, against the same page's frames with nothing to do."""
        notes: list[float] = []
        with self.visitor() as page:
            painted(page, self.url(address))
            settle(page)

            def busy() -> float:
                found = page.evaluate(f"bench.frames({FRAMES}, bench.{move})")
                notes.append(median(found["work"]))
                page.evaluate("window.dispatchEvent(new PointerEvent('pointerup'))")
                settle(page)
                return fmean(found["lengths"])

            def idle() -> float:
                found = page.evaluate(f"bench.frames({FRAMES}, () => 0)")
                return fmean(found["lengths"])

            times = alternate(max(3, self.count // 3), busy, idle)
        work = median(notes)
        note = f"{1000 / median(times[0]):.0f} updates/s; script and layout {work:.1f} ms = {work / (1000 / 60):.2f} of 16.7 ms"
        return Row(name, f"{what}: an idle frame", *times, note=note)


def solving(widths: tuple[int, ...]) -> list[int]:
    """Seeds from which this network solves the circle within two thirds of its run."""
    found = []
    for seed in range(100):
        at = run("activations.network", network.Params(widths=widths, seed=seed, **QUICK)).facts()["solved_at_step"].value
        if at is not None and at <= 400:
            found.append(seed)
        if len(found) == 20:
            break
    return found


def painted(page: Page, url: str) -> float:
    """Open a page; milliseconds to its painted picture."""
    page.goto(url, wait_until="commit")
    return float(page.evaluate("bench.painted"))


def settle(page: Page) -> None:
    """Wait until nothing is left to come."""
    page.wait_for_timeout(250)
    page.evaluate("bench.idle()")
    page.wait_for_timeout(100)


def gray_code() -> Iterator[str]:
    """Which function to toggle next, such that no set of functions comes twice."""
    for number in range(1, 2 ** len(TOGGLED)):
        yield TOGGLED[(number & -number).bit_length() - 1]


def eighteen() -> str:
    """The address of the curve view with every function there is, and one's own."""
    specs = curve.Params.specs()
    every = {name: ",".join(specs[name].options) for name in ("functions", "more_functions")}  # type: ignore[attr-defined]
    return f"activations?{urlencode(every | {'expression': 'x*tanh(softplus(x))'})}"


def rows() -> dict[str, Callable[[Bench], Row]]:
    """What can be measured in the browser, by name."""
    eight = f"activations?{urlencode({'view': 'softmax', 'logits': ','.join(str(i / 2) for i in range(softmax.MOST))})}"
    return {
        "visit-curve": lambda bench: bench.compare_visits("visit-curve", "activations", "yardstick"),
        "visit-softmax": lambda bench: bench.compare_visits("visit-softmax", "activations?view=softmax", "yardstick?view=softmax"),
        "release": Bench.pill,
        "release-stage": Bench.neuron,
        "stroke": Bench.stroke,
        "cold-start": Bench.cold,
        "solved-4-2": lambda bench: bench.solved("solved-4-2", (4, 2)),
        "solved-8-8": lambda bench: bench.solved("solved-8-8", (8, 8)),
        "maps": Bench.maps,
        "probe-3": lambda bench: bench.frames("probe-3", "probe follows the pointer, 3 functions", "activations", "hover"),
        "probe-18": lambda bench: bench.frames("probe-18", "probe follows the pointer, 18 functions", eighteen(), "hover"),
        "drag-8": lambda bench: bench.frames("drag-8", "softmax bar follows the pointer, 8 classes", eight, "drag"),
    }


@contextmanager
def opened(count: int) -> Iterator[Bench]:
    """A Bench with its browser; servers start when they are needed."""
    path = find()
    if path is None:
        raise SystemExit("No browser to measure with: run `python -m tools.browser`.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        bench = Bench(browser, Path(folder), count)
        try:
            yield bench
        finally:
            bench.stop()
            browser.close()
