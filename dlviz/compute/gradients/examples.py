"""The expressions that By hand offers: each with its leaves' values and the leaf that is followed at first."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """A named expression; `values` are those of its leaves in order of appearance."""

    label: str
    expression: str
    values: tuple[float, ...]
    followed: str


OWN = "own"
EXAMPLES: dict[str, Example] = {
    "network": Example(
        "network 2-2-1",
        "(v1*tanh(w1*x1 + w2*x2) + v2*tanh(w3*x1 + w4*x2) - t)**2",
        (0.8, 0.5, 1.0, -1.2, 0.5, -0.6, 1.5, 0.4, 1.0),
        "w1",
    ),
    "deep": Example("network 1-1-2-1", "(v1*tanh(u1*tanh(w*x)) + v2*tanh(u2*tanh(w*x)) - t)**2", (1.2, 1.5, 0.5, 1.0, 0.6, -1.0, 1.0), "w"),
    "product": Example("product and sum", "a*b + c", (3.0, -2.0, 4.0), "a"),
    "reuse": Example("reused leaf", "a*b + sin(a)", (2.0, 0.5), "a"),
    "gate": Example("neuron with ReLU", "(relu(w*x + b) - t)**2", (0.5, 1.0, -2.0, 2.0), "w"),
    "chain": Example("chain of tanh", "tanh(w3*tanh(w2*tanh(w1*x)))", (1.2, 0.8, 1.0, 2.0), "w1"),
    OWN: Example("your own", "(a*b + c).tanh()", (0.5, -1.0, 1.5, 0.25, -0.5, 1.0, 2.0, -1.5, 0.75), ""),
}
DATA = ("x", "t")  # leaves whose names begin so are inputs and targets: an update leaves them as they are
