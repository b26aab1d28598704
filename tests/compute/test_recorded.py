"""Recorded results, of every view whose models have to be fetched: there for each first picture, and what the model gives."""

import numpy as np
import pytest

from dlviz.compute import resolve, run
from dlviz.params import Params
from dlviz.results import Result
from dlviz.zoo import recorded
from recipes.recorded import VIEWS, settings_of
from tests.fetched import need

RECORDED = [pytest.param(view, params, id=f"{view}-{number}") for view in VIEWS for number, params in enumerate(settings_of(view))]


@pytest.mark.parametrize(("view", "params"), RECORDED)
def test_what_is_recorded_is_what_the_model_gives(view: str, params: Params) -> None:
    old = recorded.find(view, params, resolve(view)[1])
    assert old is not None, "run `python -m recipes.recorded`"
    need(params)
    new: Result = run(view, params)
    assert old.params == params and getattr(old, "pieces", ()) == getattr(new, "pieces", ())
    for name, fact in new.facts().items():
        was = old.facts()[name].value
        assert was == fact.value or was == pytest.approx(fact.value, rel=0.03, abs=1e-3), name
    maps = getattr(new, "attention", np.zeros(0))
    np.testing.assert_allclose(getattr(old, "attention", maps), maps, atol=0.02)
