"""Standalone programs, one a view, and their export: the program on the page is the one that stands here and is tested.

Export replaces only the SETTINGS block, by the repr of validated Params, and the MATERIAL block of a view that has one, by
what its `material(params)` gives, such as the bytes of a picture; and puts the source of every dlviz module that
the program imports in the place of the import, so that it runs with torch alone.
"""

import ast
import inspect
import json
import pprint
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from dlviz.params import Params

FOLDER = Path(__file__).parent


def export(view: str, params: Params) -> str:
    """The program for exactly these settings, as text that runs where only torch and numpy are installed."""
    source = (FOLDER / f"{view.replace('.', '/')}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    modules = list(dict.fromkeys(name for node in tree.body for name in _dlviz_imports(node)))
    imports: list[str] = []
    inlined: list[str] = []
    for name in _with_needs(modules):
        module = inspect.getsource(import_module(name))
        imports += _imports(module)
        inlined.append(f"# {'-' * 20} from dlviz: {name}\n\n{_body(module)}")
    settings = f"SETTINGS: dict[str, Any] = {pprint.pformat(params.canonical().as_dict(), sort_dicts=False, width=100)}"
    if (material := _material(view, params)) is not None:
        settings += f"\n\nMATERIAL: dict[str, Any] = {pprint.pformat(material, sort_dicts=False, width=100)}"
    head = ast.get_docstring(tree, clean=False) or ""
    imports = sorted(dict.fromkeys(imports + _imports(source)), key=lambda line: (line.startswith("from"), line))
    parts = [f'"""{head}"""', "\n".join(imports), settings, *inlined, _body(source, without=("SETTINGS", "MATERIAL"))]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def notebook(source: str) -> str:
    """The same program as a Jupyter notebook (.ipynb, format 4.5): its docstring as text, the rest as one cell."""
    tree = ast.parse(source)
    code = "\n".join(source.splitlines()[tree.body[0].end_lineno :]).strip("\n")
    cells = [
        {"cell_type": "markdown", "id": "about", "metadata": {}, "source": ast.get_docstring(tree)},
        {"cell_type": "code", "id": "program", "metadata": {}, "execution_count": None, "outputs": [], "source": code},
    ]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def _material(view: str, params: Params) -> dict[str, Any] | None:
    """What the view's program needs besides its settings, which may be nothing for these; None for a view that never needs any."""
    give: Callable[[Params], dict[str, Any]] | None = getattr(import_module(f"dlviz.compute.{view}"), "material", None)
    return give(params.canonical()) if give else None


def _dlviz_imports(node: ast.stmt) -> list[str]:
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("dlviz") else []


def _with_needs(names: list[str]) -> list[str]:
    """The modules and, before each, the dlviz modules it imports itself."""
    ordered: list[str] = []
    for name in names:
        tree = ast.parse(inspect.getsource(import_module(name)))
        needs = [needed for node in tree.body for needed in _dlviz_imports(node)]
        ordered += [module for module in [*_with_needs(needs), name] if module not in ordered]
    return ordered


def _imports(source: str) -> list[str]:
    """The import statements at a module's top level, without dlviz's own."""
    nodes = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return [ast.unparse(node) for node in nodes if not _dlviz_imports(node)]


def _body(source: str, without: tuple[str, ...] = ()) -> str:
    """A module's text, comments and all, without its docstring, its imports and the assignments to `without`."""
    tree = ast.parse(source)
    lines = source.splitlines()
    for node in tree.body:
        docstring = node is tree.body[0] and isinstance(node, ast.Expr)
        assigned = isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id in without
        if docstring or assigned or isinstance(node, ast.Import | ast.ImportFrom):
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = "\0"
    return "\n".join(line for line in lines if line != "\0").strip("\n")
