"""Messages of a browser that has not heard of the last answer: it sends the old values of all controls, and the old address."""

from dataclasses import replace

from streamlit.testing.v1 import AppTest

from dlviz import catalog, lessons
from dlviz.ui import state
from tests.pages.conftest import Visit

TOPIC = catalog.find("gradients")
SCENES = lessons.load("gradients").of("depth")
KEY = "gradients.depth.depth"


def words(app: AppTest) -> dict[str, str]:
    """The query parameters as plain text."""
    return {name: value[0] if isinstance(value, list) else value for name, value in app.query_params.items()}


def lag(app: AppTest, query: dict[str, str]) -> None:
    """The browser still shows this address."""
    app.query_params.clear()
    for name, value in query.items():
        app.query_params[name] = value


def to_a_deeper_scene(visit: Visit) -> tuple[AppTest, dict[str, str], float, float]:
    """A page that has just gone to a scene with another depth: the address and the depth before, and that of the scene."""
    app = visit(TOPIC, "depth")
    app.button_group(key="gradients.depth.scene").set_value(SCENES[0].id).run()
    before, old = words(app), app.slider(key=KEY).value
    scene = next(scene for scene in SCENES if scene.params.as_dict()["depth"] != old)
    app.button_group(key="gradients.depth.scene").set_value(scene.id).run()
    new = app.slider(key=KEY).value
    assert new == scene.params.as_dict()["depth"] != old and words(app) != before
    return app, before, old, new


def test_old_values_do_not_undo_what_an_answer_has_set(visit: Visit) -> None:
    app, before, old, new = to_a_deeper_scene(visit)
    after = words(app)
    lag(app, before)
    app.slider(key=KEY).set_value(old).run()
    assert app.slider(key=KEY).value == new and words(app) == after


def test_what_is_changed_meanwhile_counts(visit: Visit) -> None:
    app, before, old, new = to_a_deeper_scene(visit)
    lag(app, before)
    mine = next(depth for depth in (20, 30, 40) if depth not in (old, new))
    app.slider(key=KEY).set_value(mine).run()
    assert app.slider(key=KEY).value == mine


def test_an_old_view_does_not_come_back(visit: Visit) -> None:
    """As when a picture has opened another view, and the browser still shows the one that was left."""
    app = visit(TOPIC, "depth")
    before = words(app)
    app.session_state["gradients.shown"] = "by_hand"
    app.session_state[state.UNHEARD], app.session_state[state.TOLD] = {"gradients.view": "by_hand"}, None
    app.session_state[state.SEEN], app.session_state[state.FORMER] = ("gradients", before | {"view": "by_hand"}), (before,)
    app.run()
    assert words(app)["view"] == "by_hand" and app.button_group(key="gradients.view").value == "by_hand"


def test_an_address_that_was_not_left_just_now_is_gone_to(visit: Visit) -> None:
    app, before, old, new = to_a_deeper_scene(visit)
    lag(app, before | {"depth": "25"})
    app.run()
    assert app.slider(key=KEY).value == 25


def test_what_was_set_before_any_answer_left_stays(visit: Visit) -> None:
    """A picture's edit, and a message on its heels that had left before: the run that would have answered the edit was never finished."""
    app = visit(TOPIC, "depth")
    app.session_state["gradients.depth"] = replace(app.session_state["gradients.depth"], depth=33)
    app.session_state[state.UNHEARD], app.session_state[state.TOLD] = {KEY: 33}, None
    app.run()  # AppTest sends the old value of the slider along
    assert app.slider(key=KEY).value == 33 and words(app)["depth"] == "33"


def test_quickly_there_and_back_ends_where_it_began(visit: Visit) -> None:
    """Faster than the browser hears of the way there: the viewer's own changes always count."""
    app = visit(TOPIC, "depth")
    before, value = words(app), app.slider(key=KEY).value
    app.slider(key=KEY).set_value(30).run()
    lag(app, before)
    app.slider(key=KEY).set_value(value).run()
    assert app.slider(key=KEY).value == value and words(app) == before


def test_two_scenes_clicked_in_quick_turn_end_at_the_last(visit: Visit) -> None:
    app, pills = visit(TOPIC, "depth"), "gradients.depth.scene"
    first, second = SCENES[0], next(scene for scene in SCENES[1:] if not scene.ask)
    app.button_group(key=pills).set_value(first.id).run()
    before = words(app)
    app.button_group(key=pills).set_value(second.id).run()
    lag(app, before)
    app.button_group(key=pills).set_value(first.id).run()
    assert app.button_group(key=pills).value == first.id and words(app) == before


def test_an_old_mark_on_a_scene_does_not_choose_it(visit: Visit) -> None:
    """An edit has left the scene; a message with another control changed comes with the mark and the values that stood there before."""
    app, pills = visit(TOPIC, "depth"), "gradients.depth.scene"
    app.button_group(key=pills).set_value(SCENES[0].id).run()
    before, value = words(app), app.slider(key=KEY).value
    app.session_state["gradients.depth"] = replace(app.session_state["gradients.depth"], depth=33)
    app.session_state[state.UNHEARD], app.session_state[state.TOLD] = {KEY: 33}, None
    app.run()
    assert app.button_group(key=pills).value is None and app.slider(key=KEY).value == 33 != value
    lag(app, before)
    app.slider(key=KEY).set_value(value)
    app.button_group(key=pills).set_value(SCENES[0].id)
    app.selectbox(key="gradients.depth.activation").set_value("tanh").run()
    kept = app.session_state["gradients.depth"]
    assert (kept.depth, kept.activation) == (33, "tanh") and app.button_group(key=pills).value is None
