"""Where numbers are made. `dlviz/compute/<slug>/<view>.py` holds a view's `Params`, its `Result`, and `compute(params) -> Result`."""

from collections.abc import Callable
from importlib import import_module

from dlviz.params import Params
from dlviz.results import Result


def resolve(view: str) -> tuple[type[Params], type[Result], Callable[[Params], Result]]:
    """The Params class, Result class and compute function of a view named "slug.view"."""
    module = import_module(f"dlviz.compute.{view}")
    return module.Params, module.Result, module.compute
