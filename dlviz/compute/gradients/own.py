"""View Your network: one forward and one backward pass through a network that somebody pasted, layer by layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dlviz import params as p
from dlviz.compute.derivatives import derivatives
from dlviz.compute.gradients.flow import FLAT
from dlviz.compute.gradients.tasks import DATA, DIGITS, NORMAL, Task, classes, inputs, load, pictures
from dlviz.fields import ParameterError
from dlviz.nets.layers import STARTS, Layer, assemble
from dlviz.nets.sequential import Network, SequentialError, read
from dlviz.results import Fact
from dlviz.results import Result as Base

LONGEST = 4_000  # characters
MOST_SIGNALS = 8_000_000  # numbers that leave all layers together: 64 MB, and as much again for their gradients
ROUNDING = 1e-28  # of a mean square; the square of float64's relative rounding is 5·10⁻³²
CODE = """\
nn.Sequential(
    *[nn.Sequential(
        nn.Linear(64, 64),
        nn.Sigmoid(),
    ) for _ in range(10)],
    nn.Linear(64, 2),
)"""


@dataclass(frozen=True)
class Params(p.Params):
    """The pasted network, how its weights begin, and what it is given."""

    code: str = p.lines(
        CODE, LONGEST, label="Your network", private=True, placeholder=CODE,
        help="An nn.Sequential of Linear, BatchNorm1d, LayerNorm, RMSNorm, activations and further Sequentials. It is read, never run.",
    )  # fmt: skip
    start: str = p.choice("torch", STARTS, label="First weights", help="PyTorch fills weight and bias of a Linear uniformly on ±1/√in.")
    data: str = p.choice(NORMAL, DATA, label="Data", help="A point in the plane has 2 numbers, a digit 784 and one of 10 classes.")
    samples: float = p.number(64, 8, 512, 8, label="Samples", more=True)
    seed: float = p.number(1, 0, 999, 1, label="Seed", more=True, help="Draws the inputs and the first weights.")

    def check(self) -> None:
        """The network can be read, fits its data, and the pass fits into memory."""
        network, sample = self.network(), "a digit" if self.data == DIGITS else "a point"
        if network.inputs != (wanted := inputs(self.data, network.inputs)):
            why = f"normal noise, because the network takes {network.inputs} numbers and {sample} has {wanted}"
            raise ParameterError("data", self.data, why)
        if self.data == DIGITS and network.widths[-1] < classes(self.data):
            raise ParameterError("data", self.data, f"normal noise, because the network gives {network.widths[-1]} numbers for 10 classes")
        most = MOST_SIGNALS // sum(network.widths)
        if self.samples > most:
            raise ParameterError("samples", self.samples, f"at most {most // 8 * 8} samples for so large a network")

    def network(self) -> Network:
        """The network as it was read; ParameterError names the line that is wrong, and repeats it."""
        try:
            return read(self.code)
        except SequentialError as error:
            line = (self.code.split("\n")[error.line - 1 : error.line] or [""])[0].strip()
            raise ParameterError("code", line, f"a network that can be computed ({error})") from None

    def material(self) -> dict[str, Any]:
        """What a program of its own needs of the data."""
        return pictures(self.data, int(self.samples), int(self.seed))

    def task(self) -> Task:
        """The inputs and classes of these settings."""
        return load(self.data, int(self.samples), self.network().inputs, int(self.seed))


@dataclass(frozen=True, eq=False)
class Result(Base):
    """What the pass looked like. Every array is (layers,) float64, in the order of the pass; nan where a layer has no such thing.

    `kinds` are the layers' names in torch, `typed` what was typed for each, `lines` where; layers of one number in `numbers`
    are one layer, used again. `widths` are of the outputs. `mean`, `variance` and `square` (the mean square) are over all
    entries of an output (samples, width). `spread` is the mean over its units of their variance over the samples: the part of
    `variance` that tells samples apart; nan where it is nothing but rounding. `signal_gradient` is ‖∂L/∂output‖, L the mean
    loss over the samples. `weight_gradient` and `weight_norm` are ‖∂L/∂W‖ and ‖W‖ of whatever torch calls `weight`: a Linear's
    matrix, a norm's gains, PReLU's slopes. Of activations, `dead` is the share of units with f' = 0 at every sample,
    `saturated` of (unit, sample) pairs with |f'| < FLAT.
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    kinds: tuple[str, ...]
    typed: tuple[str, ...]
    lines: tuple[int, ...]
    numbers: tuple[int, ...]
    inputs: int
    total: int  # parameters, those of a layer that is used again counted once
    loss: float
    widths: np.ndarray
    parameters: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    square: np.ndarray
    spread: np.ndarray
    signal_gradient: np.ndarray
    weight_gradient: np.ndarray
    weight_norm: np.ndarray
    dead: np.ndarray
    saturated: np.ndarray

    def linear(self) -> list[int]:
        """Where the layers with weight matrices are."""
        return [i for i, kind in enumerate(self.kinds) if kind == "Linear"]

    def provenance(self) -> str:
        """The network, the data and the seed."""
        given = f"{DATA[self.params.data]}, {int(self.params.samples)} samples"
        return f"{len(self.kinds)} layers, {self.total:,} parameters · {given} · seed {int(self.params.seed)}"

    def facts(self) -> dict[str, Fact]:
        """Size and loss; how the gradients and signals of the first weight matrix compare with those of the last; dead and flat shares."""
        linear = self.linear()
        hidden = [i for i in linear if i < len(self.kinds) - 1] or linear
        first, last = linear[:1], linear[-1:]
        ratio = _of(self.weight_gradient, first) / _of(self.weight_gradient, last) if _of(self.weight_gradient, last) else np.nan
        strides = len(hidden) - 1
        behind = _of(self.signal_gradient, hidden[-1:])
        factor = (_of(self.signal_gradient, hidden[:1]) / behind) ** (1 / strides) if strides > 0 and behind else np.nan
        return {
            "layers": Fact(len(self.kinds), "layers"),
            "linear_layers": Fact(len(linear), "weight matrices"),
            "shared_layers": Fact(len(self.numbers) - len(set(self.numbers)), "layers that are used again"),
            "parameters": Fact(self.total, "parameters"),
            "input_width": Fact(self.inputs, "numbers go in"),
            "output_width": Fact(float(self.widths[-1]), "numbers come out"),
            "smallest_width": _fact(min(self.widths[:-1], default=np.nan), "numbers at the narrowest place before the end"),
            "samples": Fact(self.params.samples, "samples"),
            "loss": _fact(self.loss, "loss"),
            "first_gradient": _fact(_of(self.weight_gradient, first), "‖∂L/∂W‖ of the first Linear"),
            "last_gradient": _fact(_of(self.weight_gradient, last), "‖∂L/∂W‖ of the last Linear"),
            "gradient_ratio": _fact(ratio, "‖∂L/∂W‖, first / last"),
            "zero_gradients": Fact(float((self.weight_gradient[linear] == 0).sum()), "weight matrices without gradient"),
            "signal_factor": _fact(factor, "‖∂L/∂z‖ from a Linear to the one before"),
            "first_square": _fact(_of(self.square, hidden[:1]), "mean z² of the first Linear"),
            "last_square": _fact(_of(self.square, hidden[-1:]), "mean z² of the last hidden Linear"),
            "first_spread": _fact(_of(self.spread, hidden[:1]), "variance of z over the samples, first Linear"),
            "last_spread": _fact(_of(self.spread, hidden[-1:]), "variance of z over the samples, last hidden Linear"),
            "worst_dead": _fact(_largest(self.dead), "dead units of the worst activation", "%"),
            "worst_saturated": _fact(_largest(self.saturated), "saturated in the worst activation", "%"),
            "bent_end": Fact(float(np.isfinite(self.dead[-1])), "activations at the very end"),
        }  # fmt: skip


def _of(values: np.ndarray, places: Sequence[int]) -> float:
    """The value at the one place that is named; nan if none is."""
    return float(values[places[0]]) if places else np.nan


def _largest(shares: np.ndarray) -> float:
    return float(np.nanmax(shares)) if np.isfinite(shares).any() else np.nan


def _fact(value: float, label: str, unit: str = "") -> Fact:
    return Fact(float(value) if np.isfinite(value) else None, label, unit)


def compute(params: Params) -> Result:
    """Build the network, send the samples through it, and the mean loss back."""
    network, task = params.network(), params.task()
    generator = torch.Generator().manual_seed(int(params.seed) + 1000)  # not the stream of the inputs
    modules = assemble(network.layers, params.start, generator)
    ins, outs, loss = forward(modules, task)
    to_outs = torch.autograd.grad(loss, outs, retain_graph=True)
    weights = [module.weight if isinstance(getattr(module, "weight", None), Tensor) else None for module in modules]
    own = [weight for weight in weights if weight is not None]
    found = iter(torch.autograd.grad(loss, own) if own else ())
    to_weights = [None if weight is None else next(found) for weight in weights]
    slopes = [_slopes(*each) for each in zip(network.layers, modules, ins, strict=True)]
    return Result(
        params=params,
        kinds=tuple(layer.name for layer in network.layers),
        typed=tuple(layer.typed for layer in network.layers),
        lines=tuple(layer.line for layer in network.layers),
        numbers=tuple(layer.number for layer in network.layers),
        inputs=network.inputs,
        total=network.parameters,
        loss=float(loss.detach()),
        widths=np.array(network.widths, dtype=float),
        parameters=np.array([sum(each.numel() for each in module.parameters()) for module in modules], dtype=float),
        mean=np.array([float(out.detach().mean()) for out in outs]),
        variance=np.array([float(out.detach().var(correction=0)) for out in outs]),
        square=np.array([float(out.detach().square().mean()) for out in outs]),
        spread=np.array([_spread(out.detach()) for out in outs]),
        signal_gradient=np.array([float(each.norm()) for each in to_outs]),
        weight_gradient=np.array([np.nan if each is None else float(each.norm()) for each in to_weights]),
        weight_norm=np.array([np.nan if weight is None else float(weight.detach().norm()) for weight in weights]),
        dead=np.array([np.nan if each is None else float((each == 0).all(0).double().mean()) for each in slopes]),
        saturated=np.array([np.nan if each is None else float((each.abs() < FLAT).double().mean()) for each in slopes]),
    )


def forward(modules: Sequence[nn.Module], task: Task) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """What went into and came out of each module, (n, width), and the mean loss: cross-entropy of the scores, or with one
    output the binary one of its logit. The modules are called one by one, so no hook is needed and none can be left behind."""
    ins, outs = [], []
    h = task.x.clone().requires_grad_()  # so that an activation in front of all weights has a gradient too
    for module in modules:
        ins.append(h)
        h = module(h)
        outs.append(h)
    loss = F.binary_cross_entropy_with_logits(h[:, 0], task.y.to(h.dtype)) if h.shape[1] == 1 else F.cross_entropy(h, task.y)
    return ins, outs, loss


def _spread(out: Tensor) -> float:
    """The mean over units of their variance over samples; nan where it is so small that rounding decides it."""
    spread = float(out.var(0, correction=0).mean())
    return spread if spread > ROUNDING * float(out.square().mean()) else np.nan


def _slopes(layer: Layer, module: nn.Module, into: Tensor) -> Tensor | None:
    """f' of an activation at everything that went in, (n, width); None for other layers."""
    return derivatives(module, into, order=1)[1] if layer.kind.bends else None


def material(params: Params) -> dict[str, Any]:
    """What the exported program needs besides its settings: the digits, if it is given any."""
    return params.material()
