"""What the browser is given of a convolution and of a maximisation, and what comes back from the drawing pad."""

import base64
from dataclasses import replace

import numpy as np
import pytest

from dlviz.compute import run
from dlviz.compute.filters import channel as channel_view
from dlviz.compute.filters import drag, sets
from dlviz.compute.filters import inside as insides
from dlviz.compute.filters import learning as learnings
from dlviz.compute.filters.attribution import finished
from dlviz.compute.filters.convolution import Params, compute
from dlviz.compute.filters.drag import Params as Dragged
from dlviz.compute.filters.inside import Params as InsideParams
from dlviz.compute.filters.rivals import RIVALS
from dlviz.figures.filters import channel, convolution, inside, learning
from dlviz.figures.filters import drag as dragged
from dlviz.figures.payload import Clip, unpack
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


def test_the_player_gets_the_pictures_as_they_were_measured_and_the_real_ones_beside() -> None:
    result = run("filters.channel", channel_view.Params(size=64, steps=8))
    header, arrays = unpack(channel((result,), Clip("a", 8, True)))
    rgb, gallery, climb = header["panels"]
    assert (arrays["pictures"].reshape(-1, 64, 64, 3) == result.pictures).all() and rgb["side"] == 64
    assert arrays["values"].tolist() == result.values.astype(np.float32).tolist() and header["steps"] == result.steps.tolist()
    assert (arrays["best"].reshape(-1, 64, 64, 3) == result.best_pictures).all() and "55" in gallery["title"]
    assert gallery["values"] == sorted(gallery["values"], reverse=True) and climb["level"] == gallery["values"][0]


def test_a_run_beside_widens_the_axis_only_if_it_climbs_the_same() -> None:
    one, same, other = (
        run("filters.channel", channel_view.Params(size=64, steps=8, **settings)) for settings in ({}, {"seed": 1}, {"layer": "stem"})
    )
    clip = Clip("a", 8, True)
    assert unpack(channel((one,), clip))[0]["beside"] == [] and unpack(channel((one, other), clip))[0]["beside"] == []
    low, high = unpack(channel((one, same), clip))[0]["beside"]
    assert low == same.values.min() and high == max(same.values.max(), same.answers.max())


def test_the_browser_gets_every_shift_and_what_is_not_measured_yet_as_nan() -> None:
    params = Dragged(steps=20, shuffled=True, across=-3, down=5)
    way = drag.compute(params)
    early = drag.gather(params, [next(way)])
    way.close()
    header, arrays = unpack(dragged((early,), Clip("x", 25, False)))
    assert header["settings"] == {"across": -3, "down": 5} and header["label"] == 9 and not header["done"]
    assert sorted(header["shuffled"]) == list(range(784)) and np.isnan(arrays["accuracies"]).all()
    here = arrays["maps"].reshape(3, 17, 17)[:, 13, 5]
    assert here.tolist() == [early.facts()[f"p[{name}]"].value for name in RIVALS]
    assert set(arrays["guesses"].tolist()) <= set(range(10)) and (arrays["picture"].reshape(28, 28) == early.picture).all()


def test_inside_sends_levels_that_stand_for_the_values_and_zero_is_the_neutral_one() -> None:
    result = finished(insides.compute(InsideParams(photo="coffee", method="times_input", layer="blocks.14.project")))
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
    one, other = (finished(insides.compute(InsideParams(photo=photo, method="grad_cam", layer="head"))) for photo in ("coffee", "cat"))
    alone, pair = unpack(inside((one,)))[0]["reach"], unpack(inside((one, other)))[0]["reach"]
    assert pair == unpack(inside((other, one)))[0]["reach"] and all(pair[name] >= alone[name] for name in pair)
    apart = finished(insides.compute(InsideParams(photo="coffee", method="saliency", layer="stem")))
    assert unpack(inside((one, apart)))[0]["reach"] == alone
    assert unpack(inside((apart,)))[0]["signed"] == {"attribution": False, "sanity": False, "maps": False}


def test_a_run_reaches_the_player_frame_by_frame() -> None:
    """Weights as they are, the rival's to half a level of its largest; every cell with errors has a picture of its own class."""
    result = run("filters.learning", learnings.Params(pictures=500, channels=2, kernel="3"))
    assert isinstance(result, learnings.Result)
    header, arrays = unpack(learning((result,), Clip("a", 20, True)))
    frames = len(header["steps"])
    assert (arrays["kernels"] == result.kernels.ravel()).all() and header["steps"] == result.steps.tolist()
    assert all(arrays[name].size % frames == 0 for name in header["framed"])
    reach = arrays["rival_reach"][:, None]
    rival = (arrays["rival"].reshape(frames, -1).astype(float) - 127) / 127 * reach
    assert (np.abs(rival - result.rival.reshape(frames, -1)) <= 0.5001 / 127 * reach).all()
    kernels, maps = (next(panel for panel in header["panels"] if panel["kind"] == kind) for kind in ("kernels", "maps"))
    assert [(layer["at"], layer["out"], layer["into"]) for layer in kernels["layers"]] == [(0, 2, 1), (18, 4, 2)]
    assert [(layer["at"], layer["channels"], layer["side"]) for layer in maps["layers"]] == [(0, 2, 28), (2 * 28**2, 4, 14)]
    truth, examples = sets.labels(result.params.as_dict(), "held_out"), np.array(header["examples"]).reshape(10, 10)
    assert ((examples >= 0) == (result.confusion[-1] > 0)).all()
    held_out, wrong = sets.images(result.params.as_dict(), "held_out")[:, 0], arrays["wrong"].reshape(-1, 28, 28)
    for row, column in np.argwhere(examples >= 0):
        same = (held_out == wrong[examples[row, column]]).all((1, 2))
        assert (truth[same] == row).any() and (result.answers[same] == column).any()


def test_a_run_in_colour_reaches_the_player_with_three_channels() -> None:
    result = run("filters.learning", learnings.Params(data="emoji", channels=2, kernel="3", layers=2, batch_size=200))
    assert isinstance(result, learnings.Result)
    header, arrays = unpack(learning((result,), Clip("a", 10, True)))
    kernels, maps = (next(panel for panel in header["panels"] if panel["kind"] == kind) for kind in ("kernels", "maps"))
    found = [(layer["at"], layer["out"], layer["into"], layer["depth"]) for layer in kernels["layers"]]
    assert found == [(0, 2, 1, 3), (2 * 3 * 9, 4, 2, 1)] and maps["depth"] == 3
    assert arrays["kernels"].size == len(result.steps) * (2 * 3 * 9 + 4 * 2 * 9)
    assert (
        arrays["watched"].reshape(-1, 3, 28, 28) == sets.images(result.params.as_dict(), "held_out")[sets.shown(result.params.as_dict())]
    ).all()


def test_a_run_that_has_diverged_can_be_packed() -> None:
    result = run("filters.learning", learnings.Params(pictures=500, channels=2, kernel="3"))
    assert isinstance(result, learnings.Result)
    nothing = {name: np.full_like(getattr(result, name), np.nan) for name in ("kernels", "rival", "losses", "highs", "chances")}
    broken = replace(result, **nothing)
    header, arrays = unpack(learning((result, broken), Clip("a", 20, True)))
    assert header["beside"]["losses"] == 0 and unpack(learning((broken,), Clip("a", 20, True)))[1]["rival"].max() == 127
