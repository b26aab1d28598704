"""The pictures of Hinges and the pads: what the component reads is the result, piece by piece."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dlviz.compute.activations.hinges import SIZES, Params, compute
from dlviz.data.own import decode, encode
from dlviz.figures.activations import hinges
from dlviz.figures.drawpad import curve_pad, points_pad
from dlviz.figures.payload import unpack
from dlviz.lessons import Scene
from tests.conftest import SCENES

HINGES = [scene for scene in SCENES if scene.view == "hinges"]


@pytest.mark.parametrize("scene", HINGES, ids=lambda scene: scene.id)
def test_the_payload_is_the_target_the_snapshots_the_losses_and_the_price(scene: Scene, result_of: Callable[[Scene], Any]) -> None:
    result = result_of(scene)
    header, arrays = unpack(hinges((result,)))
    values = arrays["values"]
    width, frames, steps = 3 * header["units"] + 1, len(header["steps"]), header["losses"]
    wanted, snapshots, losses, price = np.split(values, np.cumsum([201, frames * width, steps]))
    np.testing.assert_array_equal(wanted, result.wanted)
    np.testing.assert_array_equal(snapshots.reshape(frames, width), result.frames)
    np.testing.assert_array_equal(losses, result.losses)
    np.testing.assert_array_equal(price.reshape(3, len(SIZES)), [result.interpolated, result.solved, result.trained.min(0)])
    assert header["steps"] == result.frame_steps.tolist() and header["total"] == steps - 1 and len(header["price"]) == 3


@pytest.mark.parametrize("scene", HINGES, ids=lambda scene: scene.id)
def test_settings_that_come_back_unchanged_change_nothing(scene: Scene, result_of: Callable[[Scene], Any]) -> None:
    """The component reports fields of the settings it was given: as Params they are the same, whatever JSON made of them."""
    header, _ = unpack(hinges((result_of(scene),)))
    params = scene.params.canonical()
    assert type(params)(**(params.as_dict() | json.loads(json.dumps(header["settings"])))).canonical() == params


def test_a_diverged_training_is_a_picture_too() -> None:
    result = compute(Params(start="own", units=4, w=(900,) * 4, activation="identity", optimiser="sgd", learning_rate=1))
    header, arrays = unpack(hinges((result,)))
    values = arrays["values"]
    assert header["losses"] == len(result.losses) < 400 and max(header["steps"]) < header["losses"]
    assert len(values) == 201 + result.frames.size + header["losses"] + 15


def test_pads_say_their_mode_field_and_value() -> None:
    text = encode(np.array([[0.1, -0.2], [1.1, 0.3]]), np.array([1, 0]))
    header, values = unpack(points_pad("points", text, ("a", "b")))
    assert (header["mode"], header["field"], header["most"], header["labels"]) == ("points", "points", 300, ["a", "b"]) and len(values) == 0
    assert decode(header["value"])[0].tolist() == [[1.1, 0.3], [0.1, -0.2]]
    header, _ = unpack(curve_pad("curve", (0.0, 0.5, -0.5), 1.5))
    assert (header["mode"], header["field"], header["value"], header["reach"]) == ("curve", "curve", [0, 0.5, -0.5], 1.5)
