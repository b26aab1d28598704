"""The whole state of a page in its address: view and settings to query parameters and back. Knows no Streamlit.

`?scene=` is applied first, explicit fields over it. Whatever cannot be used is noticed by name and replaced by its default;
a link never fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dlviz.catalog import Topic
from dlviz.compute import resolve
from dlviz.fields import ParameterError, quote
from dlviz.lessons import Lessons
from dlviz.params import Params

VERSION = "1"
RESERVED = ("v", "view", "scene")


@dataclass(frozen=True)
class Link:
    """What an address stands for. `notices`: one sentence for each part of it that could not be used."""

    view: str
    params: Params
    scene: str = ""
    notices: tuple[str, ...] = ()


def encode(view: str, params: Params) -> dict[str, str]:
    """The query parameters for these settings: every field, so that a link stays true when a default changes."""
    canonical = params.canonical()
    fields = {name: spec.encode(getattr(canonical, name)) for name, spec in canonical.specs().items()}
    return {"v": VERSION, "view": view} | fields


def decode(topic: Topic, lessons: Lessons, query: Mapping[str, str]) -> Link:
    """The view and settings that the query parameters ask for, with a notice for each that is wrong or unknown."""
    notices: list[str] = []
    scene = lessons.scene(query["scene"]) if "scene" in query else None
    if "scene" in query and scene is None:
        notices.append(f"scene is {quote(query['scene'])}: there is no such scene here, so it is left out.")
    if query.get("v", VERSION) != VERSION:
        notices.append(f"v is {quote(query['v'])}: expected {VERSION}, so the link is read as version {VERSION}.")
    views = [name.partition(".")[2] for name in topic.views]
    view = query.get("view", scene.view if scene else views[0])
    if view not in views:
        notices.append(f"view is {quote(view)}: expected one of {', '.join(views)}; {views[0]} is shown.")
        view = views[0]
    kind = resolve(f"{topic.slug}.{view}")[0]
    if scene and scene.view != view:
        notices.append(f"scene is {quote(scene.id)}: it belongs to the view {scene.view}, not to {view}, so it is left out.")
        scene = None
    start = scene.params.as_dict() if scene else {}
    given, wrong = _read_fields(kind, query, start)
    params, late = _build(kind, start, given)
    return Link(view, params, scene.id if scene else "", tuple(notices + wrong + late))


def _read_fields(kind: type[Params], query: Mapping[str, str], start: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The fields of the query that can be read, each by its own rule, and a notice for each other parameter."""
    specs = kind.specs()
    renamed = {old: name for name, spec in specs.items() for old in spec.was}
    given: dict[str, Any] = {}
    notices: list[str] = []
    for parameter, text in query.items():
        name = renamed.get(parameter, parameter)
        if parameter in RESERVED:
            continue
        if name not in specs:
            notices.append(f"{quote(parameter)[1:-1]} is {quote(text)}: this view has no such setting, so it is left out.")
            continue
        try:
            given[name] = specs[name].decode(name, text)
        except ParameterError as error:
            notices.append(_noticed(kind, error, start))
    return given, notices


def _build(kind: type[Params], start: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Params, list[str]]:
    """Params from a scene's and a link's fields; one that does not fit the others is let go, with a notice, the link's first."""
    scene, link = dict(start), dict(given)
    notices: list[str] = []
    while True:
        try:
            return kind(**scene | link), notices
        except ParameterError as error:
            if link.pop(error.name, None) is None and scene.pop(error.name, None) is None:
                return kind(), notices
            notices.append(_noticed(kind, error, scene))


def _noticed(kind: type[Params], error: ParameterError, start: Mapping[str, Any]) -> str:
    """The sentence of the error, and the value that is used: the scene's if it has one, else the default."""
    value = kind.specs()[error.name].encode(start.get(error.name, kind.default(error.name)))
    return f"{error} The {'scene’s value' if error.name in start else 'default'}, {value or 'empty'}, is used."
