"""View What a channel wants: the picture that excites a channel or a class of a network most, found step by step."""

import base64
import zlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from dlviz import params as p
from dlviz.compute.filters import asked, maximise, recognising, sets, trainings
from dlviz.compute.filters.asked import Asked
from dlviz.compute.filters.excitation import CLASS
from dlviz.compute.filters.small import packed
from dlviz.compute.filters.spectrum import fine_share
from dlviz.compute.filters.wanting import CHANNELS as CHANNELS
from dlviz.compute.filters.wanting import SMALL, Params
from dlviz.results import Fact, Progress, Snapshot
from dlviz.results import Result as Base

FRAMES = 64  # pictures of one run
BEST = 6  # real pictures that are shown
SPREAD = 0.1  # standard deviation of the noise it starts from, in the latent picture
SHIFT = 3  # pixels that the finished picture is moved, in eight directions, to see what is left of its value
MOVES = [(SHIFT * down, SHIFT * across) for down in (-1, 0, 1) for across in (-1, 0, 1) if down or across]


@dataclass(frozen=True, eq=False)
class Result(Base):
    """The pictures of a run uint8 (t, n, n, 3), its `steps` and `values` (t,), and (t,) what is measured at the end only, nan before.

    `answers` (N,): what each of the real pictures gives; `best` (BEST,): which of them give most, `best_pictures` uint8 (BEST, n, n, 3).
    `accuracy`: that of a network trained here on held-out pictures, else nan.
    """

    VERSION: ClassVar[int] = 2
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
    accuracy: np.ndarray

    def facts(self) -> dict[str, Fact]:
        """How far it came, against real pictures, and what kind of picture it is."""
        params = self.params
        what = "logit of the class" if params.place() == CLASS else "mean of the channel's map"
        highest, value = float(self.answers.max()), float(self.values[-1])
        passed = np.flatnonzero(self.values > highest)
        first, last = self.pictures[0], self.pictures[-1]
        numbers = params.side() ** 2 * params.depth()
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
            "unmoved": Fact(float((self.values == self.values[0]).all()), "gives the same at every step"),
            "accuracy": _fact(self.accuracy, "the small network, right on held-out pictures", "%"),
            "channels": Fact(float(params.count()), "classes" if params.place() == CLASS else "channels of the layer"),
            "size": Fact(float(params.side()), "picture", "pixels a side"),
            "numbers": Fact(float(numbers), "colours that can be changed"),
            "steps": Fact(float(self.steps[-1]), "steps"),
            "step_size": Fact(params.way().step_size, "step size"),
            "variation": Fact(params.variation, "weight of total variation"),
        }

    def best_names(self) -> list[str]:
        """What the real pictures that give most are called, with their values, in order."""
        return asked.names_of(self.params.settings(), self.best.tolist())

    def provenance(self) -> str:
        """Which network is asked, and how it came to its weights."""
        settings = self.params.settings()
        if settings is None:
            return "EfficientNet-Lite0, 4,652,008 parameters, trained on ImageNet by others"
        plain, what = settings.as_dict(), sets.DATA[settings.data].lower()
        parameters = recognising.count(recognising.convolutional_net(plain).parameters)
        trained = f"trained here on {sets.count(plain):,} {what} in {recognising.steps_of(plain, sets.count(plain)):,} steps"
        said = [f"CNN of Learning filters, {parameters:,} parameters", trained, f"seed {settings.seed:.0f}", *trainings.done_to(settings)]
        return ", ".join(said)


def _fact(value: Any, label: str, unit: str = "") -> Fact:
    """A number that another machine's rounding may move, for the climb amplifies it; None where it was not measured."""
    return Fact(float(value) if value is not None and np.isfinite(value) else None, label, unit, rtol=0.1)


def material(params: Params) -> dict[str, Any]:
    """What a program of its own needs besides the settings: the colours' directions, the picture it starts from, the small network."""
    picture, settings = params.first(), params.settings()
    start = b"" if picture is None else zlib.compress(picture.tobytes(), 9)
    found = {"colours": _colours(params).tolist(), "start": base64.b64encode(start).decode()}
    if settings is None:
        return found | {"paper": 0.0, "network": {}}
    return found | {"paper": recognising.paper_of(settings.as_dict()), "network": packed(trainings.at_once(settings).net)}


def _colours(params: Params) -> Tensor:
    return torch.eye(params.depth()) if params.network == SMALL else asked.directions(params.colours)


def _asked(params: Params) -> Generator[Progress, None, Asked]:
    """What is climbed; a network that has to be trained first says how far it is."""
    if settings := params.settings():
        return (yield from asked.small(settings, params.place(), params.index()))
    return asked.efficientnet(params.place(), params.index(), params.side(), params.colours)


def _canvas(params: Params, colours: Tensor, generator: torch.Generator) -> maximise.Canvas:
    """The picture before its first step."""
    fourier, picture = params.painting == "fourier", params.first()
    if picture is None:
        return maximise.Canvas(maximise.noise(params.side(), SPREAD, fourier, generator, len(colours)), fourier, colours)
    return maximise.begin(torch.from_numpy(picture.copy()).permute(2, 0, 1).float() / 255, fourier, colours)


def compute(params: Params) -> Generator[Snapshot | Progress, None, Result]:
    """Climb, yielding about FRAMES pictures at even distances; each value is that of the picture shown, eight bits a colour, unmoved."""
    last, generator = int(params.steps), torch.Generator().manual_seed(int(params.seed))
    one = yield from _asked(params)
    canvas = _canvas(params, one.colours, generator)
    way = maximise.climb(canvas, lambda pictures: one.excite(pictures)[:, one.index], params.way(), generator)
    wanted = {round(i * last / FRAMES) for i in range(FRAMES + 1)}
    seen: list[Snapshot] = []
    for step in range(last + 1):
        if step:
            next(way)
        if step in wanted:
            seen.append(Snapshot(step, last, _look(canvas, one, params.place() == CLASS, step == last)))
            yield seen[-1]
    return gather(params, seen)


def _look(canvas: maximise.Canvas, one: Asked, of_class: bool, at_the_end: bool) -> dict[str, np.ndarray]:
    """The picture as it is shown, its value, and at the end what is left of it when it is moved, and the class's probability."""
    with torch.no_grad():
        shown = maximise.shown(canvas)
        answer = one.excite(shown[None].float())[0]
        found = {"pictures": shown.expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy(), "values": answer[one.index].double().numpy()}
        moved = probability = torch.tensor(torch.nan, dtype=torch.float64)
        if at_the_end:
            copies = torch.stack([torch.roll(shown, move, (1, 2)) for move in MOVES]).float()
            moved = one.excite(copies)[:, one.index].double().mean()
            probability = torch.softmax(answer.double(), 0)[one.index] if of_class else probability
    told = {"answers": one.answers[:, one.index], "accuracy": np.array(one.accuracy)}
    return found | told | {"moved": moved.numpy(), "probabilities": probability.numpy()}


def gather(params: Params, seen: Sequence[Snapshot]) -> Result:
    """The pictures of a run so far as one Result, with the real pictures beside them."""
    newest = seen[-1].arrays
    best = np.argsort(-newest["answers"], kind="stable")[:BEST]
    parts = {name: np.stack([one.arrays[name] for one in seen]) for name in ("pictures", "values", "moved", "probabilities")}
    whole = {name: newest[name] for name in ("answers", "accuracy")}
    steps, pictures = np.array([one.step for one in seen]), asked.best_real(params.settings(), params.side(), best.tolist())
    return Result(params, steps, **parts, **whole, best=best, best_pictures=pictures)
