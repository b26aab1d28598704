"""Exported programs run by themselves, print the page's numbers, and take settings as data, whatever these hold."""

import ast
import json
import math
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from dlviz import catalog, scripts
from dlviz import params as p
from dlviz.compute import resolve, run
from dlviz.compute.activations import cost
from dlviz.compute.attention import heatmap
from dlviz.lessons import Scene
from dlviz.params import Params
from dlviz.results import Fact, Result
from tests.conftest import SCENES, short, view_of
from tests.fetched import need
from tests.test_params import random_params
from tests.zoo import hubs

VIEWS = [view for topic in catalog.TOPICS for view in topic.views]
by_scene = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.id)
by_view = pytest.mark.parametrize("view", VIEWS)


# Views whose numbers are times: two measurements agree within a factor, not to a millionth.
TIMED = ("activations.cost",)
FACTOR = 10


def agree(view: str, fact: Fact, number: float) -> bool:
    """Whether a program's number is the page's: to 1e-6 relative; a time, or a ratio of times, of a timed view within FACTOR."""
    if fact.value is None:
        return not math.isfinite(number)
    if view in TIMED and fact.rtol >= 1:
        return fact.value / FACTOR <= number <= fact.value * FACTOR
    return math.isclose(number, fact.value, rel_tol=1e-6, abs_tol=1e-15)


def numbers_of(program: str) -> dict[str, float]:
    """What the program's main() gives, run here without its last lines."""
    space: dict[str, Any] = {"__name__": "exported"}
    exec(compile(program, "exported.py", "exec"), space)
    return space["main"]()


def settings_of(program: str, name: str = "SETTINGS") -> Any:
    """The value that stands in the SETTINGS block, which must be plain data."""
    (node,) = [node for node in ast.parse(program).body if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name]
    assert node.value
    return ast.literal_eval(node.value)


def material_of(program: str) -> Any:
    """The value that stands in the MATERIAL block, likewise."""
    return settings_of(program, "MATERIAL")


@by_scene
def test_a_program_repeats_the_numbers_of_its_page(scene: Scene, result_of: Callable[[Scene], Result]) -> None:
    """To 1e-6 relative wherever the names coincide; what the page calls undefined is not finite in the program either."""
    need(scene.params)
    numbers, facts = numbers_of(scripts.export(view_of(scene), scene.params)), result_of(scene).facts()
    shared = set(numbers) & set(facts)
    assert len(shared) >= 11
    for name in shared:
        assert agree(view_of(scene), facts[name], numbers[name]), (name, numbers[name], facts[name].value)


def drawn(kind: type[Params], rng: random.Random) -> Params:
    """Random settings, but of a model that Hugging Face has: for those see `test_a_program_with_a_model_of_hugging_face`."""
    while getattr(params := random_params(kind, rng), "model", "") == "hub":
        pass
    return params


def test_a_program_with_a_model_of_hugging_face_repeats_its_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hubs.use(monkeypatch, tmp_path)
    hubs.put_into_their_cache("tiny/program", "llama")
    text = {"text": "we sat on the bank by the river " * 12, "word": "river", "looked": "bank", "other": "the river was the bank"}
    params = heatmap.Params(model="hub", repository="tiny/program", layer=20, start=30, **text)
    numbers, facts = numbers_of(scripts.export("attention.heatmap", params)), run("attention.heatmap", params).facts()
    shared = set(numbers) & set(facts)
    assert len(shared) >= 15 and all(agree("attention.heatmap", facts[name], numbers[name]) for name in shared)


@by_view
def test_a_program_repeats_the_numbers_of_random_settings(view: str) -> None:
    """Of short runs; those of the scenes are as long as they come."""
    kind, rng = resolve(view)[0], random.Random(10)
    for _ in range(4):
        params = short(drawn(kind, rng)).canonical()
        need(params)
        numbers, facts = numbers_of(scripts.export(view, params)), run(view, params).facts()
        for name in set(numbers) & set(facts):
            assert agree(view, facts[name], numbers[name]), (name, numbers[name], facts[name].value)


@pytest.mark.parametrize("view", ["gradients.depth", "gradients.training", "gradients.own"])
def test_a_program_on_digits_carries_them_and_no_other_does(view: str) -> None:
    """The page's numbers again, from a program that has nothing to read the digits from but itself."""
    kind = resolve(view)[0]
    tiny: dict[str, Any] = {"depth": 3, "width": 9, "steps": 20, "code": "nn.Sequential(nn.Linear(784, 4), nn.Tanh(), nn.Linear(4, 10))"}
    settings = {name: tiny[name] for name in kind.specs() if name in tiny} | {"data": "digits", "samples": 16}
    params = kind(**settings)
    program = scripts.export(view, params)
    numbers, facts = numbers_of(program), run(view, params).facts()
    assert all(agree(view, facts[name], numbers[name]) for name in set(numbers) & set(facts))
    assert "images" in material_of(program) and material_of(scripts.export(view, kind())) == {}


def test_only_times_are_compared_within_a_factor() -> None:
    """What a timed view counts is compared like any number, and so is everything of the other views, whatever its rtol."""
    time, count = Fact(2.0, "", "ns", rtol=9), Fact(2.0, "")
    assert (
        agree(TIMED[0], time, 15) and agree(TIMED[0], time, 0.3) and not agree(TIMED[0], time, 21) and not agree(TIMED[0], time, math.nan)
    )
    assert agree(TIMED[0], count, 2) and not agree(TIMED[0], count, 2.1) and not agree("activations.network", time, 2.1)
    assert agree(TIMED[0], Fact(None, "", rtol=9), math.nan) and not agree(TIMED[0], Fact(None, "", rtol=9), 1)
    loose = [name for name, fact in run(TIMED[0], cost.Params(exponent=10, repetitions=5)).facts().items() if fact.rtol >= 1]
    assert {"elements", "bytes_per_element", "tensor_bytes", "functions_measured", "repetitions", "threads"}.isdisjoint(loose)


# A Python that sees neither the current folder nor PYTHONPATH; torch is all it has imported. It runs each program it is told
# of in a process of its own, forked, so that not every program waits seconds for torch.
CLEAN = """
import os, runpy, sys
import torch
assert "dlviz" not in sys.modules
for line in sys.stdin:
    folder = line.rstrip("\\n")
    child = os.fork()
    if not child:
        os.chdir(folder)
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), number)
        runpy.run_path("program.py", run_name="__main__")
        sys.stdout.flush()
        os._exit(0)  # without the half second in which torch is taken down
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def clean() -> Iterator[subprocess.Popen[str]]:
    """A process that runs programs: a folder with a program.py goes in, its exit status comes out, out and err stay in the folder."""
    with subprocess.Popen([sys.executable, "-I", "-c", CLEAN], stdin=PIPE, stdout=PIPE, text=True, cwd="/") as started:
        yield started
        assert started.stdin
        started.stdin.close()


@by_view
def test_a_program_runs_where_there_is_no_dlviz_and_prints_json(view: str, clean: subprocess.Popen[str], tmp_path: Path) -> None:
    """As a process of its own that sees neither the current folder nor PYTHONPATH; NaN and Infinity are not JSON."""
    need(resolve(view)[0]())
    (tmp_path / "program.py").write_text(scripts.export(view, resolve(view)[0]()), encoding="utf-8")
    assert clean.stdin and clean.stdout
    print(tmp_path, file=clean.stdin, flush=True)
    status, err = clean.stdout.readline(), (tmp_path / "err").read_text(encoding="utf-8")
    assert status == "0\n" and err == ""
    printed = json.loads((tmp_path / "out").read_text("utf-8"), parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))
    assert len(printed) >= 11 and all(value is None or isinstance(value, int | float) for value in printed.values())


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_a_program_runs_by_the_plain_command(topic: catalog.Topic, tmp_path: Path) -> None:
    """`python program.py`, torch's import and all, for the topic's front view."""
    need(resolve(topic.views[0])[0]())
    path, view = tmp_path / "program.py", topic.views[0]
    path.write_text(scripts.export(view, resolve(view)[0]()), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", path.name], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == "" and len(json.loads(done.stdout)) >= 11


@by_view
def test_a_program_imports_nothing_of_dlviz_that_it_does_not_bring_and_its_parts_do_not_clash(view: str) -> None:
    """No top-level name is defined twice with different meanings, among all that was copied into one file; where modules stay modules,
    each that is imported was brought before."""
    tree = ast.parse(scripts.export(view, resolve(view)[0]()))
    brought: set[str] = set()
    for node in tree.body:
        match node:
            case ast.Expr(ast.Call(ast.Name("_module"), [ast.Constant(str(name)), ast.Constant(str(text))])):
                assert dlviz_modules(ast.parse(text)) <= brought, name
                brought |= {".".join(name.split(".")[: depth + 1]) for depth in range(len(name.split(".")))}
            case _:
                assert dlviz_modules(node) <= brought
    meanings: dict[str, str] = {}
    for node in tree.body:
        match node:
            case ast.Import() | ast.ImportFrom():
                defined = {alias.asname or alias.name: ast.unparse(node).split(" import ")[0] + alias.name for alias in node.names}
            case ast.FunctionDef() | ast.ClassDef():
                defined = {node.name: ast.dump(node)}
            case ast.Assign(targets=targets):
                defined = {ast.unparse(target): ast.dump(node) for target in targets}
            case ast.AnnAssign(target=target):
                defined = {ast.unparse(target): ast.dump(node)}
            case _:
                defined = {}
        for name, meaning in defined.items():
            assert meanings.setdefault(name, meaning) == meaning, f"{name} is defined twice"
    assert {"main", "SETTINGS", "torch"} <= set(meanings)


def dlviz_modules(tree: ast.AST) -> set[str]:
    """The modules of dlviz that are imported anywhere in this tree, or from which something is."""
    found = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    found += [node.module or "dlviz" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name for name in found if name.split(".")[0] == "dlviz"}


def without_settings(program: str) -> str:
    """The program with its SETTINGS block cut out; and its MATERIAL block if it has one, which must be plain data."""
    nodes = {ast.unparse(node.target): node for node in ast.parse(program).body if isinstance(node, ast.AnnAssign)}
    lines = program.splitlines()
    for name in ("SETTINGS", "MATERIAL"):
        if (node := nodes.get(name)) is not None:
            assert node.value
            ast.literal_eval(node.value)
            lines[node.lineno - 1 : node.end_lineno] = ["\0"] * ((node.end_lineno or 0) - node.lineno + 1)
    assert "SETTINGS" in nodes
    return "\n".join(line for line in lines if line != "\0")


@by_view
def test_export_changes_nothing_but_the_settings(view: str) -> None:
    kind, rng = resolve(view)[0], random.Random(11)
    plain = scripts.export(view, kind())
    for _ in range(5):
        params = random_params(kind, rng)
        program = scripts.export(view, params)
        assert without_settings(program) == without_settings(plain)
        assert settings_of(program) == params.canonical().as_dict()


@by_view
def test_the_settings_in_the_repository_are_the_defaults(view: str) -> None:
    source = (scripts.FOLDER / f"{view.replace('.', '/')}.py").read_text(encoding="utf-8")
    assert settings_of(source) == resolve(view)[0]().as_dict()


HOSTILE = (
    "'''+__import__('os').system('false')+'''",
    '""" ; raise SystemExit(3) # """',
    "\\",
    "\\' + 1 #",
    "{SETTINGS} %s $x {0} \\n \\x00",
    "'\"" * 90,
    "\u00e9\u221e\U0001f600",
    "a b " * 100,
    "SETTINGS: dict[str, Any] = {}",
    "# coding: utf-7",
)


@dataclass(frozen=True)
class Loose(Params):
    """Settings whose text may hold anything printable, unlike any view's."""

    words: str = p.text("", 500, label="")
    n: float = p.number(0, 0, 1, 0.1, label="")


@pytest.mark.parametrize("words", HOSTILE, ids=ascii)
def test_hostile_text_stays_data(words: str) -> None:
    program = scripts.export("activations.softmax", Loose(words=words))
    assert settings_of(program) == {"words": words.strip(), "n": 0.0}
    assert without_settings(program) == without_settings(scripts.export("activations.softmax", Loose()))


@by_scene
def test_a_notebook_holds_the_same_program(scene: Scene) -> None:
    """Format 4.5: its docstring as text, the rest as one cell that compiles to the same code; every cell has an id."""
    program = scripts.export(view_of(scene), scene.params)
    book = json.loads(scripts.notebook(program), parse_constant=pytest.fail)
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5) and set(book) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    about, code = book["cells"]
    assert about["cell_type"] == "markdown" and about["source"] == ast.get_docstring(ast.parse(program))
    assert code["cell_type"] == "code" and code["outputs"] == [] and code["execution_count"] is None
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", cell["id"]) and cell["metadata"] == {} for cell in book["cells"])
    whole = ast.parse(program)
    whole.body = whole.body[1:]
    assert ast.dump(ast.parse(code["source"])) == ast.dump(whole)
