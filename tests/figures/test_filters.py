"""What the browser is given of a convolution, and what comes back from the drawing pad."""

import base64

import numpy as np
import pytest

from dlviz.compute.filters.convolution import Params, compute
from dlviz.compute.filters.inside import Params as InsideParams
from dlviz.compute.filters.inside import compute as inside_of
from dlviz.figures.filters import convolution, inside
from dlviz.figures.payload import unpack
from dlviz.figures.sketch import SIDE, UnreadableDrawing, read, sketch


def test_the_browser_gets_the_picture_as_bytes_and_the_kernel_before_it_is_turned() -> None:
    result = compute(Params(preset="emboss", flip=True, input="flower", colour="depthwise"))
    header, arrays = unpack(convolution((result,)))
    assert (arrays["image"].reshape(3, 64, 64) == result.image).all()
    assert header["settings"]["kernel"] == result.kernel[::-1, ::-1].ravel().tolist()
    assert header["settings"]["flip"] is True and header["sized"] is False


def test_what_is_edited_in_the_picture_fits_back_into_the_settings() -> None:
    params = Params(preset="gabor", size="5", angle=20)
    settings = unpack(convolution((compute(params),)))[0]["settings"]
    edited = Params(**(params.as_dict() | settings | {"preset": "own", "row": 3.0}))
    assert np.abs(compute(edited).output - compute(params).output).max() < 1e-10
    assert settings.keys() == {name for name, spec in Params.specs().items() if spec.stage} - {"picture"} | {"preset"}


def test_a_picture_beside_widens_the_scale_but_its_own_is_left_to_the_browser() -> None:
    one, other = compute(Params(activation="tanh")), compute(Params(preset="own", kernel=(-5,)))
    assert unpack(convolution((one,)))[0]["reach"] == [] and unpack(convolution((one,)))[0]["signed"] is False
    header = unpack(convolution((one, other)))[0]
    assert header["reach"] == pytest.approx([5 * float(other.image.max()) / 255] * 3) and header["signed"] is True


def test_a_drawing_comes_back_as_it_was_drawn() -> None:
    drawing = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
    assert (unpack(sketch("drawing", drawing))[1]["pixels"].reshape(SIDE, SIDE) == drawing).all()
    assert not unpack(sketch("drawing", None))[1]["pixels"].any()
    assert (read(base64.b64encode(drawing.tobytes()).decode()) == drawing).all()


@pytest.mark.parametrize("wrong", ["", "not base64!", "AAAA", "é" * 1046, base64.b64encode(bytes(785)).decode()])
def test_what_is_no_drawing_is_refused(wrong: str) -> None:
    with pytest.raises(UnreadableDrawing, match="The drawing"):
        read(wrong)


def test_inside_sends_levels_that_stand_for_the_values_and_zero_is_the_neutral_one() -> None:
    result = inside_of(InsideParams(photo="coffee", method="times_input", layer="blocks.14.project"))
    header, arrays = unpack(inside((result,)))
    reach = header["reach"]["attribution"]
    back = (arrays["attribution"].astype(float).reshape(224, 224) - 128) / 127 * reach
    within = np.abs(result.attribution) <= reach
    assert within.mean() == pytest.approx(0.99, abs=1e-4) and header["clipped"]
    assert np.abs(back - result.attribution)[within].max() <= reach / 254 + 1e-9
    assert (np.abs(back[~within]) == pytest.approx(reach)) and (np.sign(back) == np.sign(result.attribution))[~within].all()
    assert (arrays["attribution"].reshape(224, 224)[result.attribution == 0] == 128).all()
    assert header["signed"] == {"attribution": True, "sanity": True, "maps": True}
    assert [i for i, _ in header["top"]] == np.argsort(-result.probabilities)[:5].tolist()
    assert header["facts"]["p"] == result.probabilities[result.target]


def test_inside_beside_another_picture_shares_the_scales_of_one_layer_and_one_method() -> None:
    one, other = (inside_of(InsideParams(photo=photo, method="grad_cam", layer="head")) for photo in ("coffee", "cat"))
    alone, pair = unpack(inside((one,)))[0]["reach"], unpack(inside((one, other)))[0]["reach"]
    assert pair == unpack(inside((other, one)))[0]["reach"] and all(pair[name] >= alone[name] for name in pair)
    apart = inside_of(InsideParams(photo="coffee", method="saliency", layer="stem"))
    assert unpack(inside((one, apart)))[0]["reach"] == alone
    assert unpack(inside((apart,)))[0]["signed"] == {"attribution": False, "sanity": False, "maps": False}
