"""What is installed is what is pinned, and what is imported is declared."""

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

import torch

from dlviz import runtime

ROOT = Path(__file__).parents[1]
IMPORTED_AS = {"pillow": "PIL"}  # where the module has another name than its package
# What is used where it is there, each in functions of one module alone: that one says what to do where it is missing, or what brings it.
OPTIONAL = {"transformers": "zoo/checkpoint.py", "huggingface_hub": "zoo/hub.py"}
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([0-9][^\s;]*)$")


def pins(name: str) -> dict[str, str]:
    """The pins of a requirements file; every line that is not a comment or an include must be one."""
    lines = [line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if line and not line.startswith(("#", "-r"))]
    found = [PIN.match(line) for line in lines]
    assert all(found), f"{name}: not an exact pin: {[line for line, match in zip(lines, found, strict=True) if not match]}"
    return {match[1].lower(): match[2] for match in found if match}


def test_the_installed_torch_is_the_pinned_one() -> None:
    """Something that wants torchvision or a newer torch would replace it silently, with gigabytes of CUDA packages."""
    assert pins("requirements.txt")["torch"] == "2.13.0"
    assert torch.__version__.partition("+")[0] == "2.13.0"


def test_every_requirement_is_pinned_and_installed_so() -> None:
    for file in ("requirements.txt", "requirements-dev.txt"):
        for name, version in pins(file).items():
            assert metadata.version(name).partition("+")[0] == version, name


def test_what_the_requirements_bring_along_is_constrained() -> None:
    pinned = pins("requirements.txt") | pins("requirements-dev.txt")
    constrained = pins("constraints.txt")
    assert not set(pinned) & set(constrained), "a package is pinned in one place"
    needed = set()
    for name in pinned:
        for line in metadata.requires(name) or []:
            if "extra ==" not in line and "platform_system" not in line and "sys_platform" not in line and "python_version" not in line:
                needed.add(re.split(r"[\s<>=!~;\[(]", line)[0].lower().replace("_", "-"))
    lacking = needed - set(pinned) - set(constrained) - {"setuptools"}
    assert not lacking, f"run `make upgrade`: {sorted(lacking)}"


def imported(node: ast.AST) -> list[str]:
    """The packages that a statement imports."""
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
    return [name.split(".")[0] for name in names]


def test_runtime_imports_are_declared() -> None:
    """The app imports only what requirements.txt names, the standard library, and itself."""
    declared = {IMPORTED_AS.get(name, name) for name in pins("requirements.txt")} | {"dlviz"} | set(sys.stdlib_module_names)
    for path in [*ROOT.glob("dlviz/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "app.py"]:
        allowed = declared | {name for name, module in OPTIONAL.items() if path == ROOT / "dlviz" / module}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for name in imported(node):
                assert name in allowed, f"{path.name} imports {name}"


def test_what_is_optional_is_imported_only_when_it_is_used() -> None:
    for module in set(OPTIONAL.values()):
        for node in ast.parse((ROOT / "dlviz" / module).read_text(encoding="utf-8")).body:
            assert not set(imported(node)) & set(OPTIONAL), module


def test_torch_works_on_one_thread() -> None:
    assert torch.get_num_threads() == 1
    runtime.warm_up()
    assert runtime.is_warm()
