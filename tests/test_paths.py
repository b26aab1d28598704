"""Lecture paths: every step is a scene that exists, and a broken file says which entry is wrong."""

import subprocess
import sys
from pathlib import Path as File

import pytest

from dlviz import catalog, lessons
from dlviz.lessons import LessonError, paths
from dlviz.lessons.paths import Path, Step

PATHS = list(paths.load().values())
GOOD = '[[paths]]\nid = "one"\ntitle = "One"\nsentence = "It tells something."\nsteps = ["activations.tanh", "activations.hot"]\n'


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.id)
def test_every_step_is_a_scene_of_a_topic(path: Path) -> None:
    slugs = {topic.slug for topic in catalog.TOPICS}
    for step in path.steps:
        assert step.topic in slugs, f"{path.id}: there is no topic {step.topic}"
        assert lessons.load(step.topic).scene(step.scene), f"{path.id}: {step.topic} has no scene {step.scene}"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.id)
def test_a_path_has_an_id_a_title_and_one_short_sentence(path: Path) -> None:
    assert path.id.isidentifier() and path.id == path.id.lower(), "it stands in links"
    assert 3 <= len(path.title) <= 40 and "." not in path.title
    assert path.sentence[0].isupper() and path.sentence.endswith(".") and path.sentence.count(". ") == 0 and len(path.sentence) <= 140
    assert 3 <= len(path.steps) <= 12, "a lecture has more than two scenes, and an end"


def test_steps_are_counted_from_one_and_found_by_topic_and_scene() -> None:
    path = Path("p", "", "", (Step("a", "x"), Step("b", "y"), Step("a", "z")))
    assert [path.step(n) for n in (0, 1, 3, 4)] == [None, Step("a", "x"), Step("a", "z"), None]
    assert (path.find("a"), path.find("b"), path.find("c")) == (1, 2, 0)
    assert (path.find("a", "z"), path.find("b", "z")) == (3, 0)


BROKEN = {
    "no title": (GOOD.replace('title = "One"\n', ""), ["one", "title"]),
    "a word too much": (GOOD + "colour = 1\n", ["one", "colour"]),
    "a step without a topic": (GOOD.replace("activations.tanh", "tanh"), ["one", "tanh", "activations.tanh"]),
    "no steps": (GOOD.replace('["activations.tanh", "activations.hot"]', "[]"), ["one", "steps"]),
    "a scene twice": (GOOD.replace("hot", "tanh"), ["one", "twice"]),
    "an id twice": (GOOD + GOOD, ["one", "two paths"]),
    "no TOML": ("[[paths", ["not TOML"]),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_says_which_entry_is_wrong(case: str, tmp_path: File, monkeypatch: pytest.MonkeyPatch) -> None:
    text, words = BROKEN[case]
    (tmp_path / "paths.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(paths, "FOLDER", tmp_path)
    with pytest.raises(LessonError) as caught:
        paths.load.__wrapped__()
    assert all(word in str(caught.value) for word in ["paths", *words]) and "\n" not in str(caught.value)


def test_what_the_home_page_reads_imports_no_torch() -> None:
    """It must be painted before the seconds that torch takes to be imported."""
    program = "import sys; from dlviz.ui import home; home.paths.load(); home.picture('activations'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=File(__file__).parents[1]).returncode == 0
