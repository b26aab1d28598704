"""A function of x that somebody typed, read into a whitelisted tree and evaluated by torch. Nothing typed is ever run as Python.

>>> import torch
>>> parse("x * sigmoid(2*x)")(torch.tensor([0.0, 1.0]))
tensor([0.0000, 0.8808])
>>> parse("x + open(x)")
Traceback (most recent call last):
...
dlviz.nets.expression.ExpressionError: character 5: "open" is not a function here; known are abs, cos, erf, exp, log, max, min, relu, \
sigmoid, sin, softplus, sqrt, tanh, where
"""

import ast
import math
import operator
import re
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Function = Callable[[Tensor], Tensor]

LONGEST = 200  # characters
DEEPEST = 24  # levels of nesting; a sum of n terms has n

ONE_ARGUMENT: dict[str, Function] = {
    "abs": torch.abs, "cos": torch.cos, "erf": torch.erf, "exp": torch.exp, "log": torch.log, "relu": F.relu,
    "sigmoid": torch.sigmoid, "sin": torch.sin, "softplus": F.softplus, "sqrt": torch.sqrt, "tanh": torch.tanh,
}  # fmt: skip
TWO_ARGUMENTS = {"max": torch.maximum, "min": torch.minimum}
KNOWN = sorted([*ONE_ARGUMENT, *TWO_ARGUMENTS, "where"])
CONSTANTS = {"pi": math.pi, "e": math.e}
ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: torch.pow}
COMPARISONS = {ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Lt: operator.lt, ast.LtE: operator.le}


class ExpressionError(ValueError):
    """Why a typed function cannot be used; `position` counts its characters from 1."""

    def __init__(self, position: int, reason: str) -> None:
        self.position = position
        super().__init__(f"character {position}: {reason}")


def parse(text: str) -> Function:
    """The typed function, from a tensor to a tensor of the same shape and dtype. ExpressionError points at what is wrong."""
    body = _build(tree_of(text, "a function", LONGEST, "+ - * / ( ) , . < > =", "2*x + 1"), DEEPEST)
    return lambda x: body(x).expand(x.shape)


def tree_of(text: str, what: str, longest: int, signs: str, example: str) -> ast.expr:
    """The text as the tree of one Python expression, which nothing runs. ExpressionError if it is too long, has other signs
    than `signs` beside letters, digits and spaces, or cannot be read. The message says `what` was expected, and an `example`.
    """
    if len(text) > longest:
        raise ExpressionError(longest + 1, f"{what} has at most {longest} characters, this one has {len(text)}")
    allowed = re.escape(signs.replace(" ", ""))
    if stranger := re.search(rf"[^A-Za-z0-9_ {allowed}]", text):
        hint = "write ** for a power" if stranger[0] == "^" else f"letters, digits, spaces and {signs} can stand here"
        raise ExpressionError(stranger.start() + 1, f"{stranger[0]!r} cannot stand in {what}; {hint}")
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, MemoryError, RecursionError, ValueError) as error:
        position = getattr(error, "offset", None) or 1
        raise ExpressionError(min(position, len(text) + 1), f"{what} cannot be read from here on, as in {example}") from None


def _build(node: ast.expr, depth: int) -> Function:
    """The function that one node of the tree stands for."""
    at = node.col_offset + 1
    if depth == 0:
        raise ExpressionError(at, f"nested more than {DEEPEST} levels deep")
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return _constant(float(value), at)
        case ast.Name(id="x"):
            return lambda x: x
        case ast.Name(id=name) if name in CONSTANTS:
            return _constant(CONSTANTS[name], at)
        case ast.Name(id=name):
            raise ExpressionError(at, f'"{name}" is not known; the variable is x')
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            negated = _build(inner, depth - 1)
            return lambda x: -negated(x)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _build(inner, depth - 1)
        case ast.BinOp(op=op) if type(op) in ARITHMETIC:
            left, right, combine = _build(node.left, depth - 1), _build(node.right, depth - 1), ARITHMETIC[type(op)]
            return lambda x: combine(left(x), right(x))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _call(name, arguments, at, depth)
    raise ExpressionError(at, "only numbers, x, + - * / **, and functions of x can stand here")


def _constant(value: float, at: int) -> Function:
    number = finite(value, at)
    return lambda x: torch.tensor(number, dtype=x.dtype)


def finite(value: float, at: int) -> float:
    """A typed number. ExpressionError if it is too large for one."""
    if not math.isfinite(value):
        raise ExpressionError(at, "this number is too large")
    return value


def _call(name: str, arguments: list[ast.expr], at: int, depth: int) -> Function:
    """The function that name(arguments) stands for."""
    if name not in KNOWN:
        raise ExpressionError(at, f'"{name}" is not a function here; known are {", ".join(KNOWN)}')
    wanted = 3 if name == "where" else 2 if name in TWO_ARGUMENTS else 1
    if len(arguments) != wanted:
        example = {1: f"{name}(x)", 2: f"{name}(x, 0)", 3: "where(x > 0, x, 0)"}[wanted]
        raise ExpressionError(at, f"{name} takes {wanted}, as in {example}")
    if name == "where":
        condition = _compare(arguments[0], depth - 1)
        yes, no = (_build(argument, depth - 1) for argument in arguments[1:])
        return lambda x: torch.where(condition(x), yes(x), no(x))
    parts = [_build(argument, depth - 1) for argument in arguments]
    if name in TWO_ARGUMENTS:
        combine = TWO_ARGUMENTS[name]
        return lambda x: combine(parts[0](x), parts[1](x))
    function = ONE_ARGUMENT[name]
    return lambda x: function(parts[0](x))


def _compare(node: ast.expr, depth: int) -> Function:
    """The condition of a where: one comparison."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARISONS:
        left, right = _build(node.left, depth - 1), _build(node.comparators[0], depth - 1)
        compare = COMPARISONS[type(node.ops[0])]
        return lambda x: compare(left(x), right(x))
    raise ExpressionError(node.col_offset + 1, "the first part of where is one comparison, as in x > 0")
