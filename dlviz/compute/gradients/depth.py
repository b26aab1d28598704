"""View Depth: one backward pass through a deep network, layer by layer, beside what mean-field theory says of it."""

import math
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from dlviz import params as p
from dlviz.compute.gradients.architecture import ACTIVATIONS, SHAPES, Architecture
from dlviz.compute.gradients.flow import HALF, Flow, backward, describe
from dlviz.compute.gradients.meanfield import COARSE, fixed_point, predict, resting_place
from dlviz.fields import ParameterError
from dlviz.nets.activations import activation
from dlviz.nets.deep import Deep
from dlviz.results import Fact
from dlviz.results import Result as Base

PRECISIONS = {"float64": "float64", "float32": "float32", "bfloat16": "bfloat16", "float16": "float16"}
WIDEST_JACOBIAN = 256
MAP_BIAS = np.linspace(0, 2, 21)  # σ_b of the map
MAP_ENDS = (4.0, 12.0)  # of its σ_w: the first where χ passes 1 before


@dataclass(frozen=True)
class Params(Architecture):
    """The network, and the numbers it is computed in."""

    activation: str = p.choice("sigmoid", ACTIVATIONS, label="Activation")
    precision: str = p.choice("float32", PRECISIONS, label="Numbers", more=True)
    loss_scale: float = p.number(1, 1, 65536, 10, scale="log", label="Loss scale", when=("precision", ("float16", "bfloat16")), more=True)
    jacobian: bool = p.switch(False, label="Singular values of the Jacobian", more=True)

    def check(self) -> None:
        """As for every Architecture; and there is a Jacobian of one sample that is not too large."""
        super().check()
        if self.jacobian and self.width > WIDEST_JACOBIAN:
            raise ParameterError("width", self.width, f"at most {WIDEST_JACOBIAN} units for the Jacobian's singular values")
        if self.jacobian and self.norm == "batch":
            raise ParameterError("norm", self.norm, "a norm that does not couple the samples, for the Jacobian of one of them")


@dataclass(frozen=True, eq=False)
class Result(Base):
    """The arrays of a `Flow`, all (layers,) unless said there; what is predicted of it; and how this depends on σ_w and σ_b.

    `weight_square` is σ_w² as drawn: n times the mean square of each layer's weights. `predicted_square` and `predicted_chi`
    as in `meanfield.Prediction`, nan with a norm. `fixed_square` (): the q* at which a plain network's mean square rests, else nan.
    `underflow`: the share of ∂L/∂W that is 0 but not so in float64; nan if not looked for. `map_chi` (σ_b, σ_w): χ at the fixed
    point of a plain wide network, for every σ_w of `map_weight` and σ_b of MAP_BIAS. `singular`: values of ∂h_L/∂x, largest
    first, or none.
    """

    VERSION: ClassVar[int] = 2
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    loss: float
    parameters: int
    weight_gradient: np.ndarray
    signal_gradient: np.ndarray
    weight_norm: np.ndarray
    square: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    histogram: np.ndarray
    slope: np.ndarray
    dead: np.ndarray
    saturated: np.ndarray
    per_sample: np.ndarray
    through_weights: np.ndarray
    through_rest: np.ndarray
    through_slope: np.ndarray
    weight_square: np.ndarray
    predicted_square: np.ndarray
    predicted_chi: np.ndarray
    fixed_square: np.ndarray
    underflow: np.ndarray
    map_weight: np.ndarray
    map_chi: np.ndarray
    singular: np.ndarray

    def provenance(self) -> str:
        """The network, the data and the seed."""
        return self.params.provenance(self.parameters)

    def facts(self) -> dict[str, Fact]:
        """What reaches the first layer, the slope of the line and its factors, and what is predicted."""
        with np.errstate(divide="ignore", invalid="ignore"):
            reach, of_weights = (float(line[0] / line[-1]) for line in (self.signal_gradient, self.weight_gradient))
            factors = self.signal_gradient[:-1] / self.signal_gradient[1:]
        loudest = self.per_sample[0]
        facts = {
            "reach": _fact(reach, "‖∂L/∂z‖ of layer 1 : last layer"),
            "weight_reach": _fact(of_weights, "‖∂L/∂W‖ of layer 1 : last layer"),
            "log_reach": _fact(math.log10(reach) if reach > 0 else math.nan, "powers of ten between last layer and layer 1"),
            "factor": _fact(_typical(factors), "factor from layer to layer"),
            "predicted_factor": _fact(_typical(np.sqrt(self.predicted_chi[:-1])), "predicted factor"),
            "weights_factor": _fact(_typical(self.through_weights[:-1]), "of it: gain of W"),
            "slope_factor": _fact(_typical(self.through_slope[:-1]), "of it: slope f′"),
            "rest_factor": _fact(_typical(self.through_rest[:-1]), "of it: skip and norm"),
            "mean_slope": _fact(self.slope.mean(), "mean |f′|"),
            "square_growth": _fact(self.square[-1] / self.square[0] if self.square[0] else None, "mean square of z, last layer : layer 1"),
            "predicted_square": _fact(self.predicted_square[-1], "predicted mean square of z, last layer"),
            "fixed_square": _fact(self.fixed_square, "mean square of z at which the prediction rests, q*"),
            "variance_first": _fact(self.variance[0], "variance of layer 1's outputs"),
            "variance_last": _fact(self.variance[-1], "variance of the last layer's outputs"),
            "dead_share": _fact(self.dead.mean(), "dead units", "%"),
            "saturated_share": _fact(self.saturated.mean(), "saturated (unit, sample) pairs", "%"),
            "relative_first": _fact(self.weight_gradient[0] / self.weight_norm[0] if self.weight_norm[0] else None, "‖g‖/‖w‖ of layer 1"),
            "underflow_share": _fact(self.underflow.mean(), "gradient entries lost to 0", "%"),
            "sample_spread": _fact(loudest[2] / loudest[0] if loudest[0] > 0 else None, "layer 1: 90th : 10th percentile of ‖∂L_i/∂W‖"),
            "largest_singular": _fact(self.singular.max() if self.singular.size else None, "largest singular value of ∂h/∂x"),
            "smallest_singular": _fact(self.singular.min() if self.singular.size else None, "smallest singular value of ∂h/∂x"),
            "layers": Fact(float(len(self.square)), "layers"),
            "weight_square": _fact(self.weight_square.mean(), "σ_w² as drawn: n · mean square of the weights"),
            "parameters": Fact(float(self.parameters), "parameters"),
            "loss": _fact(self.loss, "loss"),
        }
        return facts


def _typical(factors: np.ndarray) -> float:
    """The geometric mean; nan if one is 0 or not finite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.exp(np.log(factors).mean()))


def _fact(value: Any, label: str, unit: str = "") -> Fact:
    """A number that rounding on another machine moves a little; None if it is not finite."""
    return Fact(float(value) if value is not None and math.isfinite(value) else None, label, unit, rtol=1e-3)


def compute(params: Params) -> Result:
    """Build the network, pass the samples through it once and back, and predict the same for infinite width."""
    settings = params.canonical()
    task, dtype = settings.task(), getattr(torch, settings.precision)
    net, x = settings.network(task, dtype), task.x.to(dtype)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        passed = backward(net, x, task.y, settings.loss_scale)
        flow: Flow = describe(net, passed)
        weight_square = np.array([float(weight.detach().double().square().sum() / len(weight)) for weight in net.weights[:-1]])
        lost = dtype in HALF or bool((flow.signal_gradient == 0).any())
        arrays: dict[str, np.ndarray] = {each.name: getattr(flow, each.name) for each in fields(Flow) if each.name != "loss"}
        return Result(
            params=params,
            parameters=sum(each.numel() for each in net.parameters),
            loss=flow.loss,
            **arrays,
            weight_square=weight_square,
            **_predictions(settings, net, task.x, weight_square),
            fixed_square=np.array(_fixed_square(settings, net, weight_square)),
            underflow=_underflow(settings, passed.weights) if lost else np.full(net.depth, np.nan),
            **chart(settings.activation),
            singular=singular_values(net, x) if settings.jacobian else np.zeros(0),
        )


def _predictions(params: Params, net: Deep, x: Tensor, weight_square: np.ndarray) -> dict[str, np.ndarray]:
    if net.norm != "none":
        return {name: np.full(net.depth, np.nan) for name in ("predicted_square", "predicted_chi")}
    skips = [net.skip and weight.shape[0] == weight.shape[1] for weight in net.weights[:-1]]
    inputs = (float(x.mean()), float(x.square().mean()))
    found = predict(params.function(), inputs, weight_square, params.bias_spread**2, skips, net.scale)
    return {"predicted_square": found.q, "predicted_chi": found.chi}


def _fixed_square(params: Params, net: Deep, weight_square: np.ndarray) -> float:
    """q* of a plain wide network with this one's mean σ_w², as drawn, and σ_b."""
    plain = net.norm == "none" and not net.skip and bool(np.isfinite(weight_square).all())
    return resting_place(params.function(), float(weight_square.mean()), params.bias_spread**2) if plain else math.nan


def _underflow(params: Params, to_weights: list[Tensor]) -> np.ndarray:
    """Of each layer: the share of ∂L/∂W that is 0 here but not for the same weights in float64."""
    task = params.task()
    exact = backward(params.network(task, torch.float64), task.x, task.y).weights
    return np.array([float(((found == 0) & (true != 0)).double().mean()) for found, true in zip(to_weights, exact, strict=True)])


@cache
def chart(name: str) -> dict[str, np.ndarray]:
    """`map_weight` (σ_w), and `map_chi` (σ_b, σ_w): χ at the fixed point for the activation of this name."""
    function = activation(name, SHAPES)
    for end in MAP_ENDS:
        weights = np.linspace(end / 20, end, 39)
        chi = fixed_point(function, weights[None, :] ** 2, MAP_BIAS[:, None] ** 2, COARSE)[1]
        if chi.max() > 1:
            break
    return {"map_weight": weights, "map_chi": chi}


def singular_values(net: Deep, x: Tensor) -> np.ndarray:
    """Singular values, largest first, of ∂h_L/∂x of the first sample; nan if one of its entries is not finite."""

    def last(first: Tensor) -> Tensor:
        return net.forward(first[None])[1][-1].h[0]

    jacobian = torch.autograd.functional.jacobian(last, x[0])
    return torch.linalg.svdvals(jacobian.detach().double()).numpy() if bool(jacobian.isfinite().all()) else np.full(1, np.nan)


def material(params: Params) -> dict[str, Any]:
    """What the exported program needs besides its settings: the digits, if it is given any."""
    return params.material()
