"""Results that ship with the project, for pictures of models that have to be fetched first: made by `python -m recipes.recorded`."""

from pathlib import Path
from typing import TypeVar

from dlviz.params import Params, key
from dlviz.results import Result, StaleResult
from dlviz.zoo import language

FOLDER = Path(__file__).parents[2] / "models" / "recorded"
R = TypeVar("R", bound=Result)


def file_of(view: str, params: Params) -> Path:
    """Where the result of these settings is kept if it was recorded."""
    return FOLDER / f"{view}-{key(view, params)[:16]}.npz"


def find(view: str, params: Params, kind: type[R]) -> R | None:
    """The recorded result of these settings; None if there is none, or an older version of its compute module made it."""
    file = file_of(view, params)
    try:
        return kind.from_npz(file.read_bytes(), view) if file.exists() else None
    except StaleResult:
        return None


def instead(view: str, params: Params, kind: type[R], model: str) -> R | None:
    """What to give where the model is not here: the recorded result. None where the model is here, or there is no such result."""
    return None if language.is_here(model) else find(view, params, kind)


def missing(view: str, params: Params, kind: type[R], model: str) -> str | None:
    """The model, if it has to be fetched before these settings can be shown; None if it is here, or the result was recorded."""
    return None if language.is_here(model) or find(view, params, kind) else model
