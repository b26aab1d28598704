"""Lecture paths: scenes of any topics in the order in which they are told, read from `dlviz/lessons/paths.toml`.

Reading them imports no torch, because the home page lists them; that their scenes exist is checked by `tests/test_paths.py`.
"""

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from dlviz.lessons import FOLDER, LessonError


@dataclass(frozen=True)
class Step:
    """One scene of a path: the topic's slug and the scene's id."""

    topic: str
    scene: str


@dataclass(frozen=True)
class Path:
    """An ordered list of scenes under one title, with one sentence on what they tell. Steps are counted from 1."""

    id: str
    title: str
    sentence: str
    steps: tuple[Step, ...]

    def step(self, number: int) -> Step | None:
        """The step with this number, or None."""
        return self.steps[number - 1] if 1 <= number <= len(self.steps) else None

    def find(self, topic: str, scene: str = "") -> int:
        """The number of the first step on this topic's page, or of the one with this scene; 0 if there is none."""
        numbered = enumerate(self.steps, start=1)
        return next((number for number, step in numbered if step.topic == topic and scene in ("", step.scene)), 0)


@cache
def load() -> dict[str, Path]:
    """All paths by their id, in the order of the file. LessonError says which entry is wrong, and why."""
    try:
        data = tomllib.loads((FOLDER / "paths.toml").read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise LessonError(f"paths: not TOML: {error}") from None
    found = [_path(entry) for entry in data.get("paths", [])]
    for number, path in enumerate(found):
        if path.id in {other.id for other in found[:number]}:
            raise LessonError(f"paths: two paths have the id {path.id}.")
    return {path.id: path for path in found}


def _path(entry: dict[str, Any]) -> Path:
    where = f"paths: {entry.get('id', '?')}"
    wanted = {field.name for field in fields(Path)}
    if set(entry) != wanted:
        raise LessonError(f"{where}: expected {', '.join(sorted(wanted))}; found {', '.join(sorted(entry))}.")
    steps = tuple(Step(*name.split(".")) for name in entry["steps"] if name.count(".") == 1)
    if not steps or len(steps) != len(entry["steps"]):
        raise LessonError(f"{where}: steps are {entry['steps']!r}: expected names such as activations.tanh.")
    if len(set(steps)) != len(steps):
        raise LessonError(f"{where}: a scene comes twice.")
    return Path(entry["id"], entry["title"], entry["sentence"], steps)
