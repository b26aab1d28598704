"""The small network that What a channel wants asks: torch's own layers as oracle, and the very weights of Learning filters."""

import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dlviz import assets, scripts
from dlviz.compute import run
from dlviz.compute.filters import asked, changes, channel, learning, maximise, recognising, sets, small, trainings, trying
from dlviz.compute.filters.channel import Params
from dlviz.compute.shelf import Shelf
from dlviz.data import crops, digits
from dlviz.data.photographs import load
from dlviz.fields import ParameterError
from dlviz.nets.convolutional import EPSILON, Convolutional
from dlviz.results import Progress
from tests.test_params import random_params

QUICK = "pictures=500&layers=3&kernel=3&norm=1&channels=4"


def layers_of(net: Convolutional) -> nn.Sequential:
    """The same network made of torch's modules: convolution, batch norm, ReLU, max pooling, and a linear head."""
    parts: list[nn.Module] = []
    for i, (kernel, bias) in enumerate(zip(net.kernels, net.biases, strict=True)):
        out, into, side, _ = kernel.shape
        convolution, norm = nn.Conv2d(into, out, side, padding=side // 2), nn.BatchNorm2d(out, eps=EPSILON)
        convolution.load_state_dict({"weight": kernel, "bias": bias})
        names = ("weight", "bias", "running_mean", "running_var")
        numbers = (net.gains[i], net.shifts[i], net.means[i], net.variances[i])
        norm.load_state_dict(dict(zip(names, numbers, strict=True)) | {"num_batches_tracked": torch.tensor(0)})
        parts += [convolution, norm, nn.ReLU(), nn.MaxPool2d(2)]
    head = nn.Linear(net.head.shape[1], net.head.shape[0])
    head.load_state_dict({"weight": net.head, "bias": net.head_bias})
    return nn.Sequential(*parts, nn.Flatten(), head).eval()


@pytest.fixture(scope="module")
def trained() -> trainings.Trained:
    """Trained by itself: Learning filters, which might have it on its shelf, is the oracle."""
    learning.SHELF.things.clear()
    return trainings.at_once(trainings.settings_of(QUICK))


@pytest.mark.parametrize("place", ["1", "2", "3", small.LOGITS])
def test_what_is_climbed_is_what_torchs_layers_give(place: str, trained: trainings.Trained) -> None:
    pictures = 255 * torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    layers = layers_of(trained.net)
    with torch.no_grad():
        ours = small.excited(trained.net, place, pictures)
        theirs = layers(pictures / 255) if place == small.LOGITS else layers[: 4 * int(place) - 1](pictures / 255).mean((2, 3))
    assert ours.shape == theirs.shape and float((ours - theirs).abs().max()) < 1e-5 and float(ours.std()) > 0.01


def test_the_network_has_every_weight_of_learning_filters(trained: trainings.Trained) -> None:
    """Though that view trains a rival beside it."""
    result = run("filters.learning", trained.settings)
    assert isinstance(result, learning.Result)
    tensors = changes.tensors_of(trained.net)
    assert torch.cat([tensor.flatten() for tensor in tensors]).numpy().tobytes() == result.state.tobytes()
    assert trained.accuracy == result.accuracies[-1, 0]


def test_a_training_says_how_far_it_is_and_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainings, "_shelf", Shelf(trainings.KEPT))
    monkeypatch.setattr(learning, "SHELF", Shelf(1))
    settings = trainings.settings_of("pictures=500&channels=2&layers=1&batch_size=50")
    told = list(trainings.train(settings))
    assert told and {each.of for each in told} == {10} and [each.step for each in told] == list(range(1, 10))
    assert list(trainings.train(settings)) == [], "kept"
    for seed in range(2, 2 + trainings.KEPT):
        trainings.at_once(trainings.settings_of(f"pictures=500&channels=2&layers=1&batch_size=200&seed={seed}"))
    assert len(trainings._shelf.things) == trainings.KEPT and trainings._shelf.take(settings) is None


def test_a_network_in_a_program_is_the_same(trained: trainings.Trained) -> None:
    back = small.unpacked(small.packed(trained.net))
    pairs = zip(changes.tensors_of(trained.net), changes.tensors_of(back), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    assert (back.pool, back.reads) == (trained.net.pool, trained.net.reads)


def test_settings_and_changes_come_back_from_their_text() -> None:
    rng = random.Random(4)
    for _ in range(20):
        settings = random_params(learning.Params, rng)
        assert isinstance(settings, learning.Params)
        text = trainings.text_of(replace(settings, edits="[[0,1],[0,3,-0.25]]", weights="0" * 64))
        assert trainings.settings_of(text) == replace(settings, edits="[[0,1],[0,3,-0.25]]").canonical() and "weights" not in text
    assert trainings.text_of(learning.Params()) == "" and trainings.settings_of("") == learning.Params()


WRONG = ["layers=9", "layer=2", "hello", "norm=yes", "epochs=8&kernel=7&channels=12&layers=3&pictures=7500", "data=faces", "a=1&" * 600,
         f"weights={64 * '0'}", "weights=me", "edits=[[0]]", "edits=[[0,1,NaN]]", "edits=" + "[" * 900, "&" * 2000, "=" * 2400]  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_settings_that_learning_filters_cannot_have_are_refused_by_name(text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        channel.Params(training=text)
    assert caught.value.name == "training" and "\n" not in str(caught.value) and len(str(caught.value)) < 300
    with pytest.raises(ParameterError):
        channel.Params(training="x" * 2401)


def test_the_real_pictures_are_the_held_out_ones_best_first(trained: trainings.Trained) -> None:
    result = run("filters.channel", Params(network="small", training=QUICK, small_class="7", steps=8))
    held_out = torch.from_numpy(digits.load("held_out").images.astype(np.float32))[:, None]
    with torch.no_grad():
        logits = layers_of(trained.net)(held_out / 255)[:, 7].numpy()
    assert len(result.answers) == 2000 and np.abs(result.answers - logits).max() < 1e-4
    assert result.best[0] == logits.argmax() and (result.best_pictures[0] == held_out[result.best[0], 0, :, :, None].numpy()).all()
    truth = digits.load("held_out").labels[result.best]
    assert result.best_names() == [f"digit {label}, number {i}" for label, i in zip(truth, result.best, strict=True)]


def test_the_value_is_that_of_the_grey_picture_shown(trained: trainings.Trained) -> None:
    settings = {"network": "small", "small_target": "channel", "small_layer": "2", "small_channel": 9}
    result = run("filters.channel", Params(training=QUICK, steps=16, **settings))
    last = result.pictures[-1]
    assert (last == last[:, :, :1]).all() and last.shape == (28, 28, 3) and result.values[-1] > result.values[0]
    with torch.no_grad():  # the second convolution has eight maps, so number 9 is number 1
        maps = layers_of(trained.net)[:7](torch.from_numpy(last[None, None, :, :, 0].astype(np.float32)) / 255)
    assert result.values[-1] == pytest.approx(float(maps[0, 1].mean()), abs=1e-5)
    assert result.facts()["accuracy"].value == trained.accuracy and "seed 1" in result.provenance() and "500" in result.provenance()


def test_a_convolution_that_is_not_there_is_the_last() -> None:
    assert Params(network="small", small_target="channel", small_layer="3", training="layers=2").place() == "2"
    assert Params(network="small", small_target="channel", small_layer="3", training="layers=3").place() == "3"


@pytest.mark.parametrize("network", ["efficientnet", "small"])
def test_it_starts_from_a_digit_or_a_picture_of_ones_own(network: str) -> None:
    """The first picture is the one that was brought, its darkest and brightest colours at the sigmoid's ends; gone, it is the cat."""
    own = assets.put(np.array(load("coffee")))
    edge, side = 255 * maximise.DARKEST, 28 if network == "small" else 64
    settings = {"network": network, "training": QUICK, "size": 64, "steps": 8, "colours": "plain", "painting": "pixels"}
    expected = {
        "digit": digits.load("held_out").images[5],
        "own": crops.square(load("coffee"), side),
    }
    for start, picture in expected.items():
        first = run("filters.channel", Params(start=start, number=5, picture=own, **settings)).pictures[0].astype(float)
        wanted = crops.grey(picture)[:, :, None] if network == "small" or picture.ndim == 2 else picture
        if wanted.shape[0] == side:
            assert np.abs(first - wanted.clip(edge, 255 - edge)).mean() < 4, start  # squares are averaged, here bilinear
        assert first.std() > 20 and first.shape == (side, side, 3)
    gone = asked.first("own", "0" * 64, 0, side, False)
    assert gone is not None and (gone == asked.first("cat", "", 0, side, False)).all()


def test_what_learning_filters_has_just_trained_is_not_trained_again(trained: trainings.Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainings, "_shelf", Shelf(trainings.KEPT))
    run("filters.learning", trained.settings)
    assert list(trainings.train(trained.settings)) == [], "no step of a training"
    again = trainings.at_once(trained.settings)
    pairs = zip(changes.tensors_of(again.net), changes.tensors_of(trained.net), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs) and again.accuracy == trained.accuracy


COLOUR, GREY = "data=emoji&layers=2&channels=2&kernel=3&norm=1", "data=emoji&colour=0&layers=2&channels=2&kernel=3&norm=1"


@pytest.mark.parametrize("text", [COLOUR, GREY, "data=animals&pictures=500&layers=2&channels=2&kernel=3&norm=1"])
def test_whatever_it_has_learned_the_value_is_its_answer_to_the_picture_shown(text: str) -> None:
    """By torch's layers, for the last picture of the run and for the real ones; emoji stand on white, which the network sees as 0."""
    result = run("filters.channel", Params(network="small", training=text, small_class="3", steps=8))
    settings, paper, depth = trainings.settings_of(text), float("emoji" in text), 3 if text == COLOUR else 1
    layers = layers_of(trainings.at_once(settings).net)
    held_out = sets.images(settings.as_dict(), "held_out").astype(np.float32)
    shown = result.pictures[-1:].transpose(0, 3, 1, 2)[:, :depth].astype(np.float32)
    with torch.no_grad():
        value, logits = (layers(torch.from_numpy(pictures) / 255 - paper)[:, 3].numpy() for pictures in (shown, held_out))
    assert result.values[-1] == pytest.approx(float(value[0]), abs=1e-4) and result.values[-1] > result.values[0]
    assert np.abs(result.answers - logits).max() < 1e-4 and result.best[0] == logits.argmax()
    assert (result.best_pictures[0].transpose(2, 0, 1) == held_out[result.best[0]]).all()
    truth = sets.labels(settings.as_dict(), "held_out")[result.best[0]]
    assert result.best_names()[0].startswith(sets.NAMES[settings.data][truth]) and sets.NAMES[settings.data][3] in result.params.named()
    assert result.facts()["numbers"].value == 784 * depth and (depth == 3) == bool(np.ptp(result.pictures[-1], axis=2).any())


@pytest.mark.parametrize("painting", ["fourier", "pixels"])
def test_in_colour_each_colour_is_painted_by_itself(painting: str) -> None:
    """A step on a function of red alone leaves green and blue as they were."""
    begun = maximise.noise(28, 0.1, painting == "fourier", torch.Generator().manual_seed(0), 3)
    canvas = maximise.Canvas(begun, painting == "fourier", torch.eye(3))
    before = canvas.picture().detach()
    way = maximise.Way("plain", 0.1, 2, 0.0, 0.0)
    next(maximise.climb(canvas, lambda pictures: pictures[:, 0].mean((1, 2)), way, torch.Generator().manual_seed(0)))
    after = canvas.picture().detach()
    assert torch.equal(before[1:], after[1:]) and float(after[0].mean()) > float(before[0].mean())


OFF = "[[0,2],[1,3],[1,5,0.5]]"


@pytest.mark.parametrize("text", [QUICK, COLOUR])
def test_changes_by_hand_come_along_as_learning_filters_scores_them(text: str) -> None:
    settings = trainings.settings_of(f"{text}&edits={OFF}")
    result = run("filters.channel", Params(network="small", training=trainings.text_of(settings), steps=8))
    theirs = run("filters.learning", settings).facts()
    assert result.facts()["accuracy"].value == theirs["changed_accuracy"].value != theirs["accuracy"].value
    assert f"{theirs['changes'].text()} change" in result.provenance()


def test_a_map_that_is_switched_off_gives_nothing_to_the_next_layer_and_nothing_to_climb(trained: trainings.Trained) -> None:
    """The answers are those of torch's layers with these maps multiplied by 0 as they pass. The map itself is 0, and its picture stays."""
    settings = {"network": "small", "training": f"{QUICK}&edits=[[0,2],[1,3]]", "steps": 8}
    result, layers = run("filters.channel", Params(small_class="7", **settings)), layers_of(trained.net)
    for place, number in ((2, 2), (6, 3)):
        layers[place].register_forward_hook(lambda _, __, maps, off=number: maps * (torch.arange(maps.shape[1]) != off)[:, None, None])
    with torch.no_grad():
        logits = layers(torch.from_numpy(digits.load("held_out").images.astype(np.float32))[:, None] / 255)[:, 7].numpy()
        value = layers(torch.from_numpy(result.pictures[-1, None, None, :, :, 0].astype(np.float32)) / 255)[0, 7]
    assert np.abs(result.answers - logits).max() < 1e-4 and result.values[-1] == pytest.approx(float(value), abs=1e-4)
    for ascent, painting in itertools.product(("adam", "plain"), ("fourier", "pixels")):
        off = Params(small_target="channel", small_layer="2", small_channel=3, ascent=ascent, painting=painting, **settings)
        silent = run("filters.channel", off)
        assert not silent.values.any() and not silent.answers.any() and (silent.pictures[0] == silent.pictures[-1]).all()
        assert silent.facts()["unmoved"].value == 1 and result.facts()["unmoved"].value == 0


@pytest.fixture
def another(trained: trainings.Trained) -> Iterator[str]:
    """The numbers of another network of these settings, as a file that was brought."""
    other = changes.tensors_of(trainings.at_once(trainings.settings_of(f"{QUICK}&seed=2")).net)
    yield assets.put(trying.packed(torch.cat([tensor.flatten() for tensor in other]).numpy()))


def test_a_weights_file_comes_along(trained: trainings.Trained, another: str) -> None:
    """With it the network is the one that the file was written from; another file, or one that is gone, is left out."""
    given = Params(network="small", training=QUICK, weights=another, steps=8)
    result, own = run("filters.channel", given), run("filters.channel", replace(given, weights="", training=f"{QUICK}&seed=2"))
    assert np.abs(result.answers - own.answers).max() < 1e-4 and "weights from a file" in result.provenance()
    settings = given.settings()
    assert settings and result.facts()["accuracy"].value == run("filters.learning", settings).facts()["changed_accuracy"].value
    for useless in ("0" * 64, assets.put(np.zeros(12, np.uint8))):
        without = run("filters.channel", replace(given, weights=useless))
        assert without.facts()["accuracy"].value == trained.accuracy and "file" not in without.provenance()


@pytest.mark.parametrize("text", [f"{QUICK}&edits={OFF}", f"{COLOUR}&edits={OFF}", GREY])
def test_a_program_takes_the_changed_network_along(text: str, another: str) -> None:
    """It has the page's numbers, of a network that it neither trains nor changes itself."""
    file = another if text.startswith(QUICK) else ""
    params = Params(network="small", training=text, weights=file, small_class="3", start="coffee", steps=8)
    space: dict[str, Any] = {"__name__": "exported"}
    exec(scripts.export("filters.channel", params), space)
    facts, numbers = run("filters.channel", params).facts(), space["main"]()
    assert len(numbers) > 15 and {name: numbers[name] for name in numbers} == pytest.approx(
        {name: math.nan if facts[name].value is None else facts[name].value for name in numbers}, rel=1e-6, nan_ok=True
    )


def test_before_its_first_picture_a_run_says_that_it_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "SHELF", Shelf(1))
    monkeypatch.setattr(trainings, "_shelf", Shelf(trainings.KEPT))
    way = channel.compute(Params(network="small", training="pictures=500&channels=2&layers=1", steps=8))
    told = list(itertools.takewhile(lambda each: isinstance(each, Progress), way))
    assert told and isinstance(told[0], Progress) and "training" in told[0].doing and told[-1].step <= told[-1].of == 20


def test_the_small_network_counts_its_parameters() -> None:
    """Two 5 × 5 convolutions of 8 and 16 channels, 7 · 7 · 16 values into 10 classes."""
    parameters = 8 * 25 + 8 + 16 * 8 * 25 + 16 + 7 * 7 * 16 * 10 + 10
    fresh = recognising.convolutional_net(learning.Params().as_dict())
    assert recognising.count(fresh.parameters) == parameters == 11_274
