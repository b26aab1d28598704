"""Every page runs, and so does every control at every one of its ends."""

import contextlib
from dataclasses import fields, replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dlviz import catalog, lessons
from dlviz.catalog import Topic
from dlviz.compute import resolve
from dlviz.fields import NAMED, ParameterError
from dlviz.params import Choice, Choices, Number, Params, Spec, Switch
from dlviz.texts import Lines, Text
from tests.conftest import short
from tests.pages.conftest import ROOT, Visit

VIEWS = {name: (topic, name.partition(".")[2]) for topic in catalog.TOPICS for name in topic.views}
CONTROLS = [(view, name) for view in VIEWS for name, spec in resolve(view)[0].specs().items() if not spec.stage]
PAGES = sorted(path.name for path in (ROOT / "pages").glob("*.py"))


def assert_works(app: AppTest, what: str) -> None:
    """No exception, and no part of the page has failed."""
    assert not app.exception, f"{what}: {app.exception[0].value if app.exception else ''}"
    assert not app.error, f"{what}: {app.error[0].value if app.error else ''}"


def with_control(view: str, name: str) -> Params:
    """Settings under which this control is shown: its condition holds, and that of the field it depends on, and so on."""
    kind = resolve(view)[0]
    specs, wanted = kind.specs(), {}
    while (condition := specs[name].when) is not None:
        name, value = condition[0], condition[1][0] if isinstance(condition[1], tuple) else condition[1]
        wanted[name] = (value,) if isinstance(specs[name], Choices) else value
    return kind(**wanted)


def extremes(spec: Spec, default: Any) -> list[Any]:
    """What a control can be at its ends: both bounds, every option (of very many: first, middle, last), all and none, long and empty."""
    match spec:
        case Number(scale="log"):
            return [spec.stops()[0], spec.stops()[-1]]
        case Number():
            return [spec.low, spec.high]
        case Choice():
            options = list(spec.options)
            return options if len(options) <= NAMED else [options[0], options[len(options) // 2], options[-1]]
        case Choices():
            return [[option] for option in spec.options] + [list(spec.options), []]
        case Switch():
            return [True, False]
        case Text() | Lines():
            return ["x" * spec.at_most, "x" * (spec.at_most + 9800), "", default]
    raise TypeError(f"No extremes known for {type(spec).__name__}.")


def widget(app: AppTest, spec: Spec, key: str) -> Any:
    """The control that a field has got on the page."""
    match spec:
        case Number(scale="log"):
            return app.select_slider(key=key)
        case Number():
            return app.slider(key=key)
        case Choices():
            return app.button_group(key=key)
        case Choice():
            return app.button_group(key=key) if len(spec.options) <= 4 else app.selectbox(key=key)
        case Switch():
            return app.toggle(key=key)
        case Text():
            return app.text_input(key=key)
        case Lines():
            return app.text_area(key=key)
    raise TypeError(f"No widget known for {type(spec).__name__}.")


def drawn(app: AppTest, spec: Spec, key: str) -> bool:
    """Whether the control of a field is on the page."""
    try:
        return widget(app, spec, key) is not None
    except KeyError:
        return False


@pytest.mark.parametrize("page", PAGES)
def test_every_page_runs(page: str) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert_works(app.switch_page(f"pages/{page}").run(), page)


def test_every_topic_has_its_page_and_every_page_its_topic() -> None:
    assert set(PAGES) == {"home.py"} | {f"{topic.slug}.py" for topic in catalog.TOPICS}


def test_the_home_page_names_every_topic_and_its_question(visit: Visit) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    words = " ".join(element.value for element in app.markdown)
    links = " ".join(str(link.proto.label) for link in app.get("page_link"))
    for topic in catalog.TOPICS:
        assert topic.question in words and topic.title in links


@pytest.mark.parametrize(("view", "name"), CONTROLS)
def test_every_control_at_its_ends(visit: Visit, view: str, name: str) -> None:
    topic, place = VIEWS[view]
    params = short(with_control(view, name), but=name)
    spec = params.specs()[name]
    app = visit(topic, place, params)
    assert_works(app, f"{view} with {name}")
    if spec.more and not drawn(app, spec, f"{view}.{name}"):  # then only while "More" is open
        app.session_state[f"{view}.more"] = True
        assert_works(app.run(), f"{view} with More open")
    for value in extremes(spec, getattr(params, name)):
        control = widget(app, spec, f"{view}.{name}")
        assert (control.label, control.help) == (spec.label, spec.help or "")
        control.set_value(value).run()
        what = f"{view}: {name} = {str(value)[:40]}"
        assert_works(app, what)
        kept = getattr(app.session_state[view], name)
        try:
            wanted = getattr(type(params)(**(params.as_dict() | {name: spec.check(name, value)})), name)
        except ValueError as error:
            assert any(spec.label in warning.value.replace("\\", "") for warning in app.warning), f"{what}: no advice on {error}"
        else:
            assert kept == wanted, what
            assert app.query_params[name] in ([spec.encode(kept)], spec.encode(kept)), f"{what} is not in the address"


@pytest.mark.parametrize("view", VIEWS)
def test_every_field_at_its_ends_by_link(visit: Visit, view: str) -> None:
    topic, place = VIEWS[view]
    kind = resolve(view)[0]
    for end in ("low", "high"):
        numbers = {name: getattr(spec, end) for name, spec in kind.specs().items() if isinstance(spec, Number)}
        everything = {name: tuple(spec.options) for name, spec in kind.specs().items() if isinstance(spec, Choices)}
        params = kind()
        for name, value in (numbers | everything).items():
            with contextlib.suppress(ParameterError):  # together with those before it, it would be too large
                params = replace(params, **{name: value})
        app = visit(topic, place, params)
        assert_works(app, f"{view}, all numbers at {end}")
        assert not app.warning, app.warning[0].value
        kept = app.session_state[view]
        assert all(getattr(kept, name) == getattr(params, name) for name in numbers if params.applies(name))


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_every_scene_runs_by_its_pill(visit: Visit, topic: Topic) -> None:
    for name in topic.views:
        view = name.partition(".")[2]
        app = visit(topic, view)
        for scene in lessons.load(topic.slug).of(view):
            app.button_group(key=f"{name}.scene").set_value(scene.id).run()
            assert_works(app, scene.id)
            assert app.session_state[name].canonical() == scene.params.canonical(), scene.id


def test_params_say_all_about_themselves() -> None:
    """Each field of each view has a control kind that the page knows, so that a topic to come cannot forget one."""
    for view in VIEWS:
        for field in fields(resolve(view)[0]):
            assert isinstance(field.metadata["spec"], Spec), f"{view}.{field.name}"


def test_going_home_and_back_keeps_the_page_working(visit: Visit) -> None:
    for topic in catalog.TOPICS:
        app = visit(topic)
        app.switch_page("pages/home.py").run()
        assert_works(app, "home")
        app.switch_page(f"pages/{topic.slug}.py").run()
        assert_works(app, f"{topic.slug} again")
