"""Models fetched beside everything else: once in a process, however many ask, and whoever stops asking does not stop it."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from dlviz.zoo.files import MissingWeights
from dlviz.zoo.pip import Progress

log = logging.getLogger("dlviz.zoo")


class Wanted(Protocol):
    """What can be fetched, known by its name."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def is_here(self) -> bool:
        """Whether nothing is left to fetch."""

    def fetch(self) -> Iterator[Progress]:
        """Make sure that it is here, and say how far that is. MissingWeights with one sentence if it cannot be had."""


@dataclass(eq=False)
class Fetch:
    """A model that is being fetched, or is here, or could not be had."""

    progress: Progress = Progress("starting")
    error: MissingWeights | None = None
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def ended(self) -> bool:
        """Whether it is over, well or not."""
        return self._ended.is_set()

    def wait(self, seconds: float) -> bool:
        """Whether the model is here; after `seconds` at the latest. MissingWeights if it could not be had."""
        ended = self._ended.wait(seconds)
        if self.error:
            raise self.error
        return ended

    def run(self, model: Wanted) -> None:
        """Fetch the model; however that ends, those who wait hear of it."""
        try:
            for progress in model.fetch():
                self.progress = progress
        except MissingWeights as error:
            self.error = error
        except Exception as error:
            log.exception("%s could not be made ready.", model.name)
            self.error = MissingWeights(f"{model.title} could not be made ready ({type(error).__name__}).")
        finally:
            self._ended.set()


_lock = threading.Lock()
_fetches: dict[str, Fetch] = {}


def start(model: Wanted) -> Fetch:
    """The fetch of this model that is under way or done, or a new one: one that failed is tried again, and so is one whose file is gone."""
    with _lock:
        known = _fetches.get(model.name)
        if known is None or known.ended and (known.error or not model.is_here()):
            known = _fetches[model.name] = Fetch()
            threading.Thread(target=known.run, args=(model,), name=f"fetch-{model.name}", daemon=True).start()
    return known
