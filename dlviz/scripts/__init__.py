"""Standalone programs, one a view, and their export: the program on the page is the one that stands here and is tested.

Export replaces only the SETTINGS block, by the repr of validated Params, and the MATERIAL block of a view that has one, by
what its `material(params)` gives, such as the bytes of a picture; and puts the source of every dlviz module that
the program imports in the place of the import, so that it runs with torch alone. Where modules use others by their names, as
bert.Config and llama.Config, each stays a module of its own.
"""

import ast
import importlib.util
import inspect
import json
import pprint
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from dlviz.params import Params

FOLDER = Path(__file__).parent
# Stands in a program whose modules use one another by name.
MODULES = '''INSTALLED = importlib.util.find_spec("dlviz") is not None


def _module(name: str, source: str) -> None:
    """A module of dlviz from its source, unless dlviz is installed."""
    if INSTALLED:
        return
    parents = name.split(".")
    for depth in range(1, len(parents) + 1):
        whole, last = ".".join(parents[:depth]), parents[depth - 1]
        if whole not in sys.modules:
            sys.modules[whole] = types.ModuleType(whole)
            sys.modules[whole].__path__ = []
            if depth > 1:
                setattr(sys.modules[".".join(parents[: depth - 1])], last, sys.modules[whole])
    module = sys.modules[name]
    module.__file__ = str(Path.cwd().joinpath(*parents))
    exec(compile(source, f"<{name}>", "exec"), module.__dict__)'''


def export(view: str, params: Params) -> str:
    """The program for exactly these settings, as text that runs where only torch and numpy are installed."""
    source = (FOLDER / f"{view.replace('.', '/')}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    modules = list(dict.fromkeys(name for node in tree.body for name in _dlviz_imports(node)))
    needed, imports = _with_needs(modules), [_imports(source)]
    if any(_imports_modules(name) for name in needed):
        inlined = [MODULES, *(f"_module({name!r}, r'''\n{_text(name)}''')" for name in needed), "\n".join(_dlviz_lines(tree))]
        imports.append(["import importlib.util", "import sys", "import types", "from pathlib import Path"])
    else:
        inlined = [f"# {'-' * 20} from dlviz: {name}\n\n{_body(_text(name))}" for name in needed]
        imports += [_imports(_text(name)) for name in needed]
    settings = f"SETTINGS: dict[str, Any] = {pprint.pformat(params.canonical().as_dict(), sort_dicts=False, width=100)}"
    if (material := _material(view, params)) is not None:
        settings += f"\n\nMATERIAL: dict[str, Any] = {pprint.pformat(material, sort_dicts=False, width=100)}"
    head = ast.get_docstring(tree, clean=False) or ""
    lines = sorted(dict.fromkeys(line for each in imports for line in each), key=lambda line: (line.startswith("from"), line))
    parts = [f'"""{head}"""', "\n".join(lines), settings, *inlined, _body(source, without=("SETTINGS", "MATERIAL"))]
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
    """The dlviz modules that a statement imports, or imports names from."""
    if not (isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("dlviz")):
        return []
    inside = [f"{node.module}.{alias.name}" for alias in node.names if _is_module(f"{node.module}.{alias.name}")]
    return inside if len(inside) == len(node.names) else [node.module, *inside]


@cache
def _is_module(name: str) -> bool:
    package = importlib.util.find_spec(name.rpartition(".")[0])
    return bool(package and package.submodule_search_locations and importlib.util.find_spec(name))


def _imports_modules(name: str) -> bool:
    """Whether a module uses others by their names, such as bert.Config: then every module has to stay one."""
    nodes = ast.parse(_text(name)).body
    return any(
        isinstance(node, ast.ImportFrom) and any(_is_module(f"{node.module}.{alias.name}") for alias in node.names)
        for node in nodes
        if _dlviz_imports(node)
    )


def _dlviz_lines(tree: ast.Module) -> list[str]:
    return [ast.unparse(node) for node in tree.body if _dlviz_imports(node)]


def _text(name: str) -> str:
    return inspect.getsource(import_module(name))


def _with_needs(names: list[str]) -> list[str]:
    """The modules and, before each, the dlviz modules it imports itself."""
    ordered: list[str] = []
    for name in names:
        tree = ast.parse(_text(name))
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
