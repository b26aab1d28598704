"""Typed functions: right in value and slopes, and nothing that is typed is ever run or breaks anything."""

import math
import random
import time
import warnings
from typing import Any

import mpmath
import numpy as np
import pytest
import torch

from dlviz.compute.activations.curve import DTYPES
from dlviz.compute.derivatives import derivatives
from dlviz.nets.expression import DEEPEST, KNOWN, LONGEST, ExpressionError, parse

m = mpmath
# what the names mean, for Python itself to evaluate the same text with 30 digits
MEANING: dict[str, Any] = {
    "abs": abs, "max": max, "min": min, "cos": m.cos, "erf": m.erf, "exp": m.exp, "log": m.log, "sin": m.sin, "sqrt": m.sqrt,
    "tanh": m.tanh, "relu": lambda x: x if x > 0 else m.mpf(0), "sigmoid": lambda x: 1 / (1 + m.exp(-x)),
    "softplus": lambda x: m.log1p(m.exp(x)),
    "where": lambda condition, yes, no: yes if condition else no, "pi": m.pi, "e": m.e, "__builtins__": {},
}  # fmt: skip
POINTS = (-2.7182, -1.1357, -0.4271, 0.3141, 1.2345, 2.9979)


def random_text(rng: random.Random, depth: int) -> str:
    """A random expression; numbers are dyadic, so that torch and Python read the same ones."""
    if depth == 0:
        return rng.choice(["x", "x", "x", "2", "0.5", "-1.25", "3", "pi", "e", ".75", "1e0"])
    parts = [random_text(rng, depth - 1) for _ in range(4)]
    match rng.randrange(8):
        case 0 | 1:
            return f"({parts[0]} {rng.choice('+-*')} {parts[1]})"
        case 2:
            return f"{parts[0]} / (1.5 + ({parts[1]})**2)"
        case 3:
            return f"({parts[0]})**{rng.choice(['2', '3', '1', '0', '-1'])}"
        case 4:
            return f"{rng.choice(['max', 'min'])}({parts[0]}, {parts[1]})"
        case 5:
            return f"where({parts[0]} {rng.choice(['<', '<=', '>', '>='])} {parts[1]}, {parts[2]}, {parts[3]})"
        case 6:
            return f"-{parts[0]}" if parts[0][0] not in "+-" else f"+({parts[0]})"
    return f"{rng.choice(['abs', 'cos', 'erf', 'exp', 'relu', 'sigmoid', 'sin', 'softplus', 'tanh', 'log', 'sqrt'])}({parts[0]})"


def truth(text: str, x: float, order: int) -> float | None:
    """The value or derivative with 30 digits, by Python's own reading of the text; None where it is not a moderate real number."""
    code = compile(text, "typed", "eval")
    with m.workdps(30):
        try:
            found = m.diff(lambda t: m.mpmathify(eval(code, MEANING | {"x": t})), m.mpf(x), order)
        except (ZeroDivisionError, TypeError, OverflowError, ValueError):
            return None
        return float(found) if isinstance(found, m.mpf) and abs(found) < 1e6 else None


def test_value_and_slopes_of_random_expressions_are_right() -> None:
    """Against mpmath's 30 digits, wherever the true value is real and of moderate size (torch's softplus is off by 2e-9 above 20)."""
    rng, compared = random.Random(14), 0
    for _ in range(250):
        text = random_text(rng, rng.randint(1, 3))
        if len(text) > LONGEST:
            continue
        found = derivatives(parse(text), torch.tensor(POINTS, dtype=torch.float64))
        for i, x in enumerate(POINTS):
            values = [truth(text, x, order) for order in range(3)]
            if None in values:
                continue
            compared += 1
            assert found[0, i].item() == pytest.approx(values[0], rel=1e-8, abs=1e-7), (text, x)
            np.testing.assert_allclose(found[:, i], np.array(values, dtype=float), rtol=1e-7, atol=1e-6, err_msg=f"{text} at {x}")
    assert compared > 800


@pytest.mark.parametrize(
    ("text", "x", "value"),
    [
        ("-x**2", 3, -9),
        ("2**3**2", 0, 512),
        ("8/4/2", 0, 1),
        ("1 - 2 - 3", 0, -4),
        ("2*x + 1", 0.5, 2),
        ("where(x > 0, 1, -1)", 0, -1),
        ("where(x >= 0, 1, -1)", 0, 1),
        ("max(x, 0.1*x)", -2, -0.2),
        ("1_000 + 0x10 + 1e3", 0, 2016),
        ("9**9**9**9", 0, math.inf),
        ("1/x", 0, math.inf),
        ("((((((((((x))))))))))", 7, 7),
        ("-" * (DEEPEST - 1) + "x", 1, -1),
    ],
)
def test_values_that_can_be_seen(text: str, x: float, value: float) -> None:
    assert parse(text)(torch.tensor([x], dtype=torch.float64)).item() == pytest.approx(value, rel=1e-15)


def test_every_function_that_is_named_exists_and_keeps_shape_and_format() -> None:
    """Also for constants, and with numbers that do not fit into a small format: these become inf, not an error."""
    calls = [f"{name}(x > 1, x, 2)" if name == "where" else f"{name}(x, 1)" if name in ("max", "min") else f"{name}(x)" for name in KNOWN]
    for text in [*calls, "3", "1e300", "1e300*x", "70000", "x**70000"]:
        for dtype in DTYPES.values():
            for shape in ((3,), (2, 3), (1,)):
                x = torch.ones(shape, dtype=dtype)
                found = derivatives(parse(text), x)
                assert found.shape == (3, *shape) and found.dtype == dtype, text


HOSTILE = [
    "", " ", "\t", "\n", "x\n+1", "\0", "x\0", "__import__('os')", "__import__", "import os", "exec(x)", "eval(x)", "open(x)", "print(x)",
    "x.__class__", "x.__class__.__base__.__subclasses__()", "().__class__", "x.real", "torch.exp(x)", "x[0]", "[x]", "{x}", "{x: 1}",
    "(x, x)", "x,", "()", "x()", "x(x)", "(exp)(exp)(x)", "exp", "exp()", "exp(x, x)", "max(x)", "max(x, x, x)", "max(*x, x)", "max(**x)",
    "exp(x=x)", "max(x, 0, key=x)", "max(*x)", "lambda: x", "lambda x: x", "(lambda)", "[x for x in x]", "(x for x in x)",
    "max(x for x in x)", "f'{x}'", "'x'", '"x"', "b'x'", "(x := 1)", "x = 1", "x == 1", "x > 0", "not x", "x and x", "x or x",
    "x if x else x", "x in x", "x is x", "x != 1", "await x", "(await x)", "(yield)", "(yield x)", "yield x", "*x", "**x", "x // 2",
    "x % 2", "x @ x", "x << 1", "x >> 1", "x & 1", "x | 1", "x ^ 2", "~x", "x!", "x;x", "x # y", "x \\", "True", "None", "...", "1j",
    "2e1j", "True + x", "None(x)", "1e999", "-1e999", "9" * 200, "0x" + "f" * 190, "1e", "1.2.3", "0777", "1__0", "0b2", "1x", "2(x)",
    "x x", "x +", "+ x +", ")", "(", "(" * 200, "(" * 199 + "x", "(" * 99 + "x" + ")" * 99, "(" * 100 + ")" * 100, "-" * 199 + "x",
    "x" + "+x" * 99, "exp(" * 39 + "x" + ")" * 39, "x**" * 60 + "x", "9**9**9**9", "9**" * 60 + "9", "x**x**x", "x" * 200, "x" * 201,
    "x" * 10_000, "(" * 10_000, "1" * 10_000, "x + " * 2_500, "where(x, 1, 2)", "where(x > 0)", "where(0 < x < 1, 1, 2)",
    "where(x == 0, 1, 2)", "where(x > 0, 1, 2, 3)", "where(where(x > 0, 1, 2), 1, 2)", "where(x > 0, y, 1)", "y", "X", "E", "_", "__",
    "__builtins__", "self", "х", "ｘ", "x²", "π", "∞", "é", "x + ١", "\ud800", "\ufeffx", "\u202ex", "😀", "x\u00a0+ 1", "%s", "{}", "$x",
    "`x`", "x?", "a.b.c", "x..real", "1..real", "x.1", ".", "..", ",", "=", "<", "x <> 1", "x ≤ 1", "exp x", "sin cos x", "print", "max",
    "where", "pi()", "e(x)", "e.x",
]  # fmt: skip


def check(text: str) -> bool:
    """Whether the text is a function. Otherwise ExpressionError, at a place within it, for one reason, at once; never anything else."""
    started = time.process_time()
    try:
        function = parse(text)
        x = torch.tensor(POINTS, dtype=torch.float64)
        assert function(x).shape == x.shape and derivatives(function, x).shape == (3, *x.shape)
    except ExpressionError as error:
        assert 1 <= error.position <= len(text) + 1 and str(error).startswith(f"character {error.position}: ")
        reason = str(error).partition(": ")[2]
        assert 10 < len(reason) < 250
        return False
    finally:
        assert time.process_time() - started < 0.5
    return True


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:24]))
def test_hostile_text_is_refused_with_a_reason_or_is_harmless(text: str) -> None:
    harmless = {"9" * 200, "0x" + "f" * 190, "(" * 99 + "x" + ")" * 99, "9**9**9**9", "x**x**x"}
    assert check(text) is (text in harmless)


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("x + open(x)", 5, '"open" is not a function'),
        ("2*x^2", 4, "write ** for a power"),
        ("x + y", 5, '"y" is not known'),
        ("x + max(x)", 5, "max takes 2, as in max(x, 0)"),
        ("tanh(x.real)", 6, "only numbers"),
        ("1 + 1e999", 5, "too large"),
        ("2 * where(x, 1, 2)", 11, "one comparison"),
        ("x * 'a'", 5, "cannot stand in a function"),
        ("x" * 201, 201, "at most 200 characters, this one has 201"),
        ("2*x)", 4, "cannot be read"),
    ],
)
def test_errors_point_at_the_character(text: str, position: int, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.position == position and words in str(caught.value)


@pytest.mark.parametrize("stranger", ["\n", "\0", "\u202e", "\ud800"], ids=ascii)
def test_a_reason_is_one_printable_line_whatever_was_typed(stranger: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(f"x + {stranger}")
    assert caught.value.position == 5 and str(caught.value).isprintable()


def test_random_text_never_does_anything_else() -> None:
    """3000 strings: single characters of the allowed alphabet, and words that make sense together now and then."""
    rng = random.Random(15)
    alphabet = "xxxe0123456789_ .,+-*/()<>=abcmnstwhr"
    words = [
        "x",
        "1",
        "2.5",
        "+",
        "-",
        "*",
        "/",
        "**",
        "(",
        ")",
        "(",
        ")",
        ",",
        "exp(",
        "max(",
        "where(",
        "> 0",
        "if",
        "else",
        "lambda",
        "not",
        "in",
        "1e5",
        "=",
    ]
    good = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        for i in range(3000):
            pieces = alphabet if i % 2 else words
            good += check("".join(rng.choices(pieces, k=rng.randint(1, 60 if i % 4 else 8))))
    assert 20 < good < 2000
