"""What is typed becomes a graph or one sentence: never code that runs, never a crash, never a large computation."""

import random
import warnings

import pytest

from dlviz.compute.gradients.by_hand import Params
from dlviz.fields import ParameterError
from dlviz.nets.expression import ExpressionError
from dlviz.nets.graph import Graph
from dlviz.nets.reading import MOST_CHARACTERS, MOST_LEAVES, MOST_NODES, read

SENTENCES = {
    "a = b": "nothing can be assigned",
    "a = a + 1": "has no cycles",
    "a == b": "nothing can be assigned",
    "b = a; a = b": "has no cycles",
    "(a := b)": "nothing can be assigned",
    "open(a)": '"open" is not a function here',
    "a.open()": '"open" is not a function here',
    "foo + a": '"foo" is not known; a leaf is one small letter',
    "pi*a": '"pi" is not known',
    "A*b": '"A" is not known',
    "w12": '"w12" is not known',
    "__import__('os').system('true')": "cannot stand in an expression",
    "__import__": '"__import__" is not known',
    "a.__class__": "only numbers, leaves",
    "a.__class__()": '"__class__" is not a function here',
    "().__class__.__bases__": "only numbers, leaves",
    "a.real": "only numbers, leaves",
    "tanh.a()": '"a" is not a function here',
    "lambda: a": "cannot stand in an expression",
    "lambda a, b": "cannot be read",
    "(lambda a)": "cannot be read",
    "[a for a in b]": "cannot stand in an expression",
    "(a for a in b)": "only numbers, leaves",
    "max(a for a in b)": "max takes 2",
    "import os": "cannot be read",
    "a if b else c": "only numbers, leaves",
    "a and b": "only numbers, leaves",
    "not a": "only numbers, leaves",
    "a, b": "only numbers, leaves",
    "a//b": "only numbers, leaves",
    "await a": "only numbers, leaves",
    "yield": "cannot be read",
    "a^2": "write ** for a power",
    "a[0]": "cannot stand in an expression",
    "a!": "cannot stand in an expression",
    "a < b": "cannot stand in an expression",
    "a**b": "the exponent of a power is a plain number",
    "a**-b": "the exponent of a power is a plain number",
    "10**10**10*a": "the exponent of a power is a plain number",
    "9**9**9**9 + a": "the exponent of a power is a plain number",
    "a**1e999": "this number is too large",
    "1e999*a": "this number is too large",
    "a*True": "only numbers, leaves",
    "1j*a": "only numbers, leaves",
    "...": "only numbers, leaves",
    "None": "only numbers, leaves",
    "a(b)": '"a" is not a function here',
    "tanh": '"tanh" is not known',
    "tanh()": "tanh takes 1",
    "tanh(a, b)": "tanh takes 1",
    "a.tanh(b)": "tanh takes 1",
    "max(a)": "max takes 2",
    "a.max(b, c)": "max takes 2",
    "tanh(x=a)": "nothing can be assigned",
    "max(*a)": "max takes 2",
    "max(*a, b)": "only numbers, leaves",
    "max(**a)": "only numbers, leaves",
    "": "cannot be read",
    "2 + 3": "there is no leaf",
    "a +": "cannot be read",
    "(a": "cannot be read",
    "a b": "cannot be read",
    "(" * 100 + "a": "cannot be read",
    "-" * 100 + "a": f"more than {MOST_NODES} nodes",
    "sin(" * 29 + "a": "cannot be read",
    "sin(" * 23 + "a" + ")" * 23: "",
    "-sin(" * 12 + "a" + ")" * 12: f"more than {MOST_NODES} nodes",
    "a+b+c+d+e+f+g+h+i": "",
    "a+b+c+d+e+f+g+h+i+j": f"more than {MOST_LEAVES} leaves",
    "a+" * 60 + "a": "at most 120 characters",
    "a" * 10_000: "at most 120 characters",
    "é + a": "cannot stand in an expression",
    "а + b": "cannot stand in an expression",  # a Cyrillic а
    "a\nb": "cannot stand in an expression",
}


@pytest.mark.parametrize("text", SENTENCES, ids=lambda text: ascii(text[:30]))
def test_what_is_no_graph_is_one_sentence(text: str) -> None:
    words = SENTENCES[text]
    if not words:
        assert isinstance(read(text), Graph)
        return
    with pytest.raises(ExpressionError, match="^character [0-9]+: ") as caught:
        read(text)
    assert words in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 250
    assert 1 <= caught.value.position <= max(len(text), 1) + 1
    with pytest.raises(ParameterError, match="^expression is ") as told:
        Params(example="own", expression=text)
    assert str(told.value).endswith(".")


def test_random_characters_are_a_graph_or_a_sentence() -> None:
    rng, alphabet = random.Random(12), ["a", "b", "w1", "tanh", "max", "(", ")", "+", "-", "*", "/", "**", ".", ",", "2", " ", "=", "_"]
    graphs = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning would go to the server's log, with the viewer's words
        for _ in range(20_000):
            text = "".join(rng.choices(alphabet, k=rng.randint(1, 9)))
            try:
                graphs += isinstance(read(text), Graph)
            except ExpressionError as error:
                assert 1 <= error.position <= len(text) + 1
    assert graphs > 300


@pytest.mark.parametrize(
    ("text", "operations"),
    [
        ("tanh(a)", ["leaf", "tanh"]),
        ("a.tanh()", ["leaf", "tanh"]),
        ("a.max(b)", ["leaf", "leaf", "max"]),
        ("-a**2", ["leaf", "power", "negate"]),
        ("a - -2", ["leaf", "constant", "subtract"]),
        ("+a", ["leaf"]),
        ("a**-0.5", ["leaf", "power"]),
        ("2**3*a", ["constant", "power", "leaf", "multiply"]),
    ],
)
def test_graphs_that_can_be_seen(text: str, operations: list[str]) -> None:
    assert [node.operation for node in read(text).nodes] == operations


def test_limits_are_those_of_the_settings() -> None:
    assert MOST_CHARACTERS == 120 and len(Params().own) == MOST_LEAVES
