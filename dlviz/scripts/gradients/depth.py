"""dlviz, Gradient flow, Depth: one backward pass through the deep network of these SETTINGS, layer by layer.

Needs torch and numpy. Prints, as JSON, the numbers that the page shows.
"""

import base64
import json
import zlib
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from dlviz.data.points import draw
from dlviz.nets.activations import ACTIVATIONS, activation
from dlviz.nets.deep import Block, Deep, build_deep, lsuv

SETTINGS: dict[str, Any] = {
    "depth": 20.0,
    "activation": "sigmoid",
    "initialisation": "normal",
    "weight_spread": 1.0,
    "bias_spread": 0.0,
    "gain": "one",
    "width": 64.0,
    "skip": "none",
    "skip_scale": 0.5,
    "norm": "none",
    "place": "z",
    "data": "normal",
    "samples": 64.0,
    "seed": 1.0,
    "precision": "float32",
    "loss_scale": 1.0,
    "jacobian": False,
}
MATERIAL: dict[str, Any] = {}  # filled by the page's export where it has digits
SHAPES = {"leaky_slope": 0.1, "prelu_slope": 0.25, "elu_alpha": 1.0, "swish_beta": 1.0}


def unpack(name: str) -> np.ndarray:
    """The bytes of one part of MATERIAL."""
    return np.frombuffer(zlib.decompress(base64.b64decode(MATERIAL[name])), np.uint8)


def load() -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs (n, in) in float64 and classes (n,): normal noise with random classes, standardised digits, or points in the plane."""
    n, seed = int(SETTINGS["samples"]), int(SETTINGS["seed"])
    if SETTINGS["data"] == "normal":
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(n, int(SETTINGS["width"]), generator=generator, dtype=torch.float64), torch.randint(2, (n,), generator=generator)
    if SETTINGS["data"] == "digits":
        ink, labels = unpack("images").reshape(n, 784) / 255, unpack("labels")
        return torch.from_numpy((ink - ink.mean()) / ink.std()), torch.from_numpy(labels.astype(np.int64))
    points = draw(SETTINGS["data"], n, 0.0, seed)
    return torch.from_numpy((points.x - points.x.mean(0)) / points.x.std(0)), torch.from_numpy(points.y.astype(np.int64))


def network(x: torch.Tensor) -> Deep:
    """The network before training."""
    known = ACTIVATIONS[SETTINGS["activation"]].gain
    slope = SHAPES["leaky_slope"] if known == "leaky_relu" else None
    net = build_deep(
        [x.shape[1], *[int(SETTINGS["width"])] * int(SETTINGS["depth"]), 10 if SETTINGS["data"] == "digits" else 2],
        activation(SETTINGS["activation"], SHAPES),
        SETTINGS["initialisation"],
        torch.Generator().manual_seed(int(SETTINGS["seed"]) + 1000),
        weight_spread=SETTINGS["weight_spread"],
        bias_spread=SETTINGS["bias_spread"],
        gain=torch.nn.init.calculate_gain(known, slope) if SETTINGS["gain"] == "torch" else 1.0,
        norm=SETTINGS["norm"],
        place=SETTINGS["place"],
        skip=SETTINGS["skip"] != "none",
        scale={"none": 1.0, "plain": 1.0, "scaled": SETTINGS["depth"] ** -0.5, "own": SETTINGS["skip_scale"]}[SETTINGS["skip"]],
        dtype=x.dtype,
    )
    if SETTINGS["initialisation"] == "lsuv":
        lsuv(net, x)
    return net


def slope_of(net: Deep, block: Block) -> torch.Tensor:
    """f' at every unit and sample of a block, (n, width)."""
    before = block.before.detach().requires_grad_()
    return torch.autograd.grad(net.activation(before).sum(), before)[0].double()


def main() -> dict[str, float]:
    """What reaches the first layer of the gradient, the factor from layer to layer, and the signals on the way."""
    x, y = load()
    x = x.to(getattr(torch, SETTINGS["precision"]))
    net = network(x)
    out, blocks = net.forward(x)
    loss = F.cross_entropy(out.float() if out.dtype in (torch.float16, torch.bfloat16) else out, y)
    wanted = [*net.weights[:-1], *(block.z for block in blocks)]
    found = torch.autograd.grad(loss * SETTINGS["loss_scale"], wanted, materialize_grads=True, allow_unused=True)
    norms = torch.stack([(gradient.double() / SETTINGS["loss_scale"]).norm() for gradient in found])
    of_weights, of_signals = norms[: net.depth], norms[net.depth :]
    squares = [block.z.detach().double().square().mean() for block in blocks]
    outputs = [block.h.detach().double() for block in blocks]
    slopes = torch.stack([slope_of(net, block) for block in blocks])
    facts = {
        "loss": loss,
        "layers": torch.tensor(float(net.depth)),
        "weight_square": torch.stack([w.detach().double().square().sum() / len(w) for w in net.weights[:-1]]).mean(),
        "log_reach": (of_signals[0] / of_signals[-1]).log10(),
        "reach": of_signals[0] / of_signals[-1],
        "weight_reach": of_weights[0] / of_weights[-1],
        "factor": (of_signals[:-1] / of_signals[1:]).log().mean().exp(),
        "square_growth": squares[-1] / squares[0],
        "variance_first": outputs[0].var(correction=0),
        "variance_last": outputs[-1].var(correction=0),
        "relative_first": of_weights[0] / net.weights[0].detach().double().norm(),
        "mean_slope": slopes.abs().mean(),
        "saturated_share": (slopes.abs() < 0.05).double().mean(),
        "dead_share": (slopes == 0).all(1).double().mean(),
        "parameters": torch.tensor(sum(parameter.numel() for parameter in net.parameters)),
    }
    return {name: float(value.detach()) for name, value in facts.items() if bool(value.isfinite())}


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(main(), indent=1))
