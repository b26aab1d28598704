"""The small network that What a channel wants asks: torch's own layers as oracle, and the very weights of Learning filters."""

import itertools
import random

import numpy as np
import pytest
import torch
from torch import nn

from dlviz import assets
from dlviz.compute import run
from dlviz.compute.filters import asked, changes, learning, maximise, recognising, small, trainings
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


def test_settings_come_back_from_their_text() -> None:
    rng = random.Random(4)
    for _ in range(20):
        settings = random_params(learning.Params, rng)
        assert isinstance(settings, learning.Params)
        if settings.data == "emoji":
            with pytest.raises(ParameterError, match="digits or animals"):
                trainings.settings_of(trainings.text_of(settings))
        else:
            assert trainings.settings_of(trainings.text_of(settings)) == settings.of_training()
    assert trainings.text_of(learning.Params()) == "" and trainings.settings_of("") == learning.Params()


@pytest.mark.parametrize("text", ["layers=9", "layer=2", "hello", "norm=yes", "epochs=8&kernel=7&channels=12&layers=3&pictures=7500"])
def test_settings_that_learning_filters_cannot_have_are_refused_by_name(text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Params(training=text)
    assert caught.value.name == "training"


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


def test_before_its_first_picture_a_run_says_that_it_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    from dlviz.compute.filters import channel

    monkeypatch.setattr(trainings, "_shelf", Shelf(trainings.KEPT))
    way = channel.compute(Params(network="small", training="pictures=500&channels=2&layers=1", steps=8))
    told = list(itertools.takewhile(lambda each: isinstance(each, Progress), way))
    assert told and isinstance(told[0], Progress) and "training" in told[0].doing and told[-1].step <= told[-1].of == 20


def test_the_small_network_counts_its_parameters() -> None:
    """Two 5 × 5 convolutions of 8 and 16 channels, 7 · 7 · 16 values into 10 classes."""
    parameters = 8 * 25 + 8 + 16 * 8 * 25 + 16 + 7 * 7 * 16 * 10 + 10
    fresh = recognising.convolutional_net(learning.Params().as_dict())
    assert recognising.count(fresh.parameters) == parameters == 11_274
