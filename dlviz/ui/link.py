"""The whole state of a page in its address: view, settings and mode to query parameters and back. Knows no Streamlit.

`?scene=` is applied first, explicit fields over it; the scene of a lecture path's step counts as one. Whatever cannot be
used is noticed by name and replaced by its default; a link never fails. `pin` holds what A, the picture pinned beside
the live one, has otherwise: a query of its own, such as "activation=relu".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dlviz import assets
from dlviz.catalog import Topic
from dlviz.compute import resolve
from dlviz.fields import Asset, ParameterError, quote
from dlviz.lessons import Lessons, Scene, paths
from dlviz.params import Params

VERSION = "1"
SCENES_VALUE, BS_VALUE = "The scene’s value", "B’s value"  # what is used in the place of a wrong one
SWITCHES = ("present", "lock")
RESERVED = ("v", "view", "scene", "pin", *SWITCHES, "path", "step")


@dataclass(frozen=True)
class Mode:
    """How a page is shown, whatever its settings: for an audience, without controls, and where in a lecture path."""

    present: bool = False
    lock: bool = False
    path: str = ""
    step: int = 0

    def encode(self) -> dict[str, str]:
        """The query parameters for what is set."""
        place = {"path": self.path, "step": str(self.step)} if self.path else {}
        return {name: "1" for name in SWITCHES if getattr(self, name)} | place


@dataclass(frozen=True)
class Link:
    """What an address stands for. `notices`: one sentence for each part of it that could not be used."""

    view: str
    params: Params
    scene: str = ""
    notices: tuple[str, ...] = ()
    mode: Mode = Mode()
    pin: Params | None = None


def encode(view: str, params: Params, mode: Mode = Link.mode, pin: Params | None = None) -> dict[str, str]:
    """The query parameters for these settings: every field, so that a link stays true when a default changes; the pin's and the mode's."""
    fields = _fields(params, params.specs())
    pinned = {} if pin is None else {"pin": urlencode(_fields(pin, pin.differing(params)))}
    return {"v": VERSION, "view": view} | fields | pinned | mode.encode()


def _fields(params: Params, names: Iterable[str]) -> dict[str, str]:
    canonical, specs = params.canonical(), params.specs()
    return {name: specs[name].encode(getattr(canonical, name)) for name in names}


def decode(topic: Topic, lessons: Lessons, query: Mapping[str, str]) -> Link:
    """The view and settings that the query parameters ask for, with a notice for each that is wrong or unknown."""
    mode, notices = _read_mode(topic, query)
    scene = lessons.scene(query["scene"]) if "scene" in query else None
    if "scene" in query and scene is None:
        notices.append(f"scene is {quote(query['scene'])}: there is no such scene here, so it is left out.")
    if query.get("v", VERSION) != VERSION:
        notices.append(f"v is {quote(query['v'])}: expected {VERSION}, so the link is read as version {VERSION}.")
    told = scene or _scene_of_step(lessons, mode)
    views = [name.partition(".")[2] for name in topic.views]
    view = query.get("view", told.view if told else views[0])
    if view not in views:
        notices.append(f"view is {quote(view)}: expected one of {', '.join(views)}; {views[0]} is shown.")
        view = views[0]
    kind = resolve(f"{topic.slug}.{view}")[0]
    if scene and scene.view != view:
        notices.append(f"scene is {quote(scene.id)}: it belongs to the view {scene.view}, not to {view}, so it is left out.")
        scene = None
    if told and told.view != view:
        told = None
    start = told.params.as_dict() if told else {}
    settings = {name: text for name, text in query.items() if name not in RESERVED}
    given, wrong = _read_fields(kind, settings, start, SCENES_VALUE)
    params, late = _build(kind, start, given, SCENES_VALUE)
    asked = told if scene or not given else None  # a step with all its settings is a link to a state, not to a question
    pin, odd = _read_pin(params, query["pin"]) if "pin" in query else (asked.pin if asked else None, [])
    return Link(view, params, asked.id if asked else "", tuple(notices + wrong + late + odd), mode, pin)


def _read_pin(params: Params, text: str) -> tuple[Params, list[str]]:
    """A's settings: B's, and over them what `text` says; a notice for each part of it that is wrong."""
    kind, start = type(params), params.canonical().as_dict()
    given, wrong = _read_fields(kind, dict(parse_qsl(text, keep_blank_values=True)), start, BS_VALUE)
    pin, late = _build(kind, start, given, BS_VALUE)
    return pin, [f"pin: {notice}" for notice in wrong + late]


def _scene_of_step(lessons: Lessons, mode: Mode) -> Scene | None:
    """The scene that the path's step stands for."""
    step = paths.load()[mode.path].step(mode.step) if mode.path else None
    return lessons.scene(step.scene) if step else None


def _read_mode(topic: Topic, query: Mapping[str, str]) -> tuple[Mode, list[str]]:
    """The mode that the query asks for; a notice for each of its parameters that is wrong."""
    wrong = [name for name in SWITCHES if query.get(name, "0") not in ("0", "1")]
    notices = [f"{name} is {quote(query[name])}: expected 1 or 0, so it is left out." for name in wrong]
    mode = Mode(present=query.get("present") == "1", lock=query.get("lock") == "1")
    path = paths.load().get(query.get("path", ""))
    first = (path.find(topic.slug, query.get("scene", "")) or path.find(topic.slug)) if path else 0
    if path is None or not first:
        if "path" in query:
            why = "none of its scenes is on this page" if path else "there is no such path"
            notices.append(f"path is {quote(query['path'])}: {why}, so it is left out.")
        elif "step" in query:
            notices.append(f"step is {quote(query['step'])}: there is no path that it could belong to, so it is left out.")
        return mode, notices
    text = query.get("step", str(first))
    numbers = [str(number) for number, step in enumerate(path.steps, start=1) if step.topic == topic.slug]
    if text not in numbers:
        notices.append(f"step is {quote(text)}: on this page the path has the steps {', '.join(numbers)}; {first} is shown.")
        text = str(first)
    return replace(mode, path=path.id, step=int(text)), notices


def _read_fields(kind: type[Params], query: Mapping[str, str], start: Mapping[str, Any], instead: str) -> tuple[dict[str, Any], list[str]]:
    """The fields of the query that can be read, each by its own rule, and a notice for each other parameter."""
    specs = kind.specs()
    renamed = {old: name for name, spec in specs.items() for old in spec.was}
    given: dict[str, Any] = {}
    notices: list[str] = []
    for parameter, text in query.items():
        name = renamed.get(parameter, parameter)
        if name not in specs:
            notices.append(f"{quote(parameter)[1:-1]} is {quote(text)}: this view has no such setting, so it is left out.")
            continue
        try:
            value = specs[name].decode(name, text)
            if isinstance(specs[name], Asset) and value and assets.get(value) is None:
                label = specs[name].label.lower()
                notices.append(f"The {label} of this link is not kept here any more, so the page starts without it; bring it again below.")
                continue
            given[name] = value
        except ParameterError as error:
            notices.append(_noticed(kind, error, start, instead))
    return given, notices


def _build(kind: type[Params], start: Mapping[str, Any], given: Mapping[str, Any], instead: str) -> tuple[Params, list[str]]:
    """Params from a scene's and a link's fields; one that does not fit the others is let go, with a notice, the link's first."""
    scene, link = dict(start), dict(given)
    notices: list[str] = []
    while True:
        try:
            return kind(**scene | link), notices
        except ParameterError as error:
            if link.pop(error.name, None) is None and scene.pop(error.name, None) is None:
                return kind(), notices
            notices.append(_noticed(kind, error, scene, instead))


def _noticed(kind: type[Params], error: ParameterError, start: Mapping[str, Any], instead: str) -> str:
    """The sentence of the error, and the value that is used: the one to start from if there is one, else the default."""
    value = kind.specs()[error.name].brief(start.get(error.name, kind.default(error.name)))
    return f"{error} {instead if error.name in start else 'The default'}, {value}, is used."
