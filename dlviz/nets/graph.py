"""A typed expression as a computational graph, its values by torch, and back-propagation by hand: the reverse sweep.

>>> import torch
>>> a_, b_ = Node(LEAF, name="a"), Node(LEAF, name="b")
>>> graph = Graph((a_, b_, Node("multiply", (0, 1)), Node("add", (2, 0))))   # a*b + a
>>> a, b = torch.tensor(3.0), torch.tensor(2.0)
>>> values = forward(graph, [a, b])
>>> [value.item() for value in values], [gradient.item() for gradient in backward(graph, values)]
([3.0, 2.0, 6.0, 9.0], [3.0, 3.0, 1.0, 1.0])
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dlviz.nets.operations import OPERATIONS

LEAF, CONSTANT = "leaf", "constant"


@dataclass(frozen=True)
class Node:
    """A leaf with its `name`, a constant with its `number`, or an operation on earlier nodes; a power has its exponent as `number`."""

    operation: str
    inputs: tuple[int, ...] = ()
    name: str = ""
    number: float = 0.0


@dataclass(frozen=True)
class Graph:
    """Nodes, each after its inputs; the last one is the result L. Equal subexpressions are one node."""

    nodes: tuple[Node, ...]

    @property
    def leaves(self) -> dict[str, int]:
        """Each leaf's name and node, in order of appearance."""
        return {node.name: i for i, node in enumerate(self.nodes) if node.operation == LEAF}

    @property
    def varies(self) -> list[bool]:
        """Of every node, whether a leaf stands anywhere below it: only then it has a gradient."""
        found: list[bool] = []
        for node in self.nodes:
            found.append(node.operation == LEAF or any(found[i] for i in node.inputs))
        return found

    def edges(self) -> list[tuple[int, int]]:
        """(node, which of its inputs) of every edge along which a gradient flows, in order."""
        varies = self.varies
        return [(n, k) for n, node in enumerate(self.nodes) for k, i in enumerate(node.inputs) if varies[i]]

    def paths(self, start: int) -> Iterator[tuple[tuple[int, int], ...]]:
        """Every path from a node to L as its edges (node, which input), one after the other."""
        last = len(self.nodes) - 1
        into = [[edge for edge in self.edges() if self.nodes[edge[0]].inputs[edge[1]] == i] for i in range(last + 1)]

        def onward(node: int) -> Iterator[tuple[tuple[int, int], ...]]:
            if node == last:
                yield ()
            for edge in into[node]:
                for rest in onward(edge[0]):
                    yield (edge, *rest)

        return onward(start)


def forward(graph: Graph, leaves: Sequence[Tensor]) -> list[Tensor]:
    """The value of every node, inputs before outputs; `leaves` in the order of `graph.leaves`, of any shape."""
    values: list[Tensor] = []
    given = iter(leaves)
    for node in graph.nodes:
        if node.operation == LEAF:
            values.append(next(given))
        elif node.operation == CONSTANT:
            values.append(torch.full_like(leaves[0], node.number))
        else:
            values.append(OPERATIONS[node.operation].value(*(values[i] for i in node.inputs), *_exponent(node)))
    return values


def backward(graph: Graph, values: Sequence[Tensor]) -> list[Tensor]:
    """∂L/∂node of every node: outputs before inputs, the chain rule at each, and sums where a node was used more than once.

    Consumers stand after what they consume, so on the way back a node's gradient is complete when its turn comes.
    """
    gradients = [torch.zeros_like(value) for value in values]
    reached = [False] * len(values)
    gradients[-1] = torch.ones_like(values[-1])  # ∂L/∂L
    for n in reversed(range(len(graph.nodes))):
        for i, share in zip(graph.nodes[n].inputs, shares(graph, values, n, gradients[n]), strict=True):
            gradients[i] = gradients[i] + share if reached[i] else share
            reached[i] = True
    return [gradient if varies else torch.zeros_like(gradient) for gradient, varies in zip(gradients, graph.varies, strict=True)]


def shares(graph: Graph, values: Sequence[Tensor], n: int, gradient: Tensor) -> tuple[Tensor, ...]:
    """What node n passes on to each of its inputs of the gradient that has arrived at it: gradient · ∂n/∂input."""
    node = graph.nodes[n]
    if node.operation in (LEAF, CONSTANT):
        return ()
    return OPERATIONS[node.operation].shares(gradient, values[n], *(values[i] for i in node.inputs), *_exponent(node))


def local_derivatives(graph: Graph, values: Sequence[Tensor]) -> dict[tuple[int, int], Tensor]:
    """∂node/∂input on every edge: what the node would pass on of a gradient of 1."""
    one = torch.ones_like(values[-1])
    return {(n, k): shares(graph, values, n, one)[k] for n, k in graph.edges()}


def _exponent(node: Node) -> tuple[float, ...]:
    return (node.number,) if node.operation == "power" else ()
