"""The settings of a deep network, which the views of this topic share, and the network they stand for."""

from dataclasses import dataclass
from typing import Any

import torch

from dlviz import params as p
from dlviz.compute.gradients.tasks import DATA, NORMAL, Task, inputs, load, pictures
from dlviz.fields import ParameterError
from dlviz.nets.activations import ACTIVATIONS as KNOWN
from dlviz.nets.activations import activation
from dlviz.nets.deep import NORMS, PLACES, Deep, build_deep, lsuv
from dlviz.nets.mlp import Function

SHAPES = {"leaky_slope": 0.1, "prelu_slope": 0.25, "elu_alpha": 1.0, "swish_beta": 1.0}

ACTIVATIONS = {name: each.label for name, each in KNOWN.items() if name not in ("prelu", "step", "swish", "gelu_tanh")}
INITIALISATIONS = {
    "zeros": "zeros",
    "normal": "normal, σ = σ_w/√n",
    "uniform": "uniform on ±σ_w/√n",
    "xavier": "Xavier",
    "he": "He",
    "orthogonal": "orthogonal",
    "lsuv": "LSUV",
}
GAINS = {"one": "1", "torch": "PyTorch's calculate_gain"}
SKIPS = {"none": "no skips", "plain": "h + f(Wh)", "scaled": "h + f(Wh)/√depth", "own": "h + s·f(Wh)"}
MOST_WEIGHTS = 8_000_000  # 64 MB in float64
MOST_SIGNALS = 4_000_000  # (layer, sample, unit) triples of a pass


@dataclass(frozen=True)
class Architecture(p.Params):
    """How deep, how wide, with which activation, initial weights, norm and skips; and what it is given."""

    depth: float = p.number(20, 2, 100, 1, label="Layers")
    activation: str = p.choice("tanh", ACTIVATIONS, label="Activation")
    initialisation: str = p.choice("normal", INITIALISATIONS, label="Initialisation")
    weight_spread: float = p.number(
        1.0, 0.05, 12, 0.05, label="σ_w", help="The weights' standard deviation is σ_w/√n.", when=("initialisation", ("normal", "uniform"))
    )
    bias_spread: float = p.number(0, 0, 2, 0.05, label="σ_b", when=("initialisation", ("normal", "uniform")), more=True)
    gain: str = p.choice("one", GAINS, label="Gain", when=("initialisation", ("xavier", "orthogonal")), more=True)
    width: float = p.number(64, 1, 1024, 1, label="Width", more=True)
    skip: str = p.choice("none", SKIPS, label="Skip connections", more=True)
    skip_scale: float = p.number(0.5, 0, 2, 0.05, label="s", when=("skip", "own"), more=True)
    norm: str = p.choice("none", NORMS, label="Norm", more=True)
    place: str = p.choice("z", PLACES, label="Place of the norm", when=("norm", ("batch", "layer", "rms")), more=True)
    data: str = p.choice(NORMAL, DATA, label="Data", more=True)
    samples: float = p.number(64, 8, 512, 8, label="Samples", more=True)
    seed: float = p.number(1, 0, 999, 1, label="Seed", more=True)

    def check(self) -> None:
        """The network fits into memory, and the gain is known."""
        most = int((MOST_WEIGHTS / self.depth) ** 0.5)
        if self.width > most:
            raise ParameterError("width", self.width, f"at most {most} units for {int(self.depth)} layers")
        if self.depth * self.samples * self.width > MOST_SIGNALS:
            most = int(MOST_SIGNALS / (self.depth * self.width))
            raise ParameterError("samples", self.samples, f"at most {most} samples for {int(self.depth)} layers of {int(self.width)} units")
        if self.gain == "torch" and self.applies("gain") and not KNOWN[self.activation].gain:
            raise ParameterError("gain", self.gain, f"an activation that calculate_gain knows, which {self.activation} is not")

    def function(self) -> Function:
        """The activation of these settings."""
        return activation(self.activation, SHAPES)

    def inputs(self) -> int:
        """How many numbers a sample has."""
        return inputs(self.data, int(self.width))

    def material(self) -> dict[str, Any]:
        """What a program of its own needs of the data."""
        return pictures(self.data, int(self.samples), int(self.seed))

    def provenance(self, parameters: int) -> str:
        """The network, what it is given, and the seed, in words."""
        network = f"{int(self.depth)} layers of {int(self.width)} units, {parameters:,} parameters"
        return f"{network} · {DATA[self.data]}, {int(self.samples)} samples · seed {int(self.seed)}"

    def task(self) -> Task:
        """The inputs and classes of these settings."""
        return load(self.data, int(self.samples), int(self.width), int(self.seed))

    def network(self, task: Task, dtype: torch.dtype) -> Deep:
        """The network before training; the same weights up to rounding in every dtype."""
        canonical = self.canonical()
        kind = KNOWN[self.activation]
        slope = SHAPES["leaky_slope"] if kind.gain == "leaky_relu" else None
        net = build_deep(
            [task.x.shape[1], *[int(self.width)] * int(self.depth), task.classes],
            self.function(),
            self.initialisation,
            torch.Generator().manual_seed(int(self.seed) + 1000),  # not the stream of the inputs
            weight_spread=canonical.weight_spread,
            bias_spread=canonical.bias_spread if canonical.applies("bias_spread") else 0.0,
            gain=torch.nn.init.calculate_gain(kind.gain, slope) if canonical.gain == "torch" else 1.0,
            norm=self.norm,
            place=self.place,
            skip=self.skip != "none",
            scale={"none": 1.0, "plain": 1.0, "scaled": self.depth**-0.5, "own": self.skip_scale}[self.skip],
            dtype=dtype,
        )
        if self.initialisation == "lsuv":
            lsuv(net, task.x.to(dtype))
        return net
