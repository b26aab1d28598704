"""Links: what an address says is what the page shows, and what it cannot say is noticed by name, once."""

import json
import random
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from dlviz import catalog, lessons
from dlviz import params as p
from dlviz.catalog import Topic
from dlviz.compute import resolve
from dlviz.fields import Number, ParameterError, quote
from dlviz.lessons import paths
from dlviz.params import Params
from dlviz.texts import Lines
from dlviz.ui import link
from dlviz.ui.link import RESERVED, Link, Mode, decode, encode
from dlviz.zoo.hub import is_name
from tests.test_params import random_params

VIEWS = [(topic, view.partition(".")[2]) for topic in catalog.TOPICS for view in topic.views]
NAMES = [view for _, view in VIEWS]
GARBAGE = ("garbage", "nan", "1e999", "-1e999", "\0", "<script>alert(1)</script>", "x" * 10_000, "{}", "'\"\\", "%00", "９" * 400, "\ud83d")
FREE = {"machine": ("text",), "heatmap": ("text", "other"), "effect": ("text", "other", "token")}  # take whatever people write
NAMED = {"heatmap": ("repository",)}  # fields that take names of models
RECORDED = [line.split("\t") for line in (Path(__file__).parent / "links.txt").read_text(encoding="utf-8").splitlines() if line[0] != "#"]


def read(topic: Topic, query: dict[str, str]) -> Link:
    """The link that a query stands for, on the topic's page with its real lessons."""
    return decode(topic, lessons.load(topic.slug), query)


def assert_a_sentence(notice: str) -> None:
    """One printable line of bearable length that ends like a sentence."""
    assert notice.isprintable() and len(notice) < 500 and notice.endswith("."), notice


@pytest.mark.parametrize(("topic", "view"), VIEWS, ids=NAMES)
def test_settings_come_back_from_their_link(topic: Topic, view: str) -> None:
    """Through a real query string, which only knows text, for random settings: the same canonical Params and not a word."""
    kind, rng = resolve(f"{topic.slug}.{view}")[0], random.Random(6)
    for made in [kind(), *(random_params(kind, rng) for _ in range(200))]:
        query = dict(parse_qsl(urlencode(encode(view, made)), keep_blank_values=True))
        assert read(topic, query) == Link(view, made.canonical())


@pytest.mark.parametrize(("topic", "view"), VIEWS, ids=NAMES)
def test_settings_between_two_stops_of_a_control_come_back_too(topic: Topic, view: str) -> None:
    """Scenes, links and dragged bars may hold any number within the bounds, with all its digits."""
    kind, rng = resolve(f"{topic.slug}.{view}")[0], random.Random(7)
    for name, spec in kind.specs().items():
        if isinstance(spec, Number) and spec.when is None:
            made = replace(kind(), **{name: rng.uniform(spec.low, spec.high)})
            assert read(topic, encode(view, made)).params == made.canonical(), name


@pytest.mark.parametrize("line", RECORDED, ids=lambda line: line[0][:60])
def test_links_of_all_times_still_open(line: list[str]) -> None:
    """Each recorded link without a notice, every recorded setting as it was; settings that came later may have been added."""
    address, recorded = line
    slug, _, query = address.partition("?")
    found = read(catalog.find(slug), dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True)))
    expected = {"mode": {}, "pin": None} | json.loads(recorded)
    today = {old: name for name, spec in found.params.specs().items() for old in spec.was}
    shown = json.loads(json.dumps(found.params.as_dict()))
    assert found.notices == () and found.view == expected["view"] and found.scene == expected["scene"]
    assert found.mode == Mode(**expected["mode"])
    assert {name: shown[today.get(name, name)] for name in expected["params"]} == expected["params"]
    assert (found.pin is None) == (expected["pin"] is None)
    if found.pin is not None:
        pinned = json.loads(json.dumps(found.pin.as_dict()))
        assert {name: pinned[today.get(name, name)] for name in expected["pin"]} == expected["pin"]


def test_an_empty_address_is_the_front_view_at_its_defaults() -> None:
    for topic in catalog.TOPICS:
        assert read(topic, {}) == Link(topic.views[0].partition(".")[2], resolve(topic.views[0])[0]())


@pytest.mark.parametrize(("topic", "view"), VIEWS, ids=NAMES)
@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda text: ascii(text[:12]))
def test_one_notice_for_each_wrong_field(topic: Topic, view: str, garbage: str) -> None:
    """It names the field, repeats the value at no great length, and says which default is used: as it is, or the beginning of its lines."""
    kind = resolve(f"{topic.slug}.{view}")[0]
    checked = {name: spec for name, spec in kind.specs().items() if name not in FREE.get(view, ()) or not good_text(garbage)}
    checked = {name: spec for name, spec in checked.items() if name not in NAMED.get(view, ()) or not is_name(garbage)}
    for name, spec in checked.items():
        found = read(topic, {"view": view, name: garbage})
        assert found.params == kind() and len(found.notices) == 1
        notice = found.notices[0]
        assert_a_sentence(notice)
        default = spec.encode(kind.default(name)) or "empty"
        shown = quote(" ".join(default.split())) if isinstance(spec, Lines) and default != "empty" else default
        assert notice.startswith(f"{name} is ") and f"The default, {shown}, is used." in notice
    everywhere = read(topic, {"view": view} | dict.fromkeys(checked, garbage))
    assert everywhere.params == kind()
    assert [notice.split()[0] for notice in sorted(everywhere.notices)] == sorted(checked)


def good_text(text: str) -> bool:
    """Whether a field for a text takes it."""
    return text.isprintable() and len(text) <= 2000


def test_a_wrong_field_leaves_the_right_ones_alone() -> None:
    found = read(catalog.find("activations"), {"span": "12", "bias": "x", "functions": "relu,tanh", "expression": "import os"})
    assert (found.params.span, found.params.bias, found.params.functions) == (12, 0, ("tanh", "relu"))  # type: ignore[attr-defined]
    assert [notice.split()[0] for notice in found.notices] == ["bias", "expression"]


def test_fields_that_do_not_fit_each_other_go_back_to_their_defaults_with_a_notice() -> None:
    found = read(catalog.find("activations"), {"view": "softmax", "logits": "1,2", "chosen": "5"})
    assert (found.params.logits, found.params.chosen) == ((1, 2), "1")  # type: ignore[attr-defined]
    assert len(found.notices) == 1 and found.notices[0].startswith("chosen is '5': expected a class from 1 to 2.")
    nothing = read(catalog.find("activations"), {"functions": "", "more_functions": ""})
    assert nothing.params == type(nothing.params)() and len(nothing.notices) == 1


def test_unknown_settings_are_noticed_and_left_out() -> None:
    found = read(catalog.find("activations"), {"nonsense": "1", "temperature": "2", "p" * 10_000: "3", "a\nb": "4", "specs": "5", "": "6"})
    assert found.params == type(found.params)() and len(found.notices) == 6
    for notice in found.notices:
        assert_a_sentence(notice)
        assert "no such setting" in notice
    assert found.notices[0].startswith("nonsense is '1'") and found.notices[1].startswith("temperature is '2'")


@pytest.mark.parametrize("garbage", ["2", "", "v1", "\0", "9" * 10_000])
@pytest.mark.parametrize("parameter", ["v", "view", "scene"])
def test_a_wrong_version_view_or_scene_is_noticed_once_and_the_rest_is_read(parameter: str, garbage: str) -> None:
    found = read(catalog.find("activations"), {parameter: garbage, "span": "12"})
    assert (found.view, found.scene, found.params.span) == ("curve", "", 12)  # type: ignore[attr-defined]
    assert len(found.notices) == 1 and found.notices[0].startswith(f"{parameter} is ")
    assert_a_sentence(found.notices[0])


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_a_scene_comes_first_and_explicit_fields_over_it(topic: Topic) -> None:
    for scene in lessons.load(topic.slug).scenes:
        assert read(topic, {"scene": scene.id}) == Link(scene.view, scene.params, scene.id, pin=scene.pin)
    hot = read(catalog.find("activations"), {"temperature": "3", "scene": "hot"})
    scene_params = lessons.load("activations").scene("hot").params  # type: ignore[union-attr]
    assert hot == Link("softmax", replace(scene_params, temperature=3.0), "hot")


def test_the_notice_says_what_is_really_used_when_a_scene_stands_below() -> None:
    """A wrong field leaves the scene's own value in force, and the notice may not call that the default."""
    found = read(catalog.find("activations"), {"scene": "hot", "temperature": "garbage"})
    used = found.params.specs()["temperature"].encode(found.params.temperature)  # type: ignore[attr-defined]
    assert len(found.notices) == 1 and f" {used}, is used." in found.notices[0]


def test_a_scene_of_another_view_is_noticed() -> None:
    """Whatever cannot be used is noticed: a scene of Softmax cannot be shown in the view Curve."""
    found = read(catalog.find("activations"), {"scene": "hot", "view": "curve"})
    assert (found.view, found.scene, found.params) == ("curve", "", type(found.params)())
    assert len(found.notices) == 1 and found.notices[0].startswith("scene is 'hot'")


PATH = paths.load()["slopes"]


def test_every_mode_comes_back_from_its_link() -> None:
    """Through a real query string, beside the settings, which it leaves as they are."""
    topic = catalog.find("activations")
    params = resolve("activations.curve")[0](span=12)
    modes = [Mode(p, k, path, step) for p in (False, True) for k in (False, True) for path, step in (("", 0), (PATH.id, 1), (PATH.id, 5))]
    for mode in modes:
        query = dict(parse_qsl(urlencode(encode("curve", params, mode)), keep_blank_values=True))
        assert read(topic, query) == Link("curve", params.canonical(), mode=mode)
    assert set(encode("curve", params)) & {"present", "lock", "path", "step"} == set(), "what is not set stands in the address"


@pytest.mark.parametrize("garbage", [text for text in GARBAGE] + ["", "2", "-1", "true", "１"])
@pytest.mark.parametrize("parameter", ["present", "lock", "path", "step"])
def test_a_wrong_mode_is_noticed_once_and_left_out(parameter: str, garbage: str) -> None:
    found = read(catalog.find("activations"), {parameter: garbage, "span": "12"})
    assert (found.mode, found.view, found.params.span) == (Mode(), "curve", 12)  # type: ignore[attr-defined]
    assert len(found.notices) == 1 and found.notices[0].startswith(f"{parameter} is ")
    assert_a_sentence(found.notices[0])


def test_zero_is_a_good_way_to_say_no() -> None:
    assert read(catalog.find("activations"), {"present": "0", "lock": "0"}) == read(catalog.find("activations"), {})


def test_a_path_alone_opens_its_first_scene_and_a_step_its_own() -> None:
    topic, said = catalog.find("activations"), lessons.load("activations")
    for number, step in enumerate(PATH.steps, start=1):
        scene = said.scene(step.scene)
        assert scene is not None
        wanted = Link(scene.view, scene.params, scene.id, mode=Mode(path=PATH.id, step=number), pin=scene.pin)
        assert read(topic, {"path": PATH.id, "step": str(number)}) == wanted
        assert read(topic, {"path": PATH.id, "scene": scene.id}) == wanted
        if number == 1:
            assert read(topic, {"path": PATH.id}) == wanted


def test_a_path_with_settings_keeps_its_place_and_asks_nothing() -> None:
    """A reload in the middle of a lecture: the settings are the viewer's own, even in another view."""
    changed = read(catalog.find("activations"), {"path": PATH.id, "step": "2", "bias": "1"})
    scene = lessons.load("activations").scene(PATH.steps[1].scene)
    assert scene is not None and changed == Link("curve", replace(scene.params, bias=1.0), mode=Mode(path=PATH.id, step=2))
    beside = read(catalog.find("activations"), {"path": PATH.id, "step": "2", "view": "softmax"})
    assert (beside.view, beside.params, beside.notices) == ("softmax", type(beside.params)(), ())


@pytest.mark.parametrize("step", ["0", "8", "-1", "1.0", "x", "", "01", "９"])
def test_a_step_that_the_path_does_not_have_is_noticed_and_the_first_is_shown(step: str) -> None:
    found = read(catalog.find("activations"), {"path": PATH.id, "step": step})
    assert found.mode == Mode(path=PATH.id, step=1) and found.scene == PATH.steps[0].scene
    assert len(found.notices) == 1 and found.notices[0].startswith("step is ") and "1, 2, 3, 4, 5, 6, 7" in found.notices[0]


def test_a_path_is_followed_only_on_pages_that_it_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path through two topics: each page reads its own steps, and says so where it has none."""
    mixed = paths.Path("mixed", "", "", (paths.Step("filters", "a"), paths.Step("activations", "hot"), paths.Step("filters", "b")))
    away = paths.Path("away", "", "", mixed.steps[:1])
    monkeypatch.setattr(paths, "load", lambda: {path.id: path for path in (mixed, away)})
    topic = catalog.find("activations")
    assert read(topic, {"path": "mixed"}).mode == Mode(path="mixed", step=2) and read(topic, {"path": "mixed"}).scene == "hot"
    (notice,) = read(topic, {"path": "mixed", "step": "3"}).notices
    assert notice == "step is '3': on this page the path has the steps 2; 2 is shown."
    (notice,) = read(topic, {"path": "away"}).notices
    assert notice == "path is 'away': none of its scenes is on this page, so it is left out."


@pytest.mark.parametrize(("topic", "view"), VIEWS, ids=NAMES)
def test_what_is_pinned_comes_back_from_its_link(topic: Topic, view: str) -> None:
    """Through a real query string, for random A and B; the link says no more of A than what differs, and nothing if nothing does."""
    kind, rng = resolve(f"{topic.slug}.{view}")[0], random.Random(10)
    for _ in range(100):
        live, pin = random_params(kind, rng), random_params(kind, rng)
        query = dict(parse_qsl(urlencode(encode(view, live, pin=pin)), keep_blank_values=True))
        found = read(topic, query)
        assert found.pin is not None and found.pin.canonical() == pin.canonical() and found.params == live.canonical()
        assert found.notices == () and set(dict(parse_qsl(query["pin"], keep_blank_values=True))) == set(pin.differing(live))
        alike = encode(view, live, pin=live)
        assert alike["pin"] == "" and read(topic, alike).pin == live.canonical()
    assert "pin" not in encode(view, kind()) and read(topic, encode(view, kind())).pin is None


def test_one_notice_for_each_wrong_part_of_a_pin() -> None:
    """It says that it is about the pin, and which value is used: B's. The rest of the pin is read, and B is left alone."""
    text = "temperature=x&logits=1,2&view=curve&pin=a&chosen=1&nonsense"
    found = read(catalog.find("activations"), {"view": "softmax", "temperature": "3", "pin": text})
    assert found.params.temperature == 3 and found.pin is not None  # type: ignore[attr-defined]
    assert (found.pin.logits, found.pin.temperature) == ((1, 2), 3)  # type: ignore[attr-defined]
    assert [notice.split()[:2] for notice in found.notices] == [["pin:", name] for name in ("temperature", "view", "pin", "nonsense")]
    assert "B’s value, 3, is used." in found.notices[0]
    for notice in found.notices:
        assert_a_sentence(notice)


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda text: ascii(text[:12]))
def test_a_pin_of_garbage_is_noticed_once_and_pins_the_live_settings(garbage: str) -> None:
    found = read(catalog.find("activations"), {"span": "12", "pin": garbage})
    assert found.pin == found.params and len(found.notices) == 1 and found.notices[0].startswith("pin: ")
    assert_a_sentence(found.notices[0])


@pytest.mark.parametrize(("topic", "view"), VIEWS, ids=NAMES)
def test_no_setting_has_a_name_that_the_link_keeps_for_itself(topic: Topic, view: str) -> None:
    for name, spec in resolve(f"{topic.slug}.{view}")[0].specs().items():
        assert not {name, *spec.was} & set(RESERVED)


@dataclass(frozen=True)
class Renamed(Params):
    """Settings of which two had other names once."""

    rate: float = p.number(1, 0, 10, 1, label="", was=("lr", "learning_rate"))
    depth: float = p.number(2, 0, 10, 1, label="", was=("layers",))


def test_old_names_still_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "resolve", lambda view: (Renamed, None, None))
    topic: Any = SimpleNamespace(slug="t", views=("t.only",))
    no_lessons: Any = SimpleNamespace(scene=lambda name: None)
    assert decode(topic, no_lessons, {"lr": "5", "layers": "7"}) == Link("only", Renamed(5, 7))
    assert decode(topic, no_lessons, {"learning_rate": "6", "depth": "3"}) == Link("only", Renamed(6, 3))
    (notice,) = decode(topic, no_lessons, {"lr": "50"}).notices
    assert notice == "rate is 50.0: expected a number from 0 to 10. The default, 1, is used."


def test_no_query_at_all_breaks_a_link() -> None:
    """Random parameters with random text, of every alphabet and none, always give a Link whose notices are sentences."""
    rng = random.Random(8)
    topic = catalog.find("activations")
    names = [*RESERVED, *resolve("activations.curve")[0].specs(), *resolve("activations.softmax")[0].specs(), "other"]
    pieces = [
        "0",
        "1",
        "-",
        ".",
        ",",
        "e9",
        "nan",
        "relu",
        "curve",
        "hot",
        "slopes",
        "x",
        "*",
        "(",
        ")",
        " ",
        "\n",
        "\0",
        "é",
        "∞",
        "\u202e",
        "😀",
        "٣",
    ]
    for _ in range(500):
        query = {rng.choice(names): "".join(rng.choices(pieces, k=rng.randrange(8))) for _ in range(rng.randrange(1, 8))}
        found = read(topic, query)
        again = read(topic, encode(found.view, found.params, found.mode, found.pin) | ({"scene": found.scene} if found.scene else {}))
        now, then = (replace(each, params=each.params.canonical(), pin=each.pin and each.pin.canonical()) for each in (found, again))
        assert now == then or found.notices
        for notice in found.notices:
            assert_a_sentence(notice)


def test_every_notice_that_a_params_class_can_cause_names_a_field() -> None:
    """A rule between fields must name one of them, or the link could not say which default it uses."""
    for topic, view in VIEWS:
        kind, rng = resolve(f"{topic.slug}.{view}")[0], random.Random(9)
        drawn = [list(random_params(kind, rng).as_dict().values()) for _ in range(50)]
        for _ in range(300):
            values = {name: rng.choice(rng.choice(drawn)) for name in kind.specs()}
            try:
                kind(**values)
            except ParameterError as error:
                assert error.name in kind.specs()
