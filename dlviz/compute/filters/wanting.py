"""What the view What a channel wants can be set to: the network, its channel or class, where the picture starts, and how it climbs."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from dlviz import params as p
from dlviz import zoo
from dlviz.compute.filters import asked, learning, maximise, recognising, sets, trainings
from dlviz.compute.filters.asked import DIGIT, NOISE, OWN
from dlviz.compute.filters.excitation import CLASS
from dlviz.data.photographs import PHOTOGRAPHS
from dlviz.nets.efficientnet import EfficientNetLite0

OTHER, SMALL = "other", "small"
NETWORKS = {"efficientnet": "EfficientNet", SMALL: "small CNN"}


def _channels() -> dict[str, int]:
    """How many channels each of the 49 convolutions has, by name, in order; no weights are made for it."""
    with torch.device("meta"):
        return {name: module.conv.out_channels for name, module in EfficientNetLite0().convolutions()}


CHANNELS = _channels()
NAMED = ("stem", "blocks.2.expand", "blocks.4.expand", "blocks.10.expand", "blocks.13.expand", "head")
LAYERS = {name: f"{name}, {CHANNELS[name]} channels" for name in NAMED} | {OTHER: "another, under More"}
CONVOLUTIONS = {name: f"{name}, {count} channels" for name, count in CHANNELS.items()}
CLASSES = {str(number): f"{number} {name}" for number, name in enumerate(zoo.imagenet_labels())}
STARTS = {NOISE: "noise", OWN: "Your own"} | {slug: photograph.title for slug, photograph in PHOTOGRAPHS.items()}
STARTS |= {DIGIT: "Handwritten digit"}
JITTER = "Each step sees the picture moved by up to so many pixels."
WHAT = {"channel": "a channel", "class": "a class"}


@dataclass(frozen=True)
class Params(p.Params):
    """What is maximised, where the picture starts, and how it climbs."""

    network: str = p.choice(
        "efficientnet", NETWORKS, label="Network",
        help="EfficientNet-Lite0, trained on ImageNet; or the small CNN of Learning filters, as it was trained there. See its tab below.",
    )  # fmt: skip
    target: str = p.choice("channel", WHAT, label="Maximise", when=("network", "efficientnet"))
    layer: str = p.choice(
        "blocks.10.expand", LAYERS, label="Layer", when=("target", "channel"), help="From the first convolution (stem) to the last (head)."
    )
    channel: float = p.number(
        7, 0, 1279, 1, label="Channel", when=("target", "channel"), help="Counted from 0; beyond the last one of a layer it starts again."
    )
    label: str = p.choice("285", CLASSES, label="Class", when=("target", "class"), help="One of ImageNet's 1,000. Its logit is maximised.")
    small_target: str = p.choice("class", WHAT, label="Maximise", when=("network", SMALL))
    small_layer: str = p.choice(
        "2", {"1": "first", "2": "second", "3": "third"}, label="Convolution", when=("small_target", "channel"),
        help="Of a network with fewer, the last.",
    )  # fmt: skip
    small_channel: float = p.number(
        2, 0, 23, 1, label="Channel", when=("small_target", "channel"), help="Counted from 0; beyond the last one it starts again."
    )
    small_class: str = p.choice(
        "4", {str(number): str(number) for number in range(10)}, label="Class", when=("small_target", "class"),
        help="A digit, or the number of a kind of animals or emoji, whose name stands over the picture. Its logit is maximised.",
    )  # fmt: skip
    start: str = p.choice(NOISE, STARTS, label="Start from", help="“Your own”: a file, a snapshot or a drawing, in the tab below.")
    painting: str = p.choice(
        "fourier", {"fourier": "Fourier", "pixels": "pixels"}, label="Changed are",
        help="Fourier: the coefficients of waves, long ones counting more, as in photographs. Pixels: each value by itself.",
    )  # fmt: skip
    jitter: float = p.number(4, 0, 16, 1, label="Jitter", unit="pixels", more=True, when=("network", "efficientnet"), help=JITTER)
    small_jitter: float = p.number(2, 0, 8, 1, label="Jitter", unit="pixels", more=True, when=("network", SMALL), help=JITTER)
    convolution: str = p.choice("blocks.7.depthwise", CONVOLUTIONS, label="Convolution", more=True, when=("layer", OTHER))
    training: str = p.text(
        "", 2400, label="Trained with", more=True, private=True, when=("network", SMALL), placeholder="layers=3&norm=1",
        help="Settings of Learning filters, as its link has them. The tab below fills in those that you have there.",
    )  # fmt: skip
    number: float = p.number(0, 0, 1999, 1, label="Which digit", more=True, when=("start", DIGIT), help="Of 2,000 held-out ones.")
    colours: str = p.choice(
        "decorrelated", {"decorrelated": "decorrelated", "plain": "plain"}, label="Colours", more=True, when=("network", "efficientnet"),
        help="Decorrelated: brightness and the two colour contrasts of photographs. Plain: red, green and blue.",
    )  # fmt: skip
    steps: float = p.number(48, 8, 160, 8, label="Steps", more=True)
    ascent: str = p.choice(
        "adam", {"adam": "Adam", "plain": "plain"}, label="Ascent", more=True, help="Plain: along the gradient, all steps of one length."
    )
    step_size: float = p.number(0.05, 0.005, 0.5, 6, scale="log", label="Step size", more=True, when=("network", "efficientnet"))
    small_step_size: float = p.number(0.23, 0.005, 0.5, 6, scale="log", label="Step size", more=True, when=("network", SMALL))
    variation: float = p.number(0, 0, 50, 1, label="Total variation", more=True, help="Weight of the penalty on differences of neighbours.")
    blur: float = p.number(0, 0, 2, 0.1, label="Blur", unit="pixels", more=True, help="Of the latent picture, every fourth step.")
    size: float = p.number(96, 64, 160, 16, label="Size", unit="pixels", more=True, when=("network", "efficientnet"))
    seed: float = p.number(0, 0, 99, 1, label="Seed", more=True)
    picture: str = p.asset(label="Own picture", when=("start", OWN))
    weights: str = p.asset(label="Weights file", when=("network", SMALL))

    def check(self) -> None:
        """What the small network is trained with can be read."""
        trainings.settings_of(self.training)

    def settings(self) -> learning.Params | None:
        """The settings of Learning filters that make the small network; None for EfficientNet."""
        return replace(trainings.settings_of(self.training), weights=self.weights) if self.network == SMALL else None

    def place(self) -> str:
        """The convolution whose channel is maximised, of the small network its number; CLASS for a class."""
        if self._what() == "class":
            return CLASS
        if settings := self.settings():
            return str(min(int(self.small_layer), int(settings.layers)))
        return self.convolution if self.layer == OTHER else self.layer

    def _what(self) -> str:
        return self.small_target if self.network == SMALL else self.target

    def count(self) -> int:
        """How many channels there are at that place, or classes."""
        settings, place = self.settings(), self.place()
        if settings is None:
            return len(CLASSES) if place == CLASS else CHANNELS[place]
        return recognising.CLASSES if place == CLASS else recognising.channels_of(settings.as_dict())[int(place) - 1]

    def index(self) -> int:
        """The number of the channel, or of the class."""
        if self._what() == "class":
            return int(self.small_class if self.network == SMALL else self.label)
        return int(self.small_channel if self.network == SMALL else self.channel) % self.count()

    def side(self) -> int:
        """How many pixels a side the picture has."""
        return learning.SIDE if self.network == SMALL else int(self.size)

    def depth(self) -> int:
        """The picture's channels: red, green and blue, or one."""
        settings = self.settings()
        return 3 if settings is None else recognising.depth_of(settings.as_dict())

    def way(self) -> maximise.Way:
        """How the picture climbs."""
        small = self.network == SMALL
        size, jitter = (self.small_step_size, self.small_jitter) if small else (self.step_size, self.jitter)
        return maximise.Way(self.ascent, size, int(jitter), self.blur, self.variation)

    def named(self) -> str:
        """What is maximised, in words."""
        settings, place, index = self.settings(), self.place(), self.index()
        if settings is None:
            return f"class {CLASSES[self.label]}" if place == CLASS else f"channel {index} of {place}"
        return f"class {sets.NAMES[settings.data][index]}" if place == CLASS else f"channel {index} of convolution {place}"

    def first(self) -> np.ndarray | None:
        """The picture that it starts from, as `asked.first` gives it."""
        return asked.first(self.start, self.picture, int(self.number), self.side(), self.depth() == 1)
