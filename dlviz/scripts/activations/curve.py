"""dlviz, Activations, Curve: f, f' and f'' by autograd, what is true of f, and one neuron.

Needs torch and numpy. Prints, as JSON, the numbers that the page shows for these SETTINGS.
"""

import json
import math
from typing import Any

import torch

from dlviz.compute.activations.properties import properties
from dlviz.compute.derivatives import derivatives
from dlviz.nets.activations import activation
from dlviz.nets.expression import parse

SETTINGS: dict[str, Any] = {
    "functions": ("sigmoid", "tanh", "relu"),
    "leaky_slope": 0.1,
    "expression": "",
    "show": ("value", "slope"),
    "more_functions": (),
    "prelu_slope": 0.25,
    "elu_alpha": 1.0,
    "swish_beta": 1.0,
    "span": 6.0,
    "threshold": 0.05,
    "precision": "float64",
    "focus": "sigmoid",
    "input_1": 1.0,
    "weight_1": 1.0,
    "input_2": 0.5,
    "weight_2": -1.0,
    "bias": 0.0,
}


def main() -> dict[str, float]:
    """Every property of every function under "name[function]", and the neuron's numbers."""
    shapes = {name: value for name, value in SETTINGS.items() if isinstance(value, float)}
    functions = {name: activation(name, shapes) for name in (*SETTINGS["functions"], *SETTINGS["more_functions"])}
    if SETTINGS["expression"]:
        functions["own"] = parse(SETTINGS["expression"])
    numbers: dict[str, float] = {}
    for name, function in functions.items():
        numbers |= {f"{fact}[{name}]": value for fact, value in properties(function, SETTINGS["threshold"]).items()}

    # one neuron: z = w1 x1 + w2 x2 + b, then f(z) and the slope through which its gradient comes back
    z = SETTINGS["weight_1"] * SETTINGS["input_1"] + SETTINGS["weight_2"] * SETTINGS["input_2"] + SETTINGS["bias"]
    half = round(100 * max(SETTINGS["span"], 10))
    x = torch.arange(-half, half + 1, dtype=torch.float64) / 100  # the page's table; z is one of its rows
    row = round(100 * z) + half
    output, slope, _ = derivatives(functions[SETTINGS["focus"]], x.to(getattr(torch, SETTINGS["precision"])))[:, row].tolist()
    z = x[row].item()
    return numbers | {"pre_activation": z, "output": output, "slope_here": slope}


if __name__ == "__main__":
    torch.set_num_threads(1)
    # JSON has no infinity and no nan: what is not finite is printed as null
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in main().items()}, indent=1))
