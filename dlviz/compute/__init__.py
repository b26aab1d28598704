"""Where numbers are made. `dlviz/compute/<slug>/<view>.py` holds a view's `Params`, its `Result`, and `compute(params)`.

`compute` returns the Result. A long one is a generator of Snapshots that returns it at the end, and has beside it
`gather(params, snapshots) -> Result`, which makes a Result of what there is so far; and `kept(params) -> bool` where it keeps something.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

from dlviz.params import Params
from dlviz.results import Result, Snapshot


def resolve(view: str) -> tuple[type[Params], type[Result], Callable[[Params], Any]]:
    """The Params class, Result class and compute function of a view named "slug.view"."""
    module = import_module(f"dlviz.compute.{view}")
    return module.Params, module.Result, module.compute


def run(view: str, params: Params) -> Result:
    """The Result of a view, however long it takes."""
    outcome = resolve(view)[2](params)
    while isinstance(outcome, Iterator):
        try:
            next(outcome)
        except StopIteration as end:
            outcome = end.value
    result: Result = outcome
    return result


def kept(view: str, params: Params) -> bool:
    """Whether what takes long is there already, so that the Result is a matter of a moment; most views keep nothing."""
    told: Callable[[Params], bool] | None = getattr(import_module(f"dlviz.compute.{view}"), "kept", None)
    return bool(told and told(params))


def gather(view: str, params: Params, snapshots: Sequence[Snapshot]) -> Result:
    """The snapshots of a long run so far as one Result."""
    result: Result = import_module(f"dlviz.compute.{view}").gather(params, snapshots)
    return result
