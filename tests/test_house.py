"""The house keeps its order: who imports whom, what each topic has, and what is forbidden. For a new topic this lists what is missing."""

import ast
import inspect
import re
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from dlviz import catalog
from dlviz.compute import resolve
from dlviz.params import Params
from dlviz.results import Result

ROOT = Path(__file__).parents[1]
SLUGS = ("activations", "landscapes", "gradients", "filters", "attention", "sampling", "diffusion", "clip")
# Low to high. A module imports its own package and lower layers.
LAYERS = (
    ("catalog", "fields", "texts", "params", "assets", "runtime", "results"),
    ("data",),
    ("nets", "zoo"),
    ("compute",),
    ("figures", "scripts", "lessons", "jobs"),
    ("ui",),
    ("pages",),
    ("app",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
SOURCES = sorted([*ROOT.glob("dlviz/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "app.py"])


def place(path: Path) -> str:
    """The room a file stands in: the package below dlviz, "pages", or "app"."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "dlviz" else parts[0]


def imports(path: Path) -> list[str]:
    """Every module a file imports, wherever in the file."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def rooms(path: Path) -> set[str]:
    """The rooms of dlviz that a file imports from."""
    return {parts[1] for name in imports(path) if (parts := name.split("."))[0] == "dlviz" and len(parts) > 1 and parts[1] in LEVEL}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [path for path in SOURCES if place(path) != "__init__"], ids=relative)
def test_a_module_imports_only_its_own_room_and_lower_ones(path: Path) -> None:
    own = place(path)
    higher = {room for room in rooms(path) if room != own and LEVEL[room] >= LEVEL[own] and not same_ground(own, room)}
    assert not higher, f"{relative(path)} is in {own} and imports {sorted(higher)}"


def same_ground(own: str, room: str) -> bool:
    """The ground floor's modules build on one another; above it, rooms of one layer stay apart."""
    return own in LAYERS[0] and room in LAYERS[0]


def test_no_topic_imports_a_sibling() -> None:
    """`nets` is no topic's: dlviz.nets.activations is what every network is made of."""
    for path in SOURCES:
        topics = {part for part in path.relative_to(ROOT).with_suffix("").parts if part in SLUGS}
        for name in imports(path):
            others = {part for part in name.split(".") if part in SLUGS} - topics
            shared = not name.startswith("dlviz.") or name.startswith("dlviz.nets.")
            assert shared or not (topics and others), f"{relative(path)} imports {name}"


@pytest.mark.parametrize(
    ("library", "rooms_allowed"),
    [
        ("streamlit", {"ui", "pages", "app"}),
        ("torch", {"runtime", "results", "nets", "zoo", "compute", "scripts", "jobs", "ui", "lessons"}),
        ("plotly", {"figures"}),
        ("altair", {"figures"}),
    ],
)
def test_a_library_is_used_only_where_it_belongs(library: str, rooms_allowed: set[str]) -> None:
    for path in SOURCES:
        used = any(name.split(".")[0] == library for name in imports(path))
        assert not used or place(path) in rooms_allowed, f"{relative(path)} imports {library}"


def test_nothing_changes_the_random_state_of_the_whole_process() -> None:
    """Two viewers' jobs run in one process: a global seed or default would make them disturb each other."""
    forbidden = ("manual_seed", "set_default_dtype", "set_default_device", "Dropout")
    for path in ROOT.glob("dlviz/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in forbidden:
                own_generator = node.attr == "manual_seed" and not (isinstance(node.value, ast.Name) and node.value.id == "torch")
                assert own_generator, f"{relative(path)}:{node.lineno} uses {node.attr}"


def test_nothing_typed_by_people_is_ever_run() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            assert named not in ("eval", "exec", "compile", "__import__"), f"{relative(path)} calls {named}"
        assert "unsafe_allow_html" not in path.read_text(encoding="utf-8"), relative(path)


def test_the_topics_have_their_fixed_addresses() -> None:
    assert {topic.slug for topic in catalog.TOPICS} <= set(SLUGS)
    assert len({topic.slug for topic in catalog.TOPICS}) == len(catalog.TOPICS)


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_a_topic_has_all_its_files(topic: catalog.Topic) -> None:
    """The list of what a new topic still lacks, by file name."""
    slug = topic.slug
    wanted = [
        f"dlviz/figures/{slug}.py",
        f"dlviz/lessons/{slug}.toml",
        f"dlviz/ui/cards/{slug}.svg",
        f"pages/{slug}.py",
        f"docs/{slug}.md",
        f"tests/figures/test_{slug}.py",
    ]
    for view in topic.views:
        name = view.partition(".")[2]
        wanted += [f"dlviz/compute/{slug}/{name}.py", f"dlviz/scripts/{slug}/{name}.py", f"tests/compute/test_{name}.py"]
    missing = [file for file in wanted if not (ROOT / file).exists()]
    assert not missing, f"{slug} lacks {missing}"


@pytest.mark.parametrize("view", [view for topic in catalog.TOPICS for view in topic.views])
def test_a_view_has_params_a_result_a_figure_and_words(view: str) -> None:
    params, result, compute = resolve(view)
    slug, _, name = view.partition(".")
    assert issubclass(params, Params) and issubclass(result, Result) and result.PARAMS is params
    assert list(inspect.signature(compute).parameters) == ["params"]
    assert callable(getattr(import_module(f"dlviz.figures.{slug}"), name))
    assert all(spec.label for spec in params.specs().values())


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_module_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 300, "one idea a file"
    assert path.stem not in ("utils", "helpers", "common", "misc")
    assert ast.get_docstring(tree), "a module says in its docstring what it is"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_") and node in tree.body:
            assert ast.get_docstring(node), f"{node.name} has no docstring"


def test_pages_are_thin() -> None:
    for path in ROOT.glob("pages/*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 120, relative(path)


def tracked() -> list[Path]:
    """The files that git knows, or would take: a fresh checkout has exactly these."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def test_the_tree_stays_small() -> None:
    sizes = {relative(path): path.stat().st_size / 2**20 for path in tracked()}
    assert max(sizes.values()) < 20, max(sizes, key=lambda name: sizes[name])
    assert sum(sizes.values()) < 47


def test_no_machine_path_is_committed() -> None:
    machine = re.compile(r"(?<![\w.])/(home|root|work|Users|opt)/\w")
    for path in tracked():
        if path.suffix not in (".png", ".jpg", ".npz", ".safetensors", ".xz") and path != Path(__file__):
            found = machine.search(path.read_text(encoding="utf-8"))
            assert not found, f"{relative(path)}: {found and found[0]}"


def test_every_shipped_weight_and_data_file_is_in_the_notice() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    shipped = [path for path in tracked() if path.suffix in (".safetensors", ".npz", ".gz", ".xz", ".txt", ".jpg") and place_of_data(path)]
    assert all(path.name in notice for path in shipped), shipped


def place_of_data(path: Path) -> bool:
    """Whether a file stands where weights or data are shipped; recorded results are neither."""
    return relative(path).startswith(("models/", "dlviz/data/")) and not relative(path).startswith("models/recorded/")
