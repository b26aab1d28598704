"""The documents say what is there: commands, tree, controls, scenes, dependencies."""

import re
from pathlib import Path

import pytest

from dlviz import catalog, lessons
from dlviz.compute import resolve

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "docs/CONTRIBUTING.md").read_text(encoding="utf-8")


def flat(text: str) -> str:
    """The text with every run of white space as one space, so that a line break does not hide a phrase."""
    return re.sub(r"\s+", " ", text)


def test_the_readme_names_every_word_of_the_makefile() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    missing = [target for target in targets if target != "clean" and f"make {target}" not in README]
    assert not missing, missing


def test_the_plain_lines_install_what_the_makefile_installs() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in ("-r requirements.txt -c constraints.txt", "-r requirements-dev.txt -c constraints.txt", "run app.py --server.port 8501"):
        assert line in makefile and line in README


def test_the_tree_in_the_readme_is_the_tree() -> None:
    block = README.split("## The tree")[1].split("```")[1]
    listed, stack = set(), []
    for line in block.strip("\n").splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        stack = [*stack[:depth], line.split()[0]]
        listed.add("".join(stack))
    assert all((ROOT / path).exists() for path in listed), [path for path in listed if not (ROOT / path).exists()]
    there = {f"dlviz/{path.name}{'/' if path.is_dir() else ''}" for path in (ROOT / "dlviz").iterdir() if path.name[0] not in "_."}
    there |= {f"{name}/" for name in ("pages", "dlviz", "models", "recipes", "tests", "bench", "tools", "docs")}
    assert there <= listed, there - listed


def test_the_pictures_in_the_readme_exist() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures and all((ROOT / picture).is_file() for picture in pictures)


def test_every_runtime_dependency_has_its_reason() -> None:
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            assert f"- **{line.partition('==')[0]}**" in CONTRIBUTING


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_a_topics_document_names_its_views_controls_and_scenes(topic: catalog.Topic) -> None:
    text = flat((ROOT / f"docs/{topic.slug}.md").read_text(encoding="utf-8")).replace("\\|", "|")
    words = lessons.load(topic.slug)
    wanted = [topic.question] + [f"View {view.title}" for view in words.views.values()] + [scene.title for scene in words.scenes]
    wanted += [spec.label for view in topic.views for spec in resolve(view)[0].specs().values()]
    missing = [phrase for phrase in wanted if phrase not in text]
    assert not missing, f"docs/{topic.slug}.md does not mention {missing}"


def test_the_readme_quotes_the_benchmark_with_machine_and_date() -> None:
    quoted = README.split("<!-- bench -->")[1].split("<!-- /bench -->")[0]
    assert re.search(r"20\d\d-\d\d-\d\d", quoted), "no date"
    assert "core" in quoted and "|" in quoted and "first visit" in quoted.lower()
