"""A hub that answers here, and a machine that has nothing of it yet."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.zoo import hubs


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[hubs.Hub]:
    """The only hub that Hugging Face's library knows, with tiny/gpt2; the host allows it, and caches are empty."""
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.01)))  # the library waits longer before each new try
    made = hubs.Hub()
    made.take("tiny/gpt2", hubs.write("gpt2", tmp_path / "gpt2"))
    with hubs.serving(made) as address:
        hubs.use(monkeypatch, tmp_path, address)
        yield made
