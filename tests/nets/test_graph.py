"""Graphs of typed expressions: values and gradients against mpmath and autograd, paths against the graph’s matrix."""

import math
import random
from typing import Any

import mpmath as m
import numpy as np
import pytest
import torch

from dlviz.nets.differences import derivatives
from dlviz.nets.expression import ExpressionError
from dlviz.nets.graph import Graph, backward, forward, local_derivatives, shares
from dlviz.nets.operations import FUNCTIONS, OPERATIONS, PAIRS
from dlviz.nets.reading import read

NAMES = ("a", "b", "c", "w1", "x")
# what the names mean, for Python itself to evaluate the same text with 30 digits
MEANING: dict[str, Any] = {
    "max": max, "min": min, "cos": m.cos, "exp": m.exp, "log": m.log, "sin": m.sin, "sqrt": m.sqrt, "tanh": m.tanh,
    "relu": lambda x: x if x > 0 else m.mpf(0), "sigmoid": lambda x: 1 / (1 + m.exp(-x)), "__builtins__": {},
}  # fmt: skip


def random_text(rng: random.Random, depth: int, methods: bool = False) -> str:
    """A random expression; its numbers are dyadic, so that torch and Python read the same ones."""
    if depth == 0:
        return rng.choice([*NAMES, *NAMES, "2", "0.5", "-1.25"])
    one, two = random_text(rng, depth - 1, methods), random_text(rng, depth - 1, methods)
    match rng.randrange(8):
        case 0 | 1 | 2 | 3:
            return f"({one} {rng.choice('+-*/')} {two})"
        case 4:
            return f"({one})**{rng.choice(['2', '3', '-1', '0.5', '0', '-1.5'])}"
        case 5:
            return f"-({one})"
        case 6:
            return f"{rng.choice(PAIRS)}({one}, {two})"
    name = rng.choice(FUNCTIONS)
    return f"({one}).{name}()" if methods and rng.random() < 0.5 else f"{name}({one})"


def random_graphs(seed: int, count: int, methods: bool = False) -> list[tuple[str, Graph]]:
    """Random expressions that are within the limits, with their graphs."""
    rng, found = random.Random(seed), []
    while len(found) < count:
        text = random_text(rng, rng.randint(1, 4), methods)
        try:
            found.append((text, read(text)))
        except ExpressionError as error:
            assert any(reason in str(error) for reason in ("more than", "at most", "no leaf")), (text, error)
    return found


def leaves_of(graph: Graph, rng: random.Random, kinks: bool) -> list[torch.Tensor]:
    """A value for each leaf; with `kinks`, some are 0 or 1, where operations have kinks, ties and poles."""
    return [
        torch.tensor(rng.choice([0.0, 1.0, rng.uniform(-3, 3)]) if kinks else rng.uniform(-2, 2), dtype=torch.float64) for _ in graph.leaves
    ]


def truth(text: str, names: list[str], values: list[float], which: int) -> tuple[float, float] | None:
    """The value and the derivative in one leaf, with 30 digits, by Python's own reading; None unless real and of moderate size."""
    code = compile(text, "typed", "eval")
    with m.workdps(30):

        def result(x: Any) -> Any:
            given = {name: m.mpf(value) for name, value in zip(names, values, strict=True)} | {names[which]: x}
            return m.mpmathify(eval(code, MEANING | given))

        try:
            here = m.mpf(values[which])
            found = [result(here), m.diff(result, here)]
        except (ZeroDivisionError, TypeError, OverflowError, ValueError):
            return None
        if not all(isinstance(value, m.mpf) and abs(value) < 1e6 for value in found):
            return None
        return float(found[0]), float(found[1])


def test_values_and_gradients_of_random_expressions_are_right() -> None:
    """Against mpmath's 30 digits, wherever the true value and slope are real and of moderate size."""
    rng, compared = random.Random(5), 0
    for text, graph in random_graphs(4, 250):
        leaves = leaves_of(graph, rng, kinks=False)
        values = forward(graph, leaves)
        gradients = backward(graph, values)
        for which, (_, node) in enumerate(graph.leaves.items()):
            expected = truth(text, list(graph.leaves), [leaf.item() for leaf in leaves], which)
            if expected is None:
                continue
            compared += 1
            assert values[-1].item() == pytest.approx(expected[0], rel=1e-9, abs=1e-9), text
            assert gradients[node].item() == pytest.approx(expected[1], rel=1e-7, abs=1e-7), (text, which)
    assert compared > 250


def test_the_sweep_equals_autograd_to_the_last_digit() -> None:
    """Not close: equal, nan and infinities included, at kinks, ties and poles too; over 1,500 expressions."""
    rng, compared = random.Random(6), 0
    for number, (text, graph) in enumerate(random_graphs(7, 1500, methods=True)):
        leaves = [leaf.requires_grad_() for leaf in leaves_of(graph, rng, kinks=number % 2 == 0)]
        theirs = torch.autograd.grad(forward(graph, leaves)[-1], leaves)
        with torch.no_grad():
            ours = backward(graph, forward(graph, leaves))
        for node, their in zip(graph.leaves.values(), theirs, strict=True):
            compared += math.isfinite(their.item())
            assert torch.equal(ours[node].nan_to_num(nan=4711.0), their.nan_to_num(nan=4711.0)), (text, [leaf.item() for leaf in leaves])
    assert compared > 2000


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_an_operation_passes_on_is_the_gradient_times_its_slope(name: str) -> None:
    """Linear in what arrives, and a share for every input."""
    text = {"add": "a+b", "subtract": "a-b", "multiply": "a*b", "divide": "a/b", "power": "a**1.5", "negate": "-a"}.get(name)
    text = text or (f"{name}(a, b)" if name in PAIRS else f"{name}(a)")
    graph = read(text)
    values = forward(graph, [torch.tensor(value, dtype=torch.float64) for value in (0.7, 0.3)[: len(graph.leaves)]])
    last = len(graph.nodes) - 1
    assert graph.nodes[last].operation == name
    slopes = local_derivatives(graph, values)
    for k, share in enumerate(shares(graph, values, last, torch.tensor(-2.5, dtype=torch.float64))):
        assert share.item() == pytest.approx(-2.5 * slopes[last, k].item(), rel=1e-15)


def adjacency(graph: Graph, weights: dict[tuple[int, int], float] | None = None) -> np.ndarray:
    """(nodes, nodes): the edges from column to row, each with its weight, or counted."""
    found = np.zeros((len(graph.nodes),) * 2)
    for n, k in graph.edges():
        found[n, graph.nodes[n].inputs[k]] += 1 if weights is None else weights[n, k]
    return found


def test_paths_are_those_of_the_matrix_and_their_products_add_up_to_the_gradient() -> None:
    """(1 - A)⁻¹ = 1 + A + A² + … counts paths; with slopes in A it adds up their products."""
    rng = random.Random(8)
    for text, graph in random_graphs(9, 150):
        values = forward(graph, leaves_of(graph, rng, kinks=False))
        slopes = {edge: slope.item() for edge, slope in local_derivatives(graph, values).items()}
        counts = np.linalg.inv(np.eye(len(graph.nodes)) - adjacency(graph))[-1]
        gradients = backward(graph, values)
        for node in graph.leaves.values():
            paths = list(graph.paths(node))
            assert len(set(paths)) == len(paths) == round(counts[node]), text
            products = [math.prod(slopes[edge] for edge in path) for path in paths]
            if all(map(math.isfinite, products)):
                size = sum(map(abs, products))
                assert sum(products) == pytest.approx(gradients[node].item(), abs=1e-12 * size + 1e-300), text


def test_a_doubling_chain_has_two_to_the_n_paths_and_two_n_edges() -> None:
    """Each square uses the one below it twice; the sweep crosses 2n edges all the same. d/da a^(2ⁿ) = 2ⁿ at a = 1."""
    text = "a" + "*a"
    for _ in range(3):
        text = f"({text})*({text})"
    graph = read(text)
    assert len(graph.edges()) == 8 and len(list(graph.paths(0))) == 16
    (gradient, *_) = backward(graph, forward(graph, [torch.tensor(1.0, dtype=torch.float64)]))
    assert gradient.item() == 16


def test_equal_subexpressions_are_one_node() -> None:
    assert [node.operation for node in read("(a + b)*(a + b)").nodes] == ["leaf", "leaf", "add", "multiply"]
    assert len(read("a*b + b*a").nodes) == 5, "a·b and b·a are written differently, and are two nodes"


def test_a_leaf_alone_is_a_graph() -> None:
    graph = read("a")
    assert backward(graph, forward(graph, [torch.tensor(3.0)])) == [torch.tensor(1.0)]


def test_what_depends_on_no_leaf_has_no_gradient() -> None:
    graph = read("a*(2 + 3)")
    values = forward(graph, [torch.tensor(3.0)])
    assert [gradient.item() for gradient in backward(graph, values)] == [5, 0, 0, 0, 1]
    assert graph.edges() == [(4, 0)]


def test_derivatives_of_a_sine() -> None:
    found = derivatives(read("sin(a)*b"), [0.7, 2.0], 0, 3)
    assert found == pytest.approx([2 * math.cos(0.7), -2 * math.sin(0.7), -2 * math.cos(0.7)], rel=1e-15)
    assert derivatives(read("a*b"), [0.7, 2.0], 0, 3) == [2, 0, 0]
