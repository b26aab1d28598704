"""dlviz, Activations, Cost: measure what each activation costs an element on this machine, forward and backward.

Needs torch. Prints, as JSON, quickest times, medians and quartiles; they are times, so every run prints other ones.
"""

import json
import math
import statistics
from typing import Any

import torch

from dlviz.compute.activations.stopwatch import KINDS, devices, measure
from dlviz.nets.activations import ACTIVATIONS

SETTINGS: dict[str, Any] = {
    "functions": ("identity", "step", "sigmoid", "tanh", "leaky_relu", "gelu", "silu"),
    "exponent": 20.0,
    "precision": "float32",
    "more_functions": (),
    "repetitions": 15.0,
    "run": 1.0,
}


def main() -> dict[str, float]:
    """Under "least_forward[name]" and so on the quickest in ns per element (of a call: in ns), beside it median and quartiles."""
    wanted = ("relu", *SETTINGS["functions"], *SETTINGS["more_functions"])
    names = [name for name in ACTIVATIONS if name in wanted]
    elements, dtype = 2 ** int(SETTINGS["exponent"]), getattr(torch, SETTINGS["precision"])
    columns = [(device, kind, name) for device in devices() for kind in KINDS for name in names]
    times: dict[tuple[str, str, str], list[float]] = {column: [] for column in columns}
    for place, nanoseconds in measure(names, elements, dtype, devices(), int(SETTINGS["repetitions"])):
        times[columns[place % len(columns)]].append(nanoseconds)

    numbers: dict[str, float] = {
        "elements": float(elements),
        "bytes_per_element": float(dtype.itemsize),
        "tensor_bytes": float(elements * dtype.itemsize),
        "functions_measured": float(len(names)),
        "repetitions": float(min(len(measured) for measured in times.values())),
        "threads": float(torch.get_num_threads()),
    }
    for (device, kind, name), measured in times.items():
        scale = 1 if kind == "call" else elements
        low, median, high = (quantile / scale for quantile in statistics.quantiles(measured, n=4, method="inclusive"))
        prefix, about = "gpu_" if device == "cuda" else "", f"{kind}[{name}]"
        numbers |= {f"{prefix}least_{about}": min(measured) / scale, f"{prefix}median_{about}": median}
        numbers |= {f"{prefix}quartile_1_{about}": low, f"{prefix}quartile_3_{about}": high}
    return numbers


if __name__ == "__main__":
    torch.set_num_threads(1)
    # the step function has no backward pass: not a number, which JSON does not know, is printed as null
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in main().items()}, indent=1))
