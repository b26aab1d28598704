"""dlviz, Gradient flow, By hand: back-propagation through a small graph, checked against autograd and finite differences.

Needs torch. Prints, as JSON, the numbers that the page shows for these SETTINGS.
"""

import json
import math
from typing import Any

import torch

from dlviz.compute.gradients.examples import DATA, EXAMPLES
from dlviz.nets.differences import finite_differences, step_grid
from dlviz.nets.graph import backward, forward, local_derivatives
from dlviz.nets.reading import read

SETTINGS: dict[str, Any] = {
    "example": "network",
    "expression": "(a*b + c).tanh()",
    "h": 1e-06,
    "learning_rate": 0.1,
    "opens": "gradients",
    "beside": "nothing",
    "followed": "",
    "network": (0.8, 0.5, 1.0, -1.2, 0.5, -0.6, 1.5, 0.4, 1.0),
    "deep": (1.2, 1.5, 0.5, 1.0, 0.6, -1.0, 1.0),
    "product": (3.0, -2.0, 4.0),
    "reuse": (2.0, 0.5),
    "gate": (0.5, 1.0, -2.0, 2.0),
    "chain": (1.2, 0.8, 1.0, 2.0),
    "own": (0.5, -1.0, 1.5, 0.25, -0.5, 1.0, 2.0, -1.5, 0.75),
}


def main() -> dict[str, float]:
    """L, the gradient of every leaf, its paths, the errors of finite differences, and L after one update."""
    example, given = EXAMPLES[SETTINGS["example"]], SETTINGS[SETTINGS["example"]]
    graph = read(SETTINGS["expression"] if SETTINGS["example"] == "own" else example.expression)
    names = list(graph.leaves)
    start = (given + example.values[len(given) :])[: len(names)]
    followed = next(name for name in (SETTINGS["followed"], example.followed, names[0]) if name in names)
    which, node = names.index(followed), graph.leaves[followed]

    leaves = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in start]
    by_autograd = torch.autograd.grad(forward(graph, leaves)[-1], leaves)
    with torch.no_grad():
        values = forward(graph, leaves)
        gradients = backward(graph, values)  # the way back, by hand
        slopes = local_derivatives(graph, values)  # (node, which input) -> d node / d input
    gradient = gradients[node].item()
    products = [math.prod(slopes[edge].item() for edge in path) for path in graph.paths(node)]
    pairs = [(gradients[i].item(), found.item()) for i, found in zip(graph.leaves.values(), by_autograd, strict=True)]
    # where both are nan, or the same infinity, they agree
    apart = [0.0 if ours == found or (math.isnan(ours) and math.isnan(found)) else abs(ours - found) for ours, found in pairs]

    numbers = {
        "loss": values[-1].item(),
        "gradient": gradient,
        "autograd": by_autograd[which].item(),
        "largest_disagreement": math.nan if any(map(math.isnan, apart)) else max(apart),
        "nodes": float(len(graph.nodes)),
        "edges": float(len(graph.edges())),
        "leaves": float(len(names)),
        "zero_gradients": float(sum(gradients[i].item() == 0 for i in graph.leaves.values())),
        "undefined_nodes": float(sum(not math.isfinite(value.item()) for value in values)),
        "paths": float(len(products)),
        "path_sum": math.fsum(products) if all(map(math.isfinite, products)) else math.nan,
        "step": SETTINGS["h"],
        "learning_rate": SETTINGS["learning_rate"],
    }
    for name, i in graph.leaves.items():
        numbers[f"value[{name}]"], numbers[f"gradient[{name}]"] = values[i].item(), gradients[i].item()

    steps = torch.cat([step_grid(), torch.tensor([SETTINGS["h"]], dtype=torch.float64)])
    for kind, estimates in zip(("forward", "central"), finite_differences(graph, start, which, steps), strict=True):
        numbers[f"{kind}_difference"] = estimates[-1].item()
        numbers[f"{kind}_error"] = abs(estimates[-1].item() - gradient)

    # the update is another act: w <- w - rate * dL/dw, for every leaf that is no datum
    rate = SETTINGS["learning_rate"]
    with torch.no_grad():
        moved = [leaf if name[0] in DATA else leaf - rate * gradients[graph.leaves[name]] for name, leaf in zip(names, leaves, strict=True)]
        numbers["loss_after"] = forward(graph, moved)[-1].item()
    numbers["loss_change"] = numbers["loss_after"] - numbers["loss"]
    return numbers


if __name__ == "__main__":
    torch.set_num_threads(1)
    # JSON has no infinity and no nan: what is not finite is printed as null
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in main().items()}, indent=1))
