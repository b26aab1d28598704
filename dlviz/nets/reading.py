"""Typed text, such as `(a*b + c).tanh()`, read into a computational graph. Nothing typed is ever run as Python.

>>> [node.name or node.operation for node in read("(a*b + c).tanh()").nodes]
['a', 'b', 'multiply', 'c', 'add', 'tanh']
>>> read("a + open(b)")
Traceback (most recent call last):
...
dlviz.nets.expression.ExpressionError: character 5: "open" is not a function here; known are cos, exp, log, max, min, relu, \
sigmoid, sin, sqrt, tanh
"""

import ast
import re

from dlviz.nets.expression import ExpressionError, finite, tree_of
from dlviz.nets.graph import CONSTANT, LEAF, Graph, Node
from dlviz.nets.operations import FUNCTIONS, PAIRS

MOST_CHARACTERS, MOST_LEAVES, MOST_NODES = 120, 9, 24
LEAF_NAME = re.compile(r"[a-z][0-9]?")
SIGNS = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide"}
OFFERED = sorted([*FUNCTIONS, *PAIRS])


def read(text: str) -> Graph:
    """The graph of the expression; equal subexpressions become one node. ExpressionError points at what is wrong."""
    if "=" in text:
        raise ExpressionError(text.index("=") + 1, "nothing can be assigned here: a graph without names for its nodes has no cycles")
    tree = tree_of(text, "an expression", MOST_CHARACTERS, "+ - * / ( ) , .", "(a*b + c).tanh()")
    reader = Reader()
    reader.node(tree)
    graph = Graph(tuple(reader.found))
    if not graph.leaves:
        raise ExpressionError(1, "there is no leaf; at least one letter must stand in the expression, such as a")
    return graph


class Reader:
    """Turns Python's tree into nodes, from the inside out; `found` is each different node with its number."""

    def __init__(self) -> None:
        self.found: dict[Node, int] = {}

    def node(self, tree: ast.expr) -> int:
        """The number of the node that a tree stands for; it and what it needs are added if they are not there yet."""
        at = tree.col_offset + 1
        match tree:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self.add(Node(CONSTANT, number=finite(float(value), at)), at)
            case ast.Name(id=name):
                return self.add(Node(LEAF, name=leaf_name(name, at)), at)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if not isinstance(value, bool):
                return self.add(Node(CONSTANT, number=-finite(float(value), at)), at)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self.add(Node("negate", (self.node(inner),)), at)
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return self.node(inner)
            case ast.BinOp(op=ast.Pow()):
                return self.add(Node("power", (self.node(tree.left),), number=exponent(tree.right)), at)
            case ast.BinOp(op=op) if type(op) in SIGNS:
                return self.add(Node(SIGNS[type(op)], (self.node(tree.left), self.node(tree.right))), at)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self.call(name, arguments, at)
            case ast.Call(func=ast.Attribute(value=first, attr=name), args=arguments, keywords=[]):
                return self.call(name, [first, *arguments], at)
        raise ExpressionError(at, "only numbers, leaves such as a or w1, + - * / **, and functions of them can stand here")

    def call(self, name: str, arguments: list[ast.expr], at: int) -> int:
        """The node of a function, written as tanh(a) or a.tanh()."""
        if name not in OFFERED:
            raise ExpressionError(at, f'"{name}" is not a function here; known are {", ".join(OFFERED)}')
        if len(arguments) != (wanted := 2 if name in PAIRS else 1):
            raise ExpressionError(at, f"{name} takes {wanted}, as in {name}({'a, b' if wanted == 2 else 'a'})")
        return self.add(Node(name, tuple(self.node(argument) for argument in arguments)), at)

    def add(self, node: Node, at: int) -> int:
        """The number of this node, which is a new one only if there is none like it."""
        number = self.found.setdefault(node, len(self.found))
        if sum(each.operation == LEAF for each in self.found) > MOST_LEAVES:
            raise ExpressionError(at, f"there are more than {MOST_LEAVES} leaves")
        if len(self.found) > MOST_NODES:
            raise ExpressionError(at, f"the graph has more than {MOST_NODES} nodes")
        return number


def leaf_name(name: str, at: int) -> str:
    """The name, if it is one of a leaf. ExpressionError if it is not."""
    if not LEAF_NAME.fullmatch(name):
        raise ExpressionError(at, f'"{name}" is not known; a leaf is one small letter, or a letter and a digit, such as a or w1')
    return name


def exponent(tree: ast.expr) -> float:
    """The constant exponent of a power. ExpressionError for anything but a number."""
    at = tree.col_offset + 1
    match tree:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if not isinstance(value, bool):
            return -finite(float(value), at)
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return finite(float(value), at)
    raise ExpressionError(at, "the exponent of a power is a plain number, as in a**2")
