"""View By hand: a small computational graph, back-propagation through it node by node, and what it is checked against."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch

from dlviz import params as p
from dlviz.compute.gradients.examples import DATA, EXAMPLES, OWN
from dlviz.fields import ParameterError
from dlviz.nets.differences import derivatives, finite_differences, step_grid
from dlviz.nets.expression import ExpressionError
from dlviz.nets.graph import Graph, backward, forward, local_derivatives
from dlviz.nets.reading import LEAF_NAME, MOST_CHARACTERS, read
from dlviz.results import Fact
from dlviz.results import Result as Base

REACH = 100.0  # a leaf is between -REACH and REACH
LISTED = 6  # paths that are listed one by one


def _leaves(slug: str) -> Any:
    """The field for the values of an example's leaves."""
    example = EXAMPLES[slug]
    least = 1 if slug == OWN else len(example.values)
    label = f"leaves of the {example.label}" if slug != OWN else "leaves of your own"
    return p.numbers(
        example.values, -REACH, REACH, 0.01, at_least=least, at_most=len(example.values), label=label, stage=True, when=("example", slug)
    )


@dataclass(frozen=True)
class Params(p.Params):
    """Which expression, its leaves, which leaf is followed, the step of the finite differences, the rate of the update."""

    example: str = p.choice("network", {slug: example.label for slug, example in EXAMPLES.items()}, label="Expression")
    expression: str = p.text(
        EXAMPLES[OWN].expression, MOST_CHARACTERS, label="Your own expression", private=True, when=("example", OWN),
        placeholder=EXAMPLES[OWN].expression,
        help="Leaves a, b, w1, …, numbers, + - * / **, and cos exp log max min relu sigmoid sin sqrt tanh, as tanh(a) or a.tanh().",
    )  # fmt: skip
    h: float = p.number(1e-6, 1e-16, 1, 2, scale="log", label="Step h", help="Of the finite differences; drag it in their chart, too.")
    learning_rate: float = p.number(0.1, 0.001, 10, 3, scale="log", label="Learning rate η", help="Of the update, which is another act.")
    opens: str = p.choice(
        "gradients",
        {
            "leaves": "before the forward pass",
            "values": "after the forward pass",
            "gradients": "after the backward pass",
            "update": "after the update",
        },
        label="The picture opens",
        more=True,
    )
    beside: str = p.choice(
        "nothing", {"nothing": "nothing", "differences": "finite differences", "paths": "paths"}, label="beside the graph", stage=True
    )
    followed: str = p.text("", 2, label="followed leaf", stage=True, private=True)
    network: tuple[float, ...] = _leaves("network")
    deep: tuple[float, ...] = _leaves("deep")
    product: tuple[float, ...] = _leaves("product")
    reuse: tuple[float, ...] = _leaves("reuse")
    gate: tuple[float, ...] = _leaves("gate")
    chain: tuple[float, ...] = _leaves("chain")
    own: tuple[float, ...] = _leaves(OWN)

    def check(self) -> None:
        try:
            read(self.expression)
        except ExpressionError as error:
            raise ParameterError("expression", self.expression, f"an expression of leaves ({error})") from None
        if self.followed and not LEAF_NAME.fullmatch(self.followed):
            raise ParameterError("followed", self.followed, "a leaf, such as a or w1")

    def text(self) -> str:
        """The expression that is drawn."""
        return self.expression if self.example == OWN else EXAMPLES[self.example].expression

    def graph(self) -> Graph:
        """The expression as a graph."""
        return read(self.text())

    def values(self) -> dict[str, float]:
        """Every leaf's value. Of your own, missing ones stand where the defaults have them, and surplus ones are left out."""
        given: tuple[float, ...] = getattr(self, self.example)
        padded = given + EXAMPLES[self.example].values[len(given) :]
        return dict(zip(self.graph().leaves, padded, strict=False))

    def leaf(self) -> str:
        """The followed leaf: the chosen one, or else the example's own, or else the first."""
        names = list(self.graph().leaves)
        return next(name for name in (self.followed, EXAMPLES[self.example].followed, names[0]) if name in names)


@dataclass(frozen=True, eq=False)
class Result(Base):
    """All float64, nan and inf where the graph has them: `values`, `gradients` (nodes,) by the reverse sweep; `autograd` (leaves,);
    `local` (edges,), ∂node/∂input in the order of `Graph.edges`; `products` (paths,), one a path from the followed leaf; `steps`,
    `ahead`, `central` (65,), finite differences in the followed leaf, and `at_step` (2,), both at the chosen h; `higher` (2,), the
    second and third derivative in it; `updated` (nodes,), values after one update.
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    values: np.ndarray
    gradients: np.ndarray
    autograd: np.ndarray
    local: np.ndarray
    products: np.ndarray
    steps: np.ndarray
    ahead: np.ndarray
    central: np.ndarray
    at_step: np.ndarray
    higher: np.ndarray
    updated: np.ndarray

    def facts(self) -> dict[str, Fact]:
        """The result and its gradients, ours beside autograd's; paths, finite differences, and the update."""
        graph, name = self.params.graph(), self.params.leaf()
        leaves = graph.leaves
        ours = self.gradients[list(leaves.values())]
        gradient = float(self.gradients[leaves[name]])
        uses = [sum(i in node.inputs for node in graph.nodes) for i in range(len(graph.nodes))]
        same = (ours == self.autograd) | (np.isnan(ours) & np.isnan(self.autograd))
        apart = np.where(same, 0, np.abs(ours - np.where(same, 0, self.autograd)))
        facts = {
            "loss": Fact(_finite(self.values[-1]), "L"),
            "gradient": Fact(_finite(gradient), f"∂L/∂{name}, reverse sweep"),
            "autograd": Fact(_finite(self.autograd[list(leaves).index(name)]), f"∂L/∂{name}, autograd"),
            "largest_disagreement": Fact(_finite(apart.max()), "largest difference from autograd"),
            "nodes": Fact(float(len(graph.nodes)), "nodes"),
            "edges": Fact(float(len(graph.edges())), "edges"),
            "leaves": Fact(float(len(leaves)), "leaves"),
            "most_uses": Fact(float(max(uses)), "most consumers of one node"),
            "zero_gradients": Fact(float((ours == 0).sum()), "leaves with gradient 0"),
            "undefined_nodes": Fact(float((~np.isfinite(self.values)).sum()), "nodes that are not finite numbers"),
            "paths": Fact(float(len(self.products)), f"paths from {name} to L"),
            "path_sum": Fact(_sum(self.products), f"sum over the paths from {name}"),
            **self._differences(gradient),
            **self._update(list(leaves), ours),
        }
        for k, product in enumerate(self.products[:LISTED]):
            facts[f"path[{k + 1}]"] = Fact(_finite(product), f"product along path {k + 1}")
        for each, i in leaves.items():
            facts[f"value[{each}]"] = Fact(_finite(self.values[i]), each)
            facts[f"gradient[{each}]"] = Fact(_finite(self.gradients[i]), f"∂L/∂{each}")
        return facts

    def _differences(self, gradient: float) -> dict[str, Fact]:
        """Errors of both finite differences, at the chosen step and at the best one."""
        found: dict[str, Fact] = {}
        for number, (kind, label, tried) in enumerate((("forward", "forward", self.ahead), ("central", "central", self.central))):
            errors = np.abs(tried - gradient)
            best = int(np.nanargmin(errors)) if np.isfinite(errors).any() else None
            found |= {
                f"{kind}_difference": Fact(_finite(self.at_step[number]), f"{label} difference"),
                f"{kind}_error": Fact(_finite(abs(self.at_step[number] - gradient)), f"error of the {label} difference"),
                f"best_{kind}_step": Fact(None if best is None else float(self.steps[best]), f"best step, {label} difference"),
                f"best_{kind}_error": Fact(None if best is None else _finite(errors[best]), f"its error, {label} difference"),
            }
        h, best_step = self.params.h, found["best_forward_step"].value
        ratio = None if best_step is None else h / best_step
        return found | {"step": Fact(h, "step h"), "step_ratio": Fact(ratio, "step h : best step")}

    def _update(self, names: list[str], gradients: np.ndarray) -> dict[str, Fact]:
        """L before and after w ← w − η ∂L/∂w, and how much the gradient alone promises."""
        before, after, rate = float(self.values[-1]), float(self.updated[-1]), self.params.learning_rate
        moved = [float(g) for g, name in zip(gradients, names, strict=True) if name[0] not in DATA]
        return {
            "learning_rate": Fact(rate, "learning rate η"),
            "loss_after": Fact(_finite(after), "L after the update"),
            "loss_change": Fact(_finite(after - before), "change of L by the update"),
            "promised_change": Fact(_finite(-rate * sum(g * g for g in moved)), "−η‖∂L/∂w‖²"),
        }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _sum(products: np.ndarray) -> float | None:
    return math.fsum(products) if np.isfinite(products).all() else None


def compute(params: Params) -> Result:
    """The sweep by hand, autograd's gradients of the same graph, paths, finite differences and one update."""
    graph, given = params.graph(), list(params.values().values())
    which = list(graph.leaves).index(params.leaf())
    leaves = [torch.tensor(value, dtype=torch.float64) for value in given]
    values = forward(graph, leaves)
    gradients = backward(graph, values)
    local = {edge: derivative.item() for edge, derivative in local_derivatives(graph, values).items()}

    recorded = [leaf.clone().requires_grad_() for leaf in leaves]
    autograd = torch.autograd.grad(forward(graph, recorded)[-1], recorded)

    start = list(graph.leaves.values())[which]
    products = [math.prod(local[edge] for edge in path) for path in graph.paths(start)]  # at most one for each letter typed

    grid, chosen = step_grid(), torch.tensor([params.h], dtype=torch.float64)
    ahead, central = finite_differences(graph, given, which, torch.cat([grid, chosen]))

    moved = [
        leaf if name[0] in DATA else leaf - params.learning_rate * gradients[i]
        for leaf, (name, i) in zip(leaves, graph.leaves.items(), strict=True)
    ]
    return Result(
        params=params,
        values=torch.stack(values).numpy(),
        gradients=torch.stack(gradients).numpy(),
        autograd=torch.stack(autograd).numpy(),
        local=np.array(list(local.values())),
        products=np.array(products),
        steps=grid.numpy(),
        ahead=ahead[:-1].numpy(),
        central=central[:-1].numpy(),
        at_step=torch.stack([ahead[-1], central[-1]]).numpy(),
        higher=np.array(derivatives(graph, given, which, 3)[1:]),
        updated=torch.stack(forward(graph, moved)).numpy(),
    )
