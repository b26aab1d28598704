"""Pasted networks: read as torch would build them, wrong ones refused at their line, and nothing that is pasted is ever run."""

import random
import re
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from dlviz.nets.layers import LAYERS, MOST_WIDTH, assemble
from dlviz.nets.sequential import MOST_LAYERS, MOST_PARAMETERS, SequentialError, read

ACTIVATIONS = [
    "nn.Tanh()", "nn.Sigmoid()", "torch.nn.ReLU(inplace=True)", "nn.LeakyReLU(0.2)", "nn.LeakyReLU(negative_slope=-0.5)",
    "nn.GELU(approximate='tanh')", 'nn.GELU("none")', "nn.SiLU(True)", "nn.Softplus(2, threshold=15.5)", "nn.ELU(alpha=.5)",
    "nn.SELU()", "nn.Mish()", "nn.Hardswish()", "Hardsigmoid()", "nn.PReLU()", "nn.PReLU(1, +0.1)", "nn.Softsign()", "nn.ReLU6()",
    "nn.Identity()",
]  # fmt: skip


def random_code(rng: random.Random, width: int, depth: int) -> tuple[str, int]:
    """The text of a random list of layers that takes `width` numbers, and how many it gives."""
    parts = []
    for _ in range(rng.randint(1, 4)):
        new = rng.randint(1, 9)
        match rng.randrange(8 if depth else 5):
            case 0 | 1:
                bias = rng.choice(["", ", bias=False", ", True"])
                parts.append(rng.choice([f"nn.Linear({width}, {new}{bias})", f"nn.Linear(out_features={new}, in_features={width})"]))
                width = new
            case 2:
                parts.append(rng.choice(ACTIVATIONS))
            case 3:
                norm = rng.choice(["nn.BatchNorm1d(%d, affine=False)", "nn.BatchNorm1d(%d, 1e-3, 0.2)", "nn.RMSNorm(%d)", "nn.PReLU(%d)"])
                parts.append(norm % width)
            case 4:
                parts.append(rng.choice(["nn.LayerNorm(%d)", "nn.LayerNorm((%d,))", "nn.LayerNorm([%d], bias=False)"]) % width)
            case 5:
                inner, width = random_code(rng, width, depth - 1)
                parts.append(f"nn.Sequential({inner})")
            case 6:
                inner, end = random_code(rng, width, depth - 1)
                back = f"nn.Linear({end}, {width})"
                times = rng.randint(1, 3)
                parts.append(rng.choice([f"*[{inner}, {back}] * {times}", f"*{times} * [{inner}, {back}]", f"*[{inner}] + [{back}]"]))
            case 7:
                inner, end = random_code(rng, width, depth - 1)
                brackets = rng.choice(["[]", "()"])
                each = f"nn.Sequential({inner}, nn.Linear({end}, {width}))"
                parts.append(f"*{brackets[0]}{each} for _ in range({rng.randint(1, 3)}){brackets[1]}")
    return (",\n    " if rng.random() < 0.5 else ", ").join(parts), width


def flat(module: nn.Module) -> list[nn.Module]:
    """The modules of nested Sequentials in the order of the pass."""
    return [each for child in module for each in flat(child)] if isinstance(module, nn.Sequential) else [module]


def run(code: str) -> nn.Sequential:
    """What Python itself makes of the text. Only the tests' own text comes here."""
    space: dict[str, Any] = {"nn": nn, "torch": torch, "Hardsigmoid": nn.Hardsigmoid}
    return eval(code.strip().removeprefix("model = "), space)


def test_random_networks_are_read_as_torch_builds_them() -> None:
    """The same modules with the same settings in the same order, the same ones shared, the same widths and number of parameters."""
    rng, compared = random.Random(31), 0
    for _ in range(250):
        inputs = rng.randint(1, 9)
        body, _ = random_code(rng, inputs, 3)
        code = f"nn.Sequential(nn.Identity(), nn.Linear({inputs}, {inputs}), {body})"
        try:
            network = read(code)
        except SequentialError as error:
            assert "at most 200" in str(error) or "nested" in str(error), code
            continue
        true = flat(run(code))
        ours = assemble(network.layers, "torch", torch.Generator())
        assert [type(module) for module in ours] == [type(module) for module in true], code
        assert [module.extra_repr().replace("inplace=True", "") for module in ours] == [
            module.extra_repr().replace("inplace=True", "") for module in true
        ], code
        assert [ours.index(module) for module in ours] == [true.index(module) for module in true], "another sharing"
        assert network.parameters == sum(each.numel() for each in nn.Sequential(*true).parameters()), code
        h = torch.randn(3, network.inputs)
        for module, width in zip(true, network.widths, strict=True):
            h = module(h)
            assert h.shape == (3, width), code
        compared += 1
    assert compared > 200


def test_what_people_write_around_it_is_taken() -> None:
    code = "model = nn.Sequential(  # the head\n    nn.Linear(2, 4 * 2),  # 'quoted', é\n\n    nn.Tanh(),\n    nn.Linear(8, 2)\n)"
    network = read(code)
    assert [layer.line for layer in network.layers] == [2, 4, 5]
    assert [layer.typed for layer in network.layers] == ["nn.Linear(2, 4 * 2)", "nn.Tanh()", "nn.Linear(8, 2)"]
    for same in (
        code.replace("model", "self.net"),
        "    " + code.replace("\n", "\n    "),
        code.replace("nn.", "torch.nn."),
        code.replace("nn.", ""),
    ):
        assert read(same).widths == (8, 8, 2), same


def test_star_times_shares_and_a_comprehension_does_not() -> None:
    shared, apart = read("nn.Sequential(*[nn.Linear(3, 3)] * 4)"), read("nn.Sequential(*[nn.Linear(3, 3) for _ in range(4)])")
    assert len({layer.number for layer in shared.layers}) == 1 and shared.parameters == 12
    assert len({layer.number for layer in apart.layers}) == 4 and apart.parameters == 48


@pytest.mark.parametrize(
    ("code", "line", "words"),
    [
        ("nn.Sequential(\n nn.Linear(2, 8),\n nn.Tanh(),\n nn.Linear(4, 2))", 4, "takes 4 numbers, but 8 arrive from Linear in line 2"),
        ("nn.Sequential(nn.Linear(2, 8),\n nn.BatchNorm1d(4))", 2, "takes 4 numbers, but 8 arrive"),
        ("nn.Sequential(nn.Linear(2, 8),\n nn.PReLU(4))", 2, "PReLU takes 4 numbers"),
        ("nn.Sequential(*[nn.Linear(2, 3)] * 2)", 1, "takes 2 numbers, but 3 arrive"),
        ("nn.Sequential(nn.Tanh())", 1, "no layer says how many numbers go in"),
        ("import torch\nnn.Sequential(nn.Linear(2, 2))", 1, "an import cannot stand here"),
        ("model = nn.Sequential(nn.Linear(2, 2))\nimport os", 2, "an import cannot stand here"),
        ("a = 1\nnn.Sequential(nn.Linear(2, 2))", 2, "only one network"),
        ("class Net(nn.Module):\n  pass", 1, "a network begins with nn.Sequential("),
        ("nn.Linear(2, 2)", 1, "a network begins with nn.Sequential("),
        ("nn.Sequential(nn.Linear(2, 2)).to('cpu')", 1, "a network begins with nn.Sequential("),
        ("nn.Sequential(\n nn.Linear(2, 2)\n nn.Tanh())", 2, "a comma or a bracket"),
        ("nn.Sequential(nn.Linear(2, 2),\n nn.Dropout(0.5))", 2, "Dropout draws at random"),
        ("nn.Sequential(nn.Linear(2, 2),\n nn.Softmax(dim=1))", 2, "part of the loss"),
        ("nn.Sequential(nn.Conv2d(1, 2, 3))", 1, "Conv2d does not take vectors"),
        ("nn.Sequential(nn.Bilinear(1, 2, 3))", 1, "Bilinear is no layer that is known here; known are Linear"),
        ("nn.Sequential(\n nn.Linear(2, 1_000_000_000))", 2, "out_features is 1_000_000_000: expected a whole number from 1 to 5000"),
        ("nn.Sequential(nn.Linear(2, 10**9))", 1, "out_features is 10**9: expected"),
        ("nn.Sequential(nn.Linear(2, 0))", 1, "out_features is 0: expected"),
        ("nn.Sequential(nn.Linear(2, 2.5))", 1, "out_features is 2.5: expected a whole number"),
        ("nn.Sequential(nn.Linear(2, True))", 1, "out_features is True: expected a whole number"),
        ("nn.Sequential(nn.Linear(2, 2, bias=1))", 1, "bias is 1: expected True or False"),
        ("nn.Sequential(nn.Linear(2, n))", 1, "out_features is n: expected"),
        ("nn.Sequential(nn.Linear(2))", 1, "Linear needs out_features"),
        ("nn.Sequential(nn.Linear(2, 2, in_features=2))", 1, "in_features is given twice"),
        ("nn.Sequential(nn.Linear(2, 2, dtype=torch.half))", 1, "dtype cannot be given to Linear"),
        ("nn.Sequential(nn.Linear(*[2, 2]))", 1, "in_features is *[2, 2]: expected"),
        ("nn.Sequential(nn.Linear(**{}))", 1, "** cannot be given"),
        ("nn.Sequential(nn.Tanh(3))", 1, "Tanh takes 0 values"),
        ("nn.Sequential(nn.GELU('fast'))", 1, "approximate is 'fast': expected 'none' or 'tanh'"),
        ("nn.Sequential(nn.Softplus(0))", 1, "beta is 0: expected a number from 0.01"),
        ("nn.Sequential(nn.Linear(2, 2), [nn.Tanh()])", 1, "is no layer"),
        ("nn.Sequential(*nn.Linear(2, 2))", 1, "behind a star stands a list"),
        ("nn.Sequential(*[nn.Linear(2, 2)] * 0)", 1, "expected a whole number from 1 to 200"),
        ("nn.Sequential(*[nn.Linear(2, 2)] * 201)", 1, "expected a whole number from 1 to 200"),
        ("nn.Sequential(nn.Linear(2, 2),\n *[nn.Linear(2, 2)] * 200)", 2, "at most 200 layers"),
        ("nn.Sequential(*[])", 1, "there is no layer in it"),
        ("nn.Sequential(OrderedDict([('a', nn.Tanh())]))", 1, "OrderedDict cannot stand here"),
        ("nn.Sequential(\n é)", 2, "cannot stand in a network"),
        ("\n\nnn.Sequential(lambda: 1)", 3, "lambda: 1 is no layer"),
        ("", 1, "there is no network here"),
        ("\n# only a comment", 1, "there is no network here"),
    ],
)
def test_errors_point_at_the_line(code: str, line: int, words: str) -> None:
    with pytest.raises(SequentialError) as caught:
        read(code)
    assert caught.value.line == line and words in str(caught.value)


BOMB = "nn.Tanh()"
for _ in range(8):
    BOMB = f"nn.Sequential(*[{BOMB} for _ in range(200)])"
HOSTILE = [
    "__import__('os').system('true')", "nn.Sequential(__import__('pathlib').Path('canary').touch())", "nn.Sequential.__class__",
    "nn.Sequential(nn.Linear(2, 2).__class__)", "nn.__dict__['Linear'](2, 2)", "nn.Sequential(nn.Linear.__init__(2, 2))",
    "getattr(nn, 'Linear')(2, 2)", "eval('1')", "exec('1')", "open('canary', 'w')", "nn.Sequential(open('canary', 'w'))",
    "nn.Sequential(nn.Linear(open('canary', 'w'), 2))", "nn.Sequential(print(1))", "nn.Sequential((lambda: nn.Tanh())())",
    "nn.Sequential(nn.Linear(2, (lambda: 2)()))", "nn.Sequential(*(x for x in [1]))",
    "nn.Sequential(*[nn.Linear(2, 2) for x in range(3) if x])", "nn.Sequential(*[nn.Linear(2, 2) for x in range(3) for y in range(3)])",
    "nn.Sequential(*[nn.Linear(x, x) for x in range(3)])", "nn.Sequential(*[nn.Linear(2, 2) for x in range(10**9)])",
    "nn.Sequential(*[nn.Linear(2, 2) for x in iter(int, 1)])", "nn.Sequential(*[nn.Linear(2, 2) for x in range(0, 9)])",
    "nn.Sequential(*[nn.Linear(2, 2)] * 999999999999)", BOMB, BOMB.replace("nn.Tanh()", "nn.Sequential()"),
    BOMB.replace("nn.Tanh()", "*[]"), "nn.Sequential(*[*[*[nn.Tanh()] * 200] * 200] * 200)",
    "nn.Sequential(" + "nn.Sequential(" * 90 + ")" * 91, "nn.Sequential(" * 500, "(" * 3999, "-" * 3999 + "1", "[" * 100 + "]" * 100,
    "nn.Sequential(nn.Linear(2, " + "1+" * 1900 + "1))", "nn.Sequential(nn.Linear(2, " + "9" * 3900 + "))",
    "nn.Sequential(nn.Linear(2, 0x" + "f" * 3900 + "))", "nn.Sequential(nn.Linear(2, " + "9*" * 1900 + "9))",
    "nn.Sequential(nn.Linear(2, 9**9**9**9))", "nn.Sequential(nn.Linear(2, 2 << 99))", "nn.Sequential(nn.Linear(2, 1e999))",
    "nn.Sequential(nn.LeakyReLU(1e999), nn.Linear(2, 2))", "nn.Sequential(nn.Linear(2, 1j))", "nn.Sequential(nn.Linear(2, '2'))",
    "nn.Sequential(nn.Linear(2, f'{2}'))", "nn.Sequential(nn.Linear(2, b'2'))", "nn.Sequential(nn.Linear(2, None))",
    "nn.Sequential(nn.Linear(2, -2))", "nn.Sequential(nn.Linear(2, not 2))", "nn.Sequential(nn.Linear(2, ...))",
    "nn.Sequential(nn.Linear(2, 2 if 1 else 3))", "nn.Sequential(nn.Linear(2, (2, 2)))", "nn.Sequential(nn.Linear(2, [[2]]))",
    "nn.Sequential(nn.LayerNorm((2, 2)))", "nn.Sequential(x := nn.Tanh())", "nn.Sequential(await nn.Tanh())", "nn.Sequential((yield))",
    "nn.Sequential(nn.Tanh)", "nn.Sequential(nn.Tanh()())", "nn.Sequential(nn.functional.relu(1))", "nn.Sequential(torch.nn)",
    "nn.Sequential", "nn.Sequential(**{})", "nn.Sequential(a=nn.Tanh())", "nn.Sequential(nn.Tanh() for _ in range(3))",
    "x = y = nn.Sequential(nn.Linear(2, 2))", "x, y = nn.Sequential(nn.Linear(2, 2))", "x[0] = nn.Sequential(nn.Linear(2, 2))",
    "a.b.c = nn.Sequential(nn.Linear(2, 2))", "nn.Sequential(nn.Linear(2, 2));nn.Sequential(nn.Linear(2, 2))", "@nn\ndef f(): pass",
    "if 1: nn.Sequential(nn.Linear(2, 2))", "while True: pass", "def f(): return f()", "del nn", "global nn", "raise SystemExit",
    "'''" + "x" * 3000, "nn.Sequential(nn.Linear(2, 2)) \\", "\0", "nn.Sequential(\0)", "\ud800", "\u202enn.Sequential()",
    "nn.Sequentiаl(nn.Linear(2, 2))", "{}", "%s", "$x", "`x`", "nn . Sequential ( )", "tf.keras.Sequential(nn.Linear(2, 2))",
    "nn.nn.Sequential(nn.Linear(2, 2))", "os.nn.Sequential(nn.Linear(2, 2))", "1if 1else 2", "a = 0777",
    "nn.Sequential(" + "nn.Linear(5000, 5000), " * 150 + ")", "nn.Sequential(" + "nn.Tanh()," * 390 + ")",
]  # fmt: skip


def refused(code: str) -> bool:
    """Whether the text is refused, then in one printable sentence that points into it. Never anything else, and at once."""
    started = time.process_time()
    try:
        read(code)
    except SequentialError as error:
        assert 1 <= error.line <= code.count("\n") + 1 and str(error).startswith(f"line {error.line}: ")
        assert str(error).isprintable() and 20 < len(str(error)) < 330, str(error)
        return True
    finally:
        assert time.process_time() - started < 0.5
    return False


@pytest.mark.parametrize("code", HOSTILE, ids=lambda code: ascii(code[:30]))
def test_hostile_text_is_refused_and_does_nothing(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = torch.get_rng_state()
    assert refused(code)
    assert not list(tmp_path.iterdir()) and torch.equal(before, torch.get_rng_state())


def test_hostile_text_is_refused_in_a_threads_small_stack_too() -> None:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.extend(refused(code) for code in HOSTILE))
    thread.start()
    thread.join()
    assert found == [True] * len(HOSTILE)


def test_random_text_never_does_anything_else() -> None:
    rng, good = random.Random(32), 0
    words = [
        "nn.Sequential(",
        "nn.Linear(",
        "2",
        "3",
        ",",
        ",",
        ")",
        ")",
        "*",
        "[",
        "]",
        "nn.Tanh()",
        "for _ in range(",
        "nn.",
        "\n",
        "=",
        "x",
        "-",
        "'",
    ]
    whole = "nn.Sequential(nn.Linear(2, 3), *[nn.Tanh(), nn.Linear(3, 3)] * 2, nn.ELU(alpha=0.5))"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(3000):
            if i % 2:
                code = "".join(rng.choices(words, k=rng.randint(1, 30)))
            else:  # one that is right, with a few characters changed
                letters = list(whole)
                for _ in range(rng.randint(0, 3)):
                    letters[rng.randrange(len(letters))] = rng.choice("nn.L()[]*,=23 '\n-")
                code = "".join(letters)
            good += not refused(code)
    assert 100 < good < 1500


def test_the_limits_are_where_they_are_said_to_be() -> None:
    assert MOST_LAYERS == 200 and MOST_PARAMETERS == 5_000_000
    assert len(read("nn.Sequential(*[nn.Linear(2, 2) for _ in range(200)])").layers) == 200
    assert len(read("nn.Sequential(*[nn.Linear(2, 2)] * 199, nn.Tanh())").layers) == 200
    assert refused("nn.Sequential(*[nn.Linear(2, 2) for _ in range(200)], nn.Tanh())")
    assert read("nn.Sequential(nn.Linear(4999, 1000))").parameters == 5_000_000  # 4999 · 1000 weights and 1000 biases
    assert refused("nn.Sequential(nn.Linear(4999, 1000), nn.PReLU())") and refused("nn.Sequential(nn.Linear(5000, 1000))")
    assert read("nn.Sequential(*[nn.Linear(999, 999)] * 5)").parameters == 999_000
    assert refused("nn.Sequential(*[nn.Linear(1000, 1000)] * 5)"), "each use of a layer takes its time"
    assert read(f"nn.Sequential(nn.LayerNorm({MOST_WIDTH}))").widths == (5000,) and refused(
        f"nn.Sequential(nn.LayerNorm({MOST_WIDTH + 1}))"
    )


def test_every_known_layer_is_named_when_one_is_not_known() -> None:
    with pytest.raises(SequentialError) as caught:
        read("nn.Sequential(nn.Nothing())")
    assert re.findall(r"\w+", str(caught.value).split("known are ")[1]) == list(LAYERS)
