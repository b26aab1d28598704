"""Compare without a browser: pins and their buttons, the address, the words, and what becomes of the job of A."""

from typing import Any

from streamlit.testing.v1 import AppTest

from dlviz import catalog, jobs, lessons
from dlviz.compute.activations import curve, network
from dlviz.ui.state import Settings
from tests.pages.test_present import address, opened

CURVE = "activations.curve"


def sides(app: AppTest) -> list[str]:
    """What stands above the pictures."""
    return [element.proto.body for element in app.get("html") if '<p class="side"' in element.proto.body]


def components(app: AppTest) -> int:
    """How many pictures there are: those on the stage, and the pad for points in the tab below In a network."""
    return len(app.get("bidi_component")) - 1  # the keys are one


def facts(app: AppTest) -> str:
    """The numbers under the stage."""
    return next(element.proto.body for element in app.get("html") if '<dl class="facts">' in element.proto.body)


def test_pin_change_swap_and_unpin() -> None:
    app = opened(functions="sigmoid,tanh", focus="tanh")
    assert components(app) == 1 and not sides(app) and "pin" not in address(app) and "<b>" not in facts(app)
    app.button(key="pin").click().run()
    assert components(app) == 2 and address(app)["pin"] == "" and all(": the same settings" in words for words in sides(app))
    app.button_group(key=f"{CURVE}.functions").set_value(["sigmoid", "tanh", "relu"]).run()
    assert address(app)["pin"] == "functions=sigmoid%2Ctanh"
    a, b = sides(app)
    assert "<b>A</b>: functions sigmoid, tanh<" in a and "<b>B</b>: functions sigmoid, tanh, ReLU<" in b
    assert "<b>A</b> 1 <b>B</b> 1" in facts(app)
    app.button(key="swap").click().run()
    assert address(app)["functions"] == "sigmoid,tanh" and address(app)["pin"] == "functions=sigmoid%2Ctanh%2Crelu"
    assert app.button_group(key=f"{CURVE}.functions").value == ["sigmoid", "tanh"]
    app.button(key="pin").click().run()
    assert components(app) == 1 and not sides(app) and "pin" not in address(app) and not app.exception


def test_a_pin_belongs_to_its_view() -> None:
    app = opened(pin="bias=1")
    app.button_group(key="activations.view").set_value("softmax").run()
    assert components(app) == 1 and "pin" not in address(app)
    app.button_group(key="activations.view").set_value("curve").run()
    assert components(app) == 2 and address(app)["pin"] == "bias=1"


def test_what_somebody_typed_is_shown_as_text() -> None:
    app = opened(expression="x*x", focus="own", pin="expression=x<2")
    assert len(app.warning) == 1, "x<2 is no number"
    app = opened(expression="where(x<1,x,2)", focus="own", pin="expression=x")
    assert "where(x&lt;1,x,2)" in sides(app)[1] and "where(x<1" not in sides(app)[1]


def test_a_pair_scene_pins_says_and_counts_both() -> None:
    app = opened(scene="sure_cross")
    for _ in range(100):
        if any("are right" in element.value and "…" not in element.value for element in app.markdown):
            break
        app.run()
    words = next(element.value for element in app.markdown if "are right" in element.value)
    assert "50 % are right" in words and components(app) == 3 and "{" not in words
    a, b = sides(app)
    assert "<b>A</b>: squared error<" in a and "<b>B</b>: cross-entropy<" in b
    app.button(key="pin").click().run()
    assert app.button_group(key="activations.network.scene").value is None, "without its A it is not the scene any more"
    assert "pin" not in address(app) and not app.exception and not app.error


def test_a_scenes_own_pin_goes_with_it_and_the_viewers_stays(monkeypatch: Any) -> None:
    state: dict[str, Any] = {"activations.view": "network"}
    monkeypatch.setattr("dlviz.ui.state.st.session_state", state)
    said = lessons.load("activations")
    settings = Settings(catalog.find("activations"), said)
    dying, disc = said.scene("dying"), said.scene("disc")
    assert dying and disc
    settings.choose(dying)
    assert settings.pin == dying.pin and settings.scene() == dying
    settings.choose(disc)
    assert settings.pin is None and settings.scene() == disc
    settings.set_pin(network.Params(activation="gelu"))
    settings.choose(disc)
    assert settings.pin == network.Params(activation="gelu") and settings.scene() == disc
    settings.choose(dying)
    assert settings.pin == dying.pin


def test_a_job_that_is_unpinned_is_watched_no_more() -> None:
    running = jobs.Jobs(slots=1)
    live, pinned = ("me", "live"), ("me", "pinned")
    job = running.submit("activations.curve", curve.Params(bias=0.3), live)
    assert running.submit("activations.curve", curve.Params(bias=0.3), pinned) is job and job.watchers == {live, pinned}
    running.unwatch(pinned)
    running.unwatch(pinned)
    assert job.watchers == {live}
    job.wait(20)
    running.close()
