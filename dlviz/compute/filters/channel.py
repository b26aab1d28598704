"""View What a channel wants: the picture that excites a channel or a class of EfficientNet-Lite0 most, found step by step."""

import base64
import zlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from dlviz import params as p
from dlviz import zoo
from dlviz.compute.filters import maximise, real
from dlviz.compute.filters.excitation import CLASS, excitations
from dlviz.compute.filters.spectrum import fine_share
from dlviz.data.photographs import PHOTOGRAPHS
from dlviz.nets.efficientnet import EfficientNetLite0
from dlviz.results import Fact, Snapshot
from dlviz.results import Result as Base

FRAMES = 64  # pictures of one run
BEST = 6  # real pictures that are shown
SPREAD = 0.1  # standard deviation of the noise it starts from, in the latent picture
SHIFT = 3  # pixels that the finished picture is moved, in eight directions, to see what is left of its value
MOVES = [(SHIFT * down, SHIFT * across) for down in (-1, 0, 1) for across in (-1, 0, 1) if down or across]
OTHER = "other"
NOISE = "noise"


def _channels() -> dict[str, int]:
    """How many channels each of the 49 convolutions has, by name, in order; no weights are made for it."""
    with torch.device("meta"):
        return {name: module.conv.out_channels for name, module in EfficientNetLite0().convolutions()}


CHANNELS = _channels()
NAMED = ("stem", "blocks.2.expand", "blocks.4.expand", "blocks.10.expand", "blocks.13.expand", "head")
LAYERS = {name: f"{name}, {CHANNELS[name]} channels" for name in NAMED} | {OTHER: "another, under More"}
CONVOLUTIONS = {name: f"{name}, {count} channels" for name, count in CHANNELS.items()}
CLASSES = {str(number): f"{number} {name}" for number, name in enumerate(zoo.imagenet_labels())}
STARTS = {NOISE: "noise"} | {slug: photograph.title for slug, photograph in PHOTOGRAPHS.items()}


@dataclass(frozen=True)
class Params(p.Params):
    """What is maximised, where the picture starts, and how it climbs."""

    target: str = p.choice("channel", {"channel": "a channel", "class": "a class"}, label="Maximise")
    layer: str = p.choice(
        "blocks.10.expand", LAYERS, label="Layer", when=("target", "channel"), help="From the first convolution (stem) to the last (head)."
    )
    channel: float = p.number(
        7, 0, 1279, 1, label="Channel", when=("target", "channel"), help="Counted from 0; beyond the last one of a layer it starts again."
    )
    label: str = p.choice("285", CLASSES, label="Class", when=("target", "class"), help="One of ImageNet's 1,000. Its logit is maximised.")
    start: str = p.choice(NOISE, STARTS, label="Start from")
    painting: str = p.choice(
        "fourier", {"fourier": "Fourier", "pixels": "pixels"}, label="Changed are",
        help="Fourier: the coefficients of waves, long ones counting more, as in photographs. Pixels: each value by itself.",
    )  # fmt: skip
    jitter: float = p.number(4, 0, 16, 1, label="Jitter", unit="pixels", help="Each step sees the picture moved by up to so many pixels.")
    convolution: str = p.choice("blocks.7.depthwise", CONVOLUTIONS, label="Convolution", more=True, when=("layer", OTHER))
    colours: str = p.choice(
        "decorrelated", {"decorrelated": "decorrelated", "plain": "plain"}, label="Colours", more=True,
        help="Decorrelated: brightness and the two colour contrasts of photographs. Plain: red, green and blue.",
    )  # fmt: skip
    steps: float = p.number(48, 8, 160, 8, label="Steps", more=True)
    ascent: str = p.choice(
        "adam", {"adam": "Adam", "plain": "plain"}, label="Ascent", more=True, help="Plain: along the gradient, all steps of one length."
    )
    step_size: float = p.number(0.05, 0.005, 0.5, 6, scale="log", label="Step size", more=True)
    variation: float = p.number(0, 0, 50, 1, label="Total variation", more=True, help="Weight of the penalty on differences of neighbours.")
    blur: float = p.number(0, 0, 2, 0.1, label="Blur", unit="pixels", more=True, help="Of the latent picture, every fourth step.")
    size: float = p.number(96, 64, 160, 16, label="Size", unit="pixels", more=True)
    seed: float = p.number(0, 0, 99, 1, label="Seed", more=True)

    def place(self) -> str:
        """The convolution whose channel is maximised; CLASS for a class."""
        if self.target == "class":
            return CLASS
        return self.convolution if self.layer == OTHER else self.layer

    def index(self) -> int:
        """The number of the channel, or of the class."""
        return int(self.label) if self.target == "class" else int(self.channel) % CHANNELS[self.place()]

    def way(self) -> maximise.Way:
        """How the picture climbs."""
        return maximise.Way(self.ascent, self.step_size, int(self.jitter), self.blur, self.variation)

    def named(self) -> str:
        """What is maximised, in words."""
        if self.target == "class":
            return f"class {CLASSES[self.label]}"
        return f"channel {self.index()} of {self.place()}"


@dataclass(frozen=True, eq=False)
class Result(Base):
    """The pictures of a run uint8 (t, n, n, 3), its `steps` and `values` (t,), and (t,) what is measured at the end only, nan before.

    `answers` (N,): what each of the real pictures gives; `best` (BEST,): which of them give most, `best_pictures` uint8 (BEST, n, n, 3).
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    steps: np.ndarray
    pictures: np.ndarray
    values: np.ndarray
    moved: np.ndarray
    probabilities: np.ndarray
    answers: np.ndarray
    best: np.ndarray
    best_pictures: np.ndarray

    def facts(self) -> dict[str, Fact]:
        """How far it came, against real pictures, and what kind of picture it is."""
        what = "logit of the class" if self.params.target == "class" else "mean of the channel's map"
        highest, value = float(self.answers.max()), float(self.values[-1])
        passed = np.flatnonzero(self.values > highest)
        first, last = self.pictures[0], self.pictures[-1]
        place = self.params.place()
        return {
            "value": _fact(value, what),
            "start_value": _fact(self.values[0], f"{what} at the start"),
            "gained": _fact(value - self.values[0], "gained"),
            "best_real": Fact(highest, f"most of {len(self.answers)} real pictures", rtol=1e-3),
            "looked_at": Fact(float(len(self.answers)), "real pictures looked at"),
            "beyond_real": _fact(value - highest, "more than the best real picture"),
            "passed_at_step": _fact(self.steps[passed[0]] if len(passed) else None, "more than any of them from step"),
            "moved_value": _fact(self.moved[-1], f"mean after moving it by {SHIFT} pixels, in 8 directions"),
            "kept": _fact(self.moved[-1] / value if value > 0 else None, f"kept when moved by {SHIFT} pixels", "%"),
            "fine_share": _fact(fine_share(last), "variance in waves shorter than 4 pixels", "%"),
            "fine_share_at_start": _fact(fine_share(first), "the same at the start", "%"),
            "fine_share_real": _fact(fine_share(self.best_pictures[0]), "the same in the best real picture", "%"),
            "changed": _fact(np.abs(last.astype(np.float64) - first).mean() / 255, "mean change of a colour", "%"),
            "at_limits": _fact(((last == 0) | (last == 255)).mean(), "colours that are fully off or on", "%"),
            **{name: _fact(last[:, :, i].mean() / 255, f"mean {name}", "%") for i, name in enumerate(("red", "green", "blue"))},
            "probability": _fact(self.probabilities[-1], "probability of the class", "%"),
            "channels": Fact(float(CHANNELS.get(place, len(CLASSES))), "classes" if place == CLASS else "channels of the layer"),
            "size": Fact(self.params.size, "picture", "pixels a side"),
            "numbers": Fact(3 * self.params.size**2, "colours that can be changed"),
            "steps": Fact(float(self.steps[-1]), "steps"),
            "step_size": Fact(self.params.step_size, "step size"),
            "variation": Fact(self.params.variation, "weight of total variation"),
        }

    def best_names(self) -> list[str]:
        """What the real pictures that give most are called, with their values, in order."""
        return [real.NAMES[i] for i in self.best]


def _fact(value: Any, label: str, unit: str = "") -> Fact:
    """A number that another machine's rounding may move, for the climb amplifies it; None where it was not measured."""
    return Fact(float(value) if value is not None and np.isfinite(value) else None, label, unit, rtol=0.1)


def material(params: Params) -> dict[str, Any]:
    """What a program of its own needs besides the settings: the colours' directions, and the photograph it starts from."""
    first = b"" if params.start == NOISE else zlib.compress(real.photograph(params.start, "", int(params.size)).tobytes(), 9)
    return {"colours": _colours(params).tolist(), "start": base64.b64encode(first).decode()}


def _colours(params: Params) -> Tensor:
    return torch.from_numpy(real.colours()) if params.colours == "decorrelated" else torch.eye(3)


def _canvas(params: Params, generator: torch.Generator) -> maximise.Canvas:
    """The picture before its first step."""
    colours, fourier, n = _colours(params), params.painting == "fourier", int(params.size)
    if params.start == NOISE:
        return maximise.Canvas(maximise.noise(n, SPREAD, fourier, generator), fourier, colours)
    picture = real.ready(real.photograph(params.start, "", n)[None])[0] / 255
    return maximise.begin(picture, fourier, colours)


def compute(params: Params) -> Generator[Snapshot, None, Result]:
    """Climb, yielding about FRAMES pictures at even distances; each value is that of the picture shown, eight bits a colour, unmoved."""
    place, index, last = params.place(), params.index(), int(params.steps)
    generator = torch.Generator().manual_seed(int(params.seed))
    canvas = _canvas(params, generator)
    real.answers(place, int(params.size))
    way = maximise.climb(canvas, lambda pictures: excitations(place, pictures)[:, index], params.way(), generator)
    wanted = {round(i * last / FRAMES) for i in range(FRAMES + 1)}
    seen: list[Snapshot] = []
    for step in range(last + 1):
        if step:
            next(way)
        if step in wanted:
            seen.append(Snapshot(step, last, _look(canvas, place, index, step == last)))
            yield seen[-1]
    return gather(params, seen)


def _look(canvas: maximise.Canvas, place: str, index: int, at_the_end: bool) -> dict[str, np.ndarray]:
    """The picture as it is shown, its value, and at the end what is left of it when it is moved, and the class's probability."""
    with torch.no_grad():
        shown = maximise.shown(canvas)
        answer = excitations(place, shown[None].float())[0]
        found = {"pictures": shown.permute(1, 2, 0).numpy(), "values": answer[index].double().numpy()}
        moved = probability = torch.tensor(torch.nan, dtype=torch.float64)
        if at_the_end:
            copies = torch.stack([torch.roll(shown, move, (1, 2)) for move in MOVES]).float()
            moved = excitations(place, copies)[:, index].double().mean()
            probability = torch.softmax(answer.double(), 0)[index] if place == CLASS else probability
    return found | {"moved": moved.numpy(), "probabilities": probability.numpy()}


def gather(params: Params, seen: Sequence[Snapshot]) -> Result:
    """The pictures of a run so far as one Result, with the real pictures beside them."""
    answers = real.answers(params.place(), int(params.size))[:, params.index()]
    best = np.argsort(-answers, kind="stable")[:BEST]
    parts = {name: np.stack([one.arrays[name] for one in seen]) for name in ("pictures", "values", "moved", "probabilities")}
    steps = np.array([one.step for one in seen])
    return Result(params, steps, **parts, answers=answers, best=best, best_pictures=real.pictures(int(params.size))[best])
