"""dlviz, Gradient flow, Your network: one backward pass through the network of these SETTINGS, layer by layer.

Needs torch and numpy. The text in SETTINGS is read into a list of known layers, never run. Prints, as JSON, the numbers of the page.
"""

import base64
import json
import math
import zlib
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from dlviz.data.points import draw
from dlviz.nets.layers import assemble
from dlviz.nets.sequential import read

SETTINGS: dict[str, Any] = {
    "code": (
        "nn.Sequential(\n    *[nn.Sequential(\n        nn.Linear(64, 64),\n        nn.Sigmoid(),\n"
        "    ) for _ in range(10)],\n    nn.Linear(64, 2),\n)"
    ),
    "start": "torch",
    "data": "normal",
    "samples": 64.0,
    "seed": 1.0,
}
MATERIAL: dict[str, Any] = {}  # filled by the page's export where it has digits
SATURATED, ROUNDING = 0.05, 1e-28


def unpack(name: str) -> np.ndarray:
    """The bytes of one part of MATERIAL."""
    return np.frombuffer(zlib.decompress(base64.b64decode(MATERIAL[name])), np.uint8)


def samples(width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs (n, width) and classes (n,): normal noise with random classes, or standardised digits or points in the plane."""
    n, seed = int(SETTINGS["samples"]), int(SETTINGS["seed"])
    if SETTINGS["data"] == "normal":
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(n, width, generator=generator, dtype=torch.float64), torch.randint(2, (n,), generator=generator)
    if SETTINGS["data"] == "digits":
        ink, labels = unpack("images").reshape(n, 784) / 255, unpack("labels")
        return torch.from_numpy((ink - ink.mean()) / ink.std()), torch.from_numpy(labels.astype(np.int64))
    points = draw(SETTINGS["data"], n, 0.0, seed)
    return torch.from_numpy((points.x - points.x.mean(0)) / points.x.std(0)), torch.from_numpy(points.y)


def quotient(above: float, below: float) -> float:
    """above / below, not a number where that is undefined."""
    return above / below if below else math.nan


def main() -> dict[str, float]:
    """Sizes, loss, and how gradients and signals of the first weight matrix compare with those of the last."""
    network = read(SETTINGS["code"])
    net = torch.nn.Sequential(*assemble(network.layers, SETTINGS["start"], torch.Generator().manual_seed(int(SETTINGS["seed"]) + 1000)))
    x, y = samples(network.inputs)

    h, outputs, slopes = x.requires_grad_(), [], []
    for layer, module in zip(network.layers, net, strict=True):
        if layer.kind.bends:
            into = h.detach().clone().requires_grad_()
            slopes.append(torch.autograd.grad(module(into).sum(), into)[0])  # f' of every unit at every sample
        h = module(h)
        h.retain_grad()
        outputs.append(h)
    scores = h[:, 0] if network.widths[-1] == 1 else h
    loss = F.binary_cross_entropy_with_logits(scores, y.double()) if scores.dim() == 1 else F.cross_entropy(scores, y.long())
    loss.backward()

    linear = [i for i, module in enumerate(net) if isinstance(module, torch.nn.Linear)]
    hidden = [i for i in linear if i < len(net) - 1] or linear
    gradients = [net[i].weight.grad.norm().item() for i in linear]
    signals = [outputs[i].grad.norm().item() for i in hidden]
    ends = [outputs[i].detach() for i in (hidden[0], hidden[-1])] if hidden else []
    squares = [end.square().mean().item() for end in ends] or [math.nan] * 2
    spreads = [end.var(0, correction=0).mean().item() for end in ends] or [math.nan] * 2
    spreads = [spread if spread > ROUNDING * square else math.nan for spread, square in zip(spreads, squares, strict=True)]
    strides = len(hidden) - 1
    return {
        "layers": float(len(net)),
        "linear_layers": float(len(linear)),
        "shared_layers": float(len(net) - len({id(module) for module in net})),
        "parameters": float(sum(parameter.numel() for parameter in net.parameters())),
        "input_width": float(x.shape[1]),
        "output_width": float(h.shape[1]),
        "samples": float(len(x)),
        "loss": loss.item(),
        "first_gradient": gradients[0] if gradients else math.nan,
        "last_gradient": gradients[-1] if gradients else math.nan,
        "gradient_ratio": quotient(gradients[0], gradients[-1]) if gradients else math.nan,
        "zero_gradients": float(sum(gradient == 0 for gradient in gradients)),
        "signal_factor": quotient(signals[0], signals[-1]) ** (1 / strides) if strides > 0 else math.nan,
        "first_square": squares[0],
        "last_square": squares[-1],
        "first_spread": spreads[0],
        "last_spread": spreads[-1],
        "worst_dead": max(((slope == 0).all(0).double().mean().item() for slope in slopes), default=math.nan),
        "worst_saturated": max(((slope.abs() < SATURATED).double().mean().item() for slope in slopes), default=math.nan),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    # what is not defined is not a number, which JSON does not know: it is printed as null
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in main().items()}, indent=1))
