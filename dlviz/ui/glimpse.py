"""What Inside a real network says while the patch is still held: one pass under the hand, as quick as page and network are."""

from dataclasses import replace
from typing import Any

from dlviz.compute.filters import inside
from dlviz.fields import ParameterError
from dlviz.figures import filters as figures


def answer(result: inside.Result, asked: Any) -> bytes | None:
    """The answer to a question `{patch_x, patch_y}` of the component; None for anything else.

    One pass of some 20 ms, made here: a job of its own would cost as much again, and would not be wanted a moment later.
    """
    try:
        params = replace(result.params, patch_x=asked["patch_x"], patch_y=asked["patch_y"])
    except (ParameterError, TypeError, KeyError):
        return None
    return figures.glimpse(params, result, inside.under_patch(params, result.target))
