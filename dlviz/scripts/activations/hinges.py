"""dlviz, Activations, Hinges: a function of x built from hidden units, trained, and what other numbers of units cost.

Needs torch. Prints, as JSON, the numbers that the page shows for these SETTINGS.
"""

import json
import math
from typing import Any

import torch

from dlviz.nets.activations import activation
from dlviz.nets.hinges import even_start, grid, interpolant, output, parts, random_start, rms, target, train

SETTINGS: dict[str, Any] = {
    "target": "sine",
    "activation": "relu",
    "units": 6.0,
    "start": "random",
    "seed": 1.0,
    "optimiser": "adam",
    "learning_rate": 0.05,
    "steps": 400.0,
    "a": (1.0, 1.0, 1.0, 1.0),
    "b": (0.5, 0.1, -0.1, -0.5),
    "w": (2.5, -2.5, -2.5, 2.5),
    "c": 0.0,
    "curve": (0.0, 0.0),
    "layer": (1.2, -0.9, 0.0, 0.8, 1.0, -0.4),
}


def begin(x: torch.Tensor, wanted: torch.Tensor, f: Any) -> torch.Tensor:
    """The units before training: a_1..a_n, b_1..b_n, w_1..w_n, c as one row, (1, 3n + 1)."""
    n = round(SETTINGS["units"])
    if SETTINGS["start"] == "random":
        return random_start(n, SETTINGS["activation"], torch.Generator().manual_seed(round(SETTINGS["seed"])))
    if SETTINGS["start"] == "even":
        return even_start(n, SETTINGS["activation"], x, f, wanted)
    a, b, w = ((SETTINGS[name] + (fill,) * n)[:n] for name, fill in (("a", 1.0), ("b", 0.0), ("w", 0.0)))
    return torch.tensor([[*a, *b, *w, SETTINGS["c"]]], dtype=torch.float64)


def main() -> dict[str, float]:
    """Errors before and after training, the hinges, errors of other numbers of units, and the layer's areas."""
    f = activation(SETTINGS["activation"], {"leaky_slope": 0.1})
    x = grid()  # 201 points from -1 to 1
    wanted = target(SETTINGS["target"], x, SETTINGS["curve"])
    start = begin(x, wanted, f)
    frames, _, losses = train(start, x, f, wanted, SETTINGS["optimiser"], SETTINGS["learning_rate"], round(SETTINGS["steps"]))
    y, trained = output(start, x, f)[0], output(frames[-1], x, f)[0]
    diverged = not torch.isfinite(losses[-1]).all()
    a, b, w, _ = parts(start)
    inside = ((-b / a).abs() < 1) & (w != 0)

    # a layer of two units, f(W u + b): it multiplies the area around u by |det W| |f'(z1)| |f'(z2)|
    w11, w12, b1, w21, w22, b2 = SETTINGS["layer"]
    side = (torch.arange(40, dtype=torch.float64) + 0.5) / 40
    u1, u2 = torch.meshgrid(side, side, indexing="xy")
    z = torch.stack([w11 * u1 + w12 * u2 + b1, w21 * u1 + w22 * u2 + b2]).requires_grad_()
    (slopes,) = torch.autograd.grad(f(z).sum(), z)
    areas = abs(w11 * w22 - w12 * w21) * slopes.prod(0).abs()

    numbers = {
        "units": float(a.shape[1]),
        "error_start": rms(start, x, f, wanted).item(),
        "largest_error_start": (y - wanted).abs().max().item(),
        "error_trained": math.nan if diverged else rms(frames[-1], x, f, wanted).item(),
        "largest_error_trained": math.nan if diverged else (trained - wanted).abs().max().item(),
        "hinges_inside": float(inside.sum().item()),
        "sum_left": y[0].item(),
        "sum_right": y[-1].item(),
        "peak": y.max().item(),
        "layer_determinant": w11 * w22 - w12 * w21,
        "layer_area": areas.mean().item(),
        "collapsed_share": (areas == 0).double().mean().item(),
    }
    for n in (1, 2, 4, 8, 16):  # the price: ReLU units that join the target's values; equal distances, best output weights
        joined = interpolant(n, lambda at: target(SETTINGS["target"], at, SETTINGS["curve"]))
        numbers[f"interpolation_error[{n}]"] = rms(joined, x, torch.relu, wanted).item()
        numbers[f"solved_error[{n}]"] = rms(even_start(n, SETTINGS["activation"], x, f, wanted), x, f, wanted).item()
    return numbers


if __name__ == "__main__":
    torch.set_num_threads(1)
    # JSON has no infinity and no nan: what is not finite is printed as null
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in main().items()}, indent=1))
