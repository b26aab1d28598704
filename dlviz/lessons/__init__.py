"""What is said: each topic's scenes, questions, diagnoses and words, read from `dlviz/lessons/<slug>.toml`.

A lecturer can add a scene without Python; `pytest tests/test_lessons.py` then checks every claim against a real result.
"""

import operator
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dlviz.compute import resolve
from dlviz.fields import ParameterError
from dlviz.params import Params
from dlviz.results import Facts

FOLDER = Path(__file__).parent
PLACEHOLDER = re.compile(r"\{((?:A\.)?[a-z_0-9]+(?:\[[a-z_0-9*]+\])?)\}")
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq,
    "near": lambda a, b: abs(a - b) <= 1e-6 * max(1.0, abs(b)),
}  # fmt: skip


class LessonError(ValueError):
    """A lesson file that cannot be used: where, and why."""


@dataclass(frozen=True)
class Expectation:
    """A claim: `fact` compared with a number or with another fact. `always`: why it may hold in every scene of its view."""

    fact: str
    op: str
    value: float | str
    always: str = ""

    def holds(self, facts: Facts) -> bool | None:
        """Whether the facts bear the claim out; None if they do not speak of it."""
        if self.fact not in facts or (isinstance(self.value, str) and self.value not in facts):
            return None
        left = facts[self.fact].value
        right = facts[self.value].value if isinstance(self.value, str) else self.value
        return left is not None and right is not None and OPERATORS[self.op](left, right)


@dataclass(frozen=True)
class Ask:
    """A question put before a scene's result is shown. `because` says the fact that settles it."""

    question: str
    choices: tuple[str, ...]
    answer: int
    because: str


@dataclass(frozen=True)
class Scene:
    """A named setting of a view, one or two sentences on what to look at, and the claims those sentences make.

    `pin`: the settings that stand beside it as A, if it compares two; sentences and claims name A's facts "A.<name>".
    """

    id: str
    title: str
    view: str
    params: Params
    sentence: str
    expects: tuple[Expectation, ...]
    ask: Ask | None = None
    pin: Params | None = None


@dataclass(frozen=True)
class Diagnosis:
    """A sentence that is said when all of `when` hold. `fact[*]` stands for every function or layer, one after the other."""

    view: str
    when: tuple[Expectation, ...]
    sentence: str


@dataclass(frozen=True)
class View:
    """A view's words: its title and sentence, which facts stand under the stage, its maths, what to try, what to read.

    `more`: it is not among the views that are always in sight, but behind "more".
    """

    title: str
    sentence: str
    facts: tuple[str, ...]
    maths: str
    tries: tuple[str, ...]
    references: tuple[str, ...]
    more: bool = False


@dataclass(frozen=True)
class Lessons:
    """All that is said on one topic's page. `views` maps "curve" and so on to their words."""

    views: Mapping[str, View]
    scenes: tuple[Scene, ...]
    diagnoses: tuple[Diagnosis, ...]

    def of(self, view: str) -> list[Scene]:
        """The scenes of one view, in order."""
        return [scene for scene in self.scenes if scene.view == view]

    def scene(self, name: str) -> Scene | None:
        """The scene with this id, or None."""
        return next((scene for scene in self.scenes if scene.id == name), None)

    def diagnose(self, view: str, facts: Facts, labels: Mapping[str, str]) -> list[str]:
        """The sentences that the facts call for, in order; `labels` gives the words for what stands in [brackets]."""
        said = []
        for diagnosis in self.diagnoses:
            if diagnosis.view != view:
                continue
            for star in _stars(diagnosis, facts):
                if all(_bound(claim, star).holds(facts) for claim in diagnosis.when):
                    sentence = diagnosis.sentence.replace("[*]", f"[{star}]").replace("{*}", labels.get(star, star))
                    said.append(fill(sentence, facts))
        return said


def _stars(diagnosis: Diagnosis, facts: Facts) -> list[str]:
    """What [*] can stand for in a diagnosis: the index of every fact of that name, or one empty word if it has no [*]."""
    first = diagnosis.when[0].fact
    if not first.endswith("[*]"):
        return [""]
    return [name[len(first) - 2 : -1] for name in facts if name.startswith(first[:-2]) and name.endswith("]")]


def _bound(claim: Expectation, star: str) -> Expectation:
    value = claim.value.replace("[*]", f"[{star}]") if isinstance(claim.value, str) else claim.value
    return Expectation(claim.fact.replace("[*]", f"[{star}]"), claim.op, value)


def beside(facts: Facts, pinned: Facts) -> Facts:
    """The facts of a picture, and of the one pinned beside it under "A.<name>"."""
    return {**facts, **{f"A.{name}": fact for name, fact in pinned.items()}}


def fill(sentence: str, facts: Facts) -> str:
    """The sentence with {fact} replaced by its value. KeyError for a fact that does not exist."""
    return PLACEHOLDER.sub(lambda match: facts[match[1]].text(), sentence)


def fill_maths(formula: str, facts: Facts) -> str:
    """The LaTeX with {{fact}} replaced by the value; single braces are LaTeX's own. KeyError as `fill`."""
    doubled = re.compile(r"\{\{([a-z_0-9]+)\}\}")
    return doubled.sub(lambda match: "{" + facts[match[1]].latex() + "}", formula)


@cache
def load(slug: str) -> Lessons:
    """The lessons of one topic. LessonError says which entry of the file is wrong, and why."""
    try:
        data = tomllib.loads((FOLDER / f"{slug}.toml").read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise LessonError(f"{slug}: not TOML: {error}") from None
    missing = {"views", "scenes", "diagnoses"} - set(data)
    if missing:
        raise LessonError(f"{slug}: there is no {' and no '.join(sorted(missing))}.")
    return Lessons(
        views={name: _entry(View, words, f"{slug}: view {name}") for name, words in data["views"].items()},
        scenes=tuple(_scene(slug, entry, set(data["views"])) for entry in data["scenes"]),
        diagnoses=tuple(_diagnosis(slug, entry) for entry in data["diagnoses"]),
    )


def _diagnosis(slug: str, entry: dict[str, Any]) -> Diagnosis:
    where = f"{slug}: diagnosis {entry.get('sentence', '?')[:30]}"
    diagnosis: Diagnosis = _entry(Diagnosis, entry | {"when": _expectations(entry.get("when", []), where)}, where)
    if not diagnosis.when:
        raise LessonError(f"{where}: it has no when.")
    return diagnosis


def _scene(slug: str, entry: dict[str, Any], views: set[str]) -> Scene:
    where = f"{slug}: scene {entry.get('id', '?')}"
    if entry.get("view") not in views:
        raise LessonError(f"{where}: view is {entry.get('view')!r}: expected one of {', '.join(sorted(views))}.")
    kind, own = resolve(f"{slug}.{entry['view']}")[0], entry.get("params", {})
    try:
        params, pin = kind(**own), kind(**own | entry["pin"]) if "pin" in entry else None
    except (ParameterError, TypeError) as error:
        raise LessonError(f"{where}: {error}") from None
    ask = _entry(Ask, entry["ask"], f"{where}: ask") if "ask" in entry else None
    expects = _expectations(entry.get("expects", []), where)
    return _entry(Scene, entry | {"params": params, "pin": pin, "ask": ask, "expects": expects}, where)


def _expectations(entries: list[dict[str, Any]], where: str) -> tuple[Expectation, ...]:
    claims = tuple(_entry(Expectation, entry, f"{where}: expectation") for entry in entries)
    for claim in claims:
        if claim.op not in OPERATORS:
            raise LessonError(f"{where}: op is {claim.op!r}: expected one of {', '.join(OPERATORS)}.")
    return claims


def _entry(kind: Any, entry: dict[str, Any], where: str) -> Any:
    """A dataclass from a table of the file, lists as tuples."""
    try:
        return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()})
    except TypeError as error:
        raise LessonError(f"{where}: {error}") from None
