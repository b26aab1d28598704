"""One convolution against SciPy, its sizes and costs against torch's own layers and by counting, and the laws it must obey."""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import signal

from dlviz import assets
from dlviz.compute.filters import inputs
from dlviz.compute.filters.convolution import Params, compute
from dlviz.data import digits
from dlviz.fields import ParameterError
from tests.test_params import random_params

PAD = {"valid": "constant", "same": "constant", "reflect": "reflect"}


def spread(kernel: np.ndarray, dilation: int) -> np.ndarray:
    """The kernel with dilation − 1 zeros between its weights."""
    k = len(kernel)
    wide = np.zeros((dilation * (k - 1) + 1,) * 2)
    wide[::dilation, ::dilation] = kernel
    return wide


def by_scipy(params: Params, correlate: bool = True) -> np.ndarray:
    """The output channel by channel from scipy.signal: every place first, then each stride-th of them."""
    kernel, stride, dilation = params.weights().numpy(), int(params.stride), int(params.dilation)
    p = 0 if params.padding == "valid" else (dilation * (len(kernel) - 1)) // 2
    wide = spread(kernel, dilation)
    operation = signal.correlate2d if correlate else signal.convolve2d
    maps = [operation(np.pad(channel / 255, p, mode=PAD[params.padding]), wide, mode="valid") for channel in params.pixels()]  # type: ignore[call-overload]
    every = np.stack(maps)[:, ::stride, ::stride]
    if params.colour == "mixed":
        every = np.tensordot(np.array([params.red, params.green, params.blue])[: len(every)], every, axes=1)[None]
    return every + params.bias


@pytest.mark.parametrize(
    ("padding", "stride", "dilation", "size"), list(itertools.product(PAD, (1, 2, 3, 4), (1, 2, 3), ("1", "2", "3", "4", "5", "7")))
)
def test_the_output_is_scipys(padding: str, stride: int, dilation: int, size: str) -> None:
    settings = {"padding": padding, "stride": stride, "dilation": dilation, "size": size, "preset": "random", "input": "rings"}
    if padding == "same" and (stride > 1 or int(size) % 2 == 0):
        with pytest.raises(ParameterError, match="same needs an odd kernel and stride 1"):
            Params(**settings)
        return
    params = Params(**settings)
    output, expected = compute(params).output, by_scipy(params)
    assert output.shape == expected.shape == (1, params.output_side(), params.output_side())
    assert np.abs(output - expected).max() < 1e-12


def test_the_output_is_scipys_for_random_settings() -> None:
    """Colours, mixtures, bias, edited kernels and crops among them."""
    rng, seen = random.Random(3), set()
    for _ in range(80):
        params = random_params(Params, rng).canonical()
        seen.add((params.colour, params.preset == "own"))
        output, expected = compute(params).output, by_scipy(params)
        scale = max(1.0, float(np.abs(expected).max()))
        assert output.shape == expected.shape and np.abs(output - expected).max() < 1e-12 * scale, params
    assert {colour for colour, _ in seen} == {"grey", "depthwise", "mixed"} and {own for _, own in seen} == {True, False}


def test_a_flipped_kernel_makes_it_the_convolution_of_mathematics() -> None:
    for preset in ("emboss", "sobel_y", "random"):
        plain = Params(preset=preset, input="cat", padding="reflect")
        flipped = replace(plain, flip=True)
        assert np.abs(compute(flipped).output - by_scipy(plain, correlate=False)).max() < 1e-12
        assert compute(flipped).facts()["flip_difference"].value == pytest.approx(np.abs(by_scipy(plain) - by_scipy(plain, False)).max())


def test_same_keeps_the_size_for_every_odd_kernel_and_dilation() -> None:
    for size, dilation in itertools.product(("1", "3", "5", "7"), (1, 2, 3)):
        params = Params(padding="same", size=size, dilation=dilation)
        assert params.output_side() == 28
        if dilation == 1:
            assert params.padded_by() == int(size) // 2


@pytest.mark.parametrize("colour", ["grey", "depthwise", "mixed"])
def test_parameters_and_multiply_adds_are_those_of_torchs_layer(colour: str) -> None:
    """The layer counts its own weights; multiply-adds are counted by feeding ones through a layer of ones."""
    params = Params(input="flower", colour=colour, preset="box", size="5", stride=2, dilation=2)
    channels = 1 if colour == "grey" else 3
    out, groups = (3, 3) if colour == "depthwise" else (1, 1)
    built = torch.nn.Conv2d(channels, out, 5, stride=2, dilation=2, groups=groups)
    ones = torch.nn.functional.conv2d(torch.ones(1, channels, 64, 64), torch.ones_like(built.weight), None, 2, 0, 2, groups)
    facts = compute(params).facts()
    assert facts["parameters"].value == sum(p.numel() for p in built.parameters())
    assert facts["multiply_adds"].value == ones.sum().item()
    assert facts["output_side"].value == ones.shape[-1]


def test_a_dot_becomes_the_kernel_turned_round_and_flipped_the_kernel_itself() -> None:
    plain = compute(Params(input="dot", preset="emboss"))
    middle = slice(8, 11)
    assert (plain.output[0, middle, middle] == plain.kernel[::-1, ::-1]).all()
    assert np.count_nonzero(plain.output) == np.count_nonzero(plain.kernel)
    flipped = compute(Params(input="dot", preset="emboss", flip=True))
    assert (flipped.output[0, middle, middle] == plain.kernel).all()


def test_a_kernel_that_moves_the_picture_moves_it() -> None:
    """Shift equivariance in its plainest form: one weight of 1 beside the middle."""
    moved = compute(Params(preset="own", kernel=(0, 0, 0, 1, 0, 0, 0, 0, 0), padding="same"))
    image = moved.image[0] / 255
    assert (moved.output[0][:, 1:] == image[:, :-1]).all() and (moved.output[0][:, 0] == 0).all()


def test_outputs_add_up_when_kernels_do() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(2, 9))
    first, second, both = (compute(Params(preset="own", kernel=tuple(w), input="coins")).output for w in (a, b, 2 * a - 3 * b))
    assert np.abs(both - (2 * first - 3 * second)).max() < 1e-9  # weights are kept to 12 digits


def test_activation_and_pooling_are_what_their_names_say() -> None:
    plain = compute(Params()).output[0]
    wanted = {
        "relu": np.maximum(plain, 0),
        "abs": np.abs(plain),
        "tanh": np.tanh(plain),
        "sigmoid": 1 / (1 + np.exp(-plain)),
        "none": plain,
    }
    for name, expected in wanted.items():
        for pooling, side in itertools.product(("max", "average", "none"), (2, 3, 4)):
            result = compute(Params(activation=name, pooling=pooling, pool_side=side))
            assert np.abs(result.activated[0] - expected).max() < 1e-14
            q = 26 // side
            blocks = expected[: q * side, : q * side].reshape(q, side, q, side)
            pooled = {"max": blocks.max((1, 3)), "average": blocks.mean((1, 3)), "none": expected}[pooling]
            assert np.abs(result.pooled[0] - pooled).max() < 1e-14
            assert result.facts()["final_side"].value == len(pooled)


def test_what_cannot_be_says_why() -> None:
    with pytest.raises(ParameterError, match="a 4 × 4 kernel would need half a pixel a side"):
        Params(size="4", padding="same")
    with pytest.raises(ParameterError, match="stride 2 makes the output smaller"):
        Params(stride=2, padding="same")
    with pytest.raises(ParameterError, match="a square of 1, 4, 9"):
        Params(preset="own", kernel=(1, 2, 3))
    with pytest.raises(ParameterError, match="fits into the 3 × 3 pixels"):
        Params(size="7", dilation=3, stride=4, pooling="max", pool_side=4)


def test_no_valid_settings_fail() -> None:
    """The largest window on the smallest picture at every padding: nothing that Params allows may break the computation."""
    for name, size, padding in itertools.product(("dot", "digit", "own"), ("6", "7"), ("valid", "reflect")):
        result = compute(Params(input=name, preset="box", size=size, dilation=3, stride=4, padding=padding))
        assert result.output.size and all(fact.value is None or np.isfinite(fact.value) for fact in result.facts().values())


def test_your_own_picture_is_used_as_it_was_brought() -> None:
    drawing = np.random.default_rng(1).integers(0, 256, (28, 28), dtype=np.uint8)
    name = assets.put(drawing)
    params = Params(input="own", picture=name)
    assert (compute(params).image[0] == drawing).all() and params.canonical().picture == name
    assert Params(picture=name).canonical().picture == ""
    photograph = assets.put(np.full((300, 500, 3), (200, 100, 50), np.uint8))
    for colour, wanted in (("depthwise", [200, 100, 50]), ("grey", [124])):  # 0.299·200 + 0.587·100 + 0.114·50 = 124.2
        image = compute(Params(input="own", picture=photograph, colour=colour)).image
        assert image.shape == (len(wanted), 64, 64) and image[:, 5, 5].tolist() == wanted


def test_without_a_picture_of_your_own_there_is_a_digit() -> None:
    default = digits.load("held_out").images[3]
    assert (compute(Params(input="own")).image[0] == default).all()
    assert (compute(Params(input="own", picture="0" * 64)).image[0] == default).all()


def test_the_side_that_is_foretold_is_the_side_there_is() -> None:
    small = assets.put(np.zeros((40, 90), np.uint8))
    for name, zoom in itertools.product(inputs.INPUTS, (1, 1.5, 4)):
        assert inputs.side(name, small, zoom) == len(inputs.picture(name, 0, small, zoom, 0.3, 0.9)), (name, zoom)


def test_settings_without_effect_make_no_difference() -> None:
    """Weights of colours on a digit, the angle of a Sobel kernel, a size that Laplacian does not have."""
    same = [Params(red=0.5, colour="mixed"), Params(angle=30), Params(kernel=(1,)), Params(zoom=3)]
    assert {params.canonical() for params in same} == {Params()}
    assert Params(preset="laplacian", size="5").canonical() == Params(preset="laplacian")
    mixed = Params(input="digit", colour="mixed", red=0.3).canonical()
    assert mixed.canonical() == mixed


def test_of_the_sevens_level_bar_little_is_left() -> None:
    """What the scene says: between its ends (rows 4 to 12, columns 4 to 14) nothing reaches a third of the strongest edge."""
    output = compute(Params()).output[0]
    assert digits.load("held_out").labels[3] == 7
    assert compute(Params()).image[0, 10, 6:16].min() > 100  # there is the bar
    assert np.abs(output[4:13, 4:15]).max() < np.abs(output).max() / 3
    assert output[9, 2] > 3 > 0 > -3 > output[9, 19]  # its left end brightens, its right end darkens, from left to right
