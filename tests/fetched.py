"""Models that are fetched on demand, for tests that need them: skipped where they are not here and cannot be had."""

from functools import cache

import pytest

from dlviz.params import Params
from dlviz.zoo import MissingWeights, language


@cache
def why_not(name: str) -> str:
    """Why the model cannot be had here; empty if it is here, fetched now if need be."""
    try:
        return "" if language.fetch(name).wait(300) else f"{name} was not fetched within five minutes"
    except MissingWeights as error:
        return str(error)


def need(params: Params) -> None:
    """Skip the test if these settings ask for a model that cannot be had here."""
    name = getattr(params, "model", "")
    if name in language.FETCHED and (why := why_not(name)):
        pytest.skip(why)
