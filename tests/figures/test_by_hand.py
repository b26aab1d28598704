"""The picture of By hand: what the component reads is the graph and the result; boxes do not overlap, edges lead to the right."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dlviz.compute.gradients.by_hand import Params, compute
from dlviz.compute.gradients.examples import EXAMPLES
from dlviz.figures.gradients import by_hand
from dlviz.figures.layers import places
from dlviz.figures.payload import unpack
from dlviz.lessons import Scene
from dlviz.nets.reading import read
from tests.conftest import SCENES, view_of
from tests.nets.test_graph import random_graphs

BY_HAND = [scene for scene in SCENES if view_of(scene) == "gradients.by_hand"]


def test_no_two_boxes_overlap_and_every_edge_leads_to_the_right() -> None:
    for text, graph in [*random_graphs(11, 200), *((slug, read(each.expression)) for slug, each in EXAMPLES.items())]:
        inputs = [node.inputs for node in graph.nodes]
        found = places(inputs)
        assert min(row for _, row in found) == pytest.approx(0) and all(column >= 0 for column, _ in found)
        for n, its in enumerate(inputs):
            assert all(found[i][0] < found[n][0] for i in its), text
        for i, (column, row) in enumerate(found):
            assert all(other[0] != column or abs(other[1] - row) > 1 - 1e-9 for other in found[:i]), text
        assert max(row for _, row in found) < len(found)


def test_a_chain_is_a_straight_line_and_a_network_is_no_higher_than_its_inputs() -> None:
    assert {row for _, row in places([node.inputs for node in read("tanh(sin(exp(a)))").nodes])} == {0}
    assert max(row for _, row in places([node.inputs for node in read(EXAMPLES["network"].expression).nodes])) <= 5.5


@pytest.mark.parametrize("scene", BY_HAND, ids=lambda scene: scene.id)
def test_the_payload_is_the_graph_and_the_result(scene: Scene, result_of: Callable[[Scene], Any]) -> None:
    result = result_of(scene)
    header, arrays = unpack(by_hand((result,)))
    graph, leaves = result.params.graph(), result.params.values()
    assert [operation for operation, *_ in header["nodes"]] == [node.operation for node in graph.nodes]
    assert header["names"] == list(leaves) and header["settings"]["values"] == list(leaves.values())
    assert header["data"] == [name[0] in "xt" for name in leaves] and header["opens"] == scene.params.as_dict()["opens"]
    for name in ("autograd", "steps", "ahead", "central", "at_step", "higher"):
        np.testing.assert_array_equal(arrays[name], getattr(result, name))
    np.testing.assert_array_equal(arrays["sweep"], result.gradients[list(graph.leaves.values())])


@pytest.mark.parametrize("slug", EXAMPLES)
def test_settings_that_come_back_unchanged_change_nothing(slug: str) -> None:
    """The component reports the settings it was given, the values by their example: as Params they are the same numbers."""
    params = Params(example=slug)
    header, _ = unpack(by_hand((compute(params),)))
    settings = json.loads(json.dumps(header["settings"]))
    back = Params(**(params.as_dict() | {header["field"]: settings.pop("values")} | settings))
    assert (back.values(), back.leaf(), back.beside, back.h) == (params.values(), params.leaf(), params.beside, params.h)


def test_what_is_not_a_number_reaches_the_browser() -> None:
    header, arrays = unpack(by_hand((compute(Params(example="own", expression="log(a)/b", own=(-1, 0))),)))
    assert np.isnan(arrays["sweep"]).any() and header["names"] == ["a", "b"]
