"""A network that somebody pasted as `nn.Sequential(...)`, read into a list of known layers. Nothing pasted is ever run.

>>> network = read("model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))")
>>> network.inputs, network.widths, network.parameters
(2, (8, 8, 2), 42)
>>> read("nn.Sequential(nn.Linear(2, 8),\\n nn.Linear(4, 2))")
Traceback (most recent call last):
...
dlviz.nets.sequential.SequentialError: line 2: Linear takes 4 numbers, but 8 arrive from Linear in line 1
"""

import ast
import operator
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dlviz.nets.layers import LAYERS, Argument, Layer, Value

MOST_LAYERS = 200
MOST_PARAMETERS = 5_000_000
DEEPEST = 12  # Sequentials and lists within each other
LARGEST = 10**9  # of the numbers on the way in 4 * 64
ARITHMETIC: dict[type, Callable[[float, float], float]] = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
ONE = "paste one nn.Sequential(...) and nothing else"
REFUSED = {
    r".*Dropout.*": "draws at random in every pass, and here one pass is looked at; leave it out",
    r"(Log)?Soft(max|min)(2d)?": "is a part of the loss already; end with the scores that go into it",
    r"(Lazy)?(Conv|.*Pool|BatchNorm[23]|Flatten|Embedding|RNN|LSTM|GRU|Transformer|MultiheadAttention).*": "does not take vectors; "
    "here every layer does",
    r"Sequential|ModuleList|OrderedDict": "cannot stand here",
}


class SequentialError(ValueError):
    """Why a pasted network cannot be used; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {reason}")


@dataclass(frozen=True)
class Network:
    """The layers in the order of the pass, how many numbers go in, how many come out of each, and all parameters, counted once."""

    layers: tuple[Layer, ...]
    inputs: int
    widths: tuple[int, ...]
    parameters: int


@lru_cache(maxsize=64)
def read(text: str) -> Network:
    """The pasted network, its shapes and its size checked before anything is allocated. SequentialError points at what is wrong.

    Layers may be nested in Sequentials, and repeated as torch would have it: `*[... for _ in range(10)]` makes ten of them,
    `*[...] * 10` uses one ten times.
    """
    text = textwrap.dedent(re.sub(r"#.*", "", text))
    if stranger := re.search(r"[^ -\[\]-~\n]", text):
        raise SequentialError(text.count("\n", 0, stranger.start()) + 1, f"{ascii(stranger[0])} cannot stand in a network")
    try:
        body = ast.parse(text).body
    except (SyntaxError, MemoryError, RecursionError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        reason = "this cannot be read as Python; is a comma or a bracket missing?"
        raise SequentialError(min(line, text.count("\n") + 1), reason) from None
    layers = _Reader(text).called(_only(body), DEEPEST)
    inputs, widths = _fit(layers)
    return Network(tuple(layers), inputs, widths, _count(layers))


def _only(body: Sequence[ast.stmt]) -> ast.Call:
    """The one call that the text consists of, with or without a name in front."""
    if not body:
        raise SequentialError(1, f"there is no network here; {ONE}")
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            raise SequentialError(statement.lineno, f"an import cannot stand here and is not needed; {ONE}")
    if len(body) > 1:
        raise SequentialError(body[1].lineno, f"there can be only one network; {ONE}")
    match body[0]:
        case (
            ast.Expr(value=ast.Call() as call)
            | ast.Assign(targets=[ast.Name() | ast.Attribute(value=ast.Name())], value=ast.Call() as call)
        ):
            if _name(call.func) == "Sequential":
                return call
    raise SequentialError(body[0].lineno, f"a network begins with nn.Sequential(; {ONE}")


def _name(function: ast.expr) -> str:
    """The name after nn., torch.nn. or nothing; "" for anything else that is called."""
    match function:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="nn"), attr=name):
            return name
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="torch"), attr="nn"), attr=name):
            return name
    return ""


@dataclass
class _Reader:
    """Reads nodes of one text, and gives each layer that it meets a number."""

    text: str
    numbers: int = 0

    def called(self, node: ast.expr, depth: int) -> list[Layer]:
        """The layers of a Sequential, or the one layer, that a call stands for."""
        if depth == 0:
            raise SequentialError(node.lineno, f"nested more than {DEEPEST} levels deep")
        if not isinstance(node, ast.Call):
            raise SequentialError(
                node.lineno, f"{self.quote(node)} is no layer; nothing is run here, so write nn.Linear(2, 64) or the like"
            )
        name = _name(node.func)
        if name != "Sequential":
            return [self.layer(node, name)]
        if node.keywords:
            raise SequentialError(node.lineno, "Sequential takes layers only")
        return self.row(node, node.args, depth)

    def row(self, node: ast.expr, items: Sequence[ast.expr], depth: int) -> list[Layer]:
        """The layers of several items, of which those with a star are lists."""
        found: list[Layer] = []
        for item in items:
            found += self.listed(item.value, depth - 1) if isinstance(item, ast.Starred) else self.called(item, depth - 1)
            self.bound(item, len(found))
        if not found:
            raise SequentialError(node.lineno, "there is no layer in it")
        return found

    def listed(self, node: ast.expr, depth: int) -> list[Layer]:
        """The layers of what stands behind a star: a list, a product or sum of lists, or `[... for _ in range(n)]`."""
        if depth <= 0:
            raise SequentialError(node.lineno, f"nested more than {DEEPEST} levels deep")
        match node:
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return self.row(node, items, depth)
            case ast.BinOp(left=ast.Constant() as count, op=ast.Mult(), right=of) | ast.BinOp(left=of, op=ast.Mult(), right=count):
                times, found = self.times(count), self.listed(of, depth - 1)
                self.bound(node, times * len(found))
                return found * times
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                both = self.listed(left, depth - 1) + self.listed(right, depth - 1)
                self.bound(node, len(both))
                return both
            case (
                ast.ListComp(elt=each, generators=[ast.comprehension(ast.Name(), ast.Call(ast.Name("range"), [count], []), [], 0)])
                | ast.GeneratorExp(elt=each, generators=[ast.comprehension(ast.Name(), ast.Call(ast.Name("range"), [count], []), [], 0)])
            ):
                found, times = self.called(each, depth - 1), self.times(count)
                self.bound(node, times * len(found))
                return found + [layer for _ in range(times - 1) for layer in self.called(each, depth - 1)]
        raise SequentialError(node.lineno, "behind a star stands a list, as in *[nn.Linear(64, 64) for _ in range(10)]")

    def times(self, node: ast.expr) -> int:
        """How often something is repeated."""
        wanted = Argument("the number of repetitions", int, 1, MOST_LAYERS)
        return int(self.value(node, wanted))

    def bound(self, node: ast.expr, count: int) -> None:
        """SequentialError if there are more layers than are looked at."""
        if count > MOST_LAYERS:
            raise SequentialError(node.lineno, f"at most {MOST_LAYERS} layers are computed here")

    def layer(self, node: ast.Call, name: str) -> Layer:
        """The one layer that a call stands for."""
        if name not in LAYERS:
            raise SequentialError(node.lineno, _why_not(name))
        arguments = LAYERS[name].arguments
        if len(node.args) > len(arguments):
            raise SequentialError(node.args[len(arguments)].lineno, f"{name} takes {len(arguments)} values here, not {len(node.args)}")
        given: dict[str, Value] = {}
        known = {argument.name: argument for argument in arguments}
        pairs = [(each.name, value) for each, value in zip(arguments, node.args, strict=False)]
        for word, value in pairs + [(keyword.arg or "**", keyword.value) for keyword in node.keywords]:
            if word not in known:
                words = f"takes {' and '.join(known)}" if known else "takes nothing"
                raise SequentialError(value.lineno, f"{word[:40]} cannot be given to {name}, which here {words}")
            if word in given:
                raise SequentialError(value.lineno, f"{word} is given twice to {name}")
            given[word] = self.value(value, known[word])
        if missing := [each.name for each in arguments[: LAYERS[name].required] if each.name not in given]:
            raise SequentialError(node.lineno, f"{name} needs {' and '.join(missing)}")
        self.numbers += 1
        return Layer(self.numbers, name, tuple(given.items()), node.lineno, self.quote(node, 200))

    def value(self, node: ast.expr, wanted: Argument) -> Value:
        """The literal that is given for an argument."""
        found = _literal(node, DEEPEST)
        if found is None or not wanted.check(found):
            raise SequentialError(node.lineno, f"{wanted.name} is {self.quote(node)}: expected {wanted.expected}")
        return found

    def quote(self, node: ast.expr, most: int = 40) -> str:
        """What was typed there, on one line."""
        typed = re.sub(r"\s+", " ", ast.get_source_segment(self.text, node) or "")
        return typed if len(typed) <= most else f"{typed[:most]}…"


def _literal(node: ast.expr, depth: int) -> Value | None:
    """The number, truth value or word that a node stands for, None if it is something else. `(64,)` and `[64]` are 64."""
    match node:
        case ast.Constant(value=bool() | int() | float() | str() as value):
            return value
        case ast.Tuple(elts=[only]) | ast.List(elts=[only]) if depth == DEEPEST:
            return _literal(only, depth - 1)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=inner) if depth:
            number = _literal(inner, depth - 1)
            return None if number is None or isinstance(number, bool | str) else -number if isinstance(sign, ast.USub) else number
        case ast.BinOp(left=left, op=op, right=right) if depth and type(op) in ARITHMETIC:
            sides = [_literal(left, depth - 1), _literal(right, depth - 1)]
            numbers = [side for side in sides if isinstance(side, int | float) and not isinstance(side, bool) and abs(side) <= LARGEST]
            return ARITHMETIC[type(op)](*numbers) if len(numbers) == 2 else None
    return None


def _why_not(name: str) -> str:
    """Why something that is called is no layer here."""
    if not name:
        return "only layers can be called here, as in nn.Linear(2, 64)"
    for pattern, reason in REFUSED.items():
        if re.fullmatch(pattern, name):
            return f"{name[:40]} {reason}"
    return f"{name[:40]} is no layer that is known here; known are {', '.join(LAYERS)}"


def _fit(layers: Sequence[Layer]) -> tuple[int, tuple[int, ...]]:
    """How many numbers go in, and how many come out of each layer; SequentialError where two do not fit."""
    inputs = next((layer.takes for layer in layers if layer.takes is not None), None)
    if inputs is None:
        raise SequentialError(layers[0].line, "no layer says how many numbers go in; begin with a Linear")
    width, source, widths = inputs, "", []
    for layer in layers:
        if layer.takes not in (None, width):
            raise SequentialError(layer.line, f"{layer.name} takes {layer.takes} numbers, but {width} arrive{source}")
        width = layer.gives(width)
        widths.append(width)
        if layer.takes is not None:
            source = f" from {layer.name} in line {layer.line}"
    return inputs, tuple(widths)


def _count(layers: Sequence[Layer]) -> int:
    """The parameters of all layers, of one that is used again only once.

    SequentialError where the pass has met too many, each use counted, because each takes its time.
    """
    counts: dict[int, int] = {}
    met = 0
    for layer in layers:
        if layer.number not in counts:
            counts[layer.number] = layer.count()
        met += counts[layer.number]
        if met > MOST_PARAMETERS:
            raise SequentialError(
                layer.line, f"up to here the pass meets {met:,} parameters; at most {MOST_PARAMETERS:,} are computed here"
            )
    return sum(counts.values())
