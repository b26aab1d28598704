"""Modes and lecture paths without a browser: what the address says, what the buttons do, and paths across topics."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dlviz import catalog, lessons
from dlviz.lessons import paths
from dlviz.lessons.paths import Path, Step
from dlviz.ui import keys, present
from dlviz.ui.link import Mode
from dlviz.ui.state import Settings
from tests.pages.conftest import ROOT

TOPIC = catalog.find("activations")


def opened(**query: str) -> AppTest:
    """A new viewer's page of Activations at this address."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    app.switch_page("pages/activations.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def address(app: AppTest) -> dict[str, str]:
    """The query parameters as plain text."""
    return {name: value[0] if isinstance(value, list) else value for name, value in app.query_params.items()}


def styles(app: AppTest) -> str:
    """All rules that the page has brought."""
    return "".join(element.proto.body for element in app.get("html") if element.proto.body.startswith("<style>"))


def test_present_and_lock_are_one_rule_each_and_stay_in_the_address() -> None:
    plain, locked, presenting = opened(), opened(lock="1"), opened(present="1")
    assert "display: none !important" not in styles(plain)
    assert styles(locked).count("display: none !important") == styles(presenting).count("display: none !important") == 1
    assert present.CONTROLS in styles(locked) and ".st-key-share" not in styles(locked)
    for app in (locked, presenting):
        assert not app.exception and not app.warning and not app.error
        assert app.button_group(key="activations.curve.functions").value, "a control is not drawn"
        assert app.button_group(key="activations.curve.scene").options
    locked.button_group(key="activations.curve.functions").set_value(["gelu"]).run()
    assert address(locked)["lock"] == "1" and "present" not in address(locked)
    presenting.button(key="leave").click().run()
    assert "present" not in address(presenting) and "display: none !important" not in styles(presenting)
    presenting.button(key="present").click().run()
    assert address(presenting)["present"] == "1"


def test_one_notice_for_each_wrong_mode() -> None:
    app = opened(present="yes", lock="\0", path="<b>", step="3")
    assert [notice.split()[1] for notice in app.warning[0].value.split("\n")] == ["present", "lock", "path"]
    assert "display: none !important" not in styles(app)


def test_a_page_opened_without_a_mode_has_none() -> None:
    app = opened(present="1", path="slopes")
    app.switch_page("pages/home.py").run()
    assert not app.exception
    app.query_params.clear()
    app.switch_page("pages/activations.py").run()
    assert not {"present", "path", "step"} & set(address(app))
    app.session_state["link.mode"], app.session_state["link.seen"] = Mode(present=True), ("another topic", {})
    app.query_params.clear()
    assert "present" not in address(app.run()), "the mode of another topic's page is taken over"


def test_a_path_goes_over_to_the_page_of_another_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one topic yet, so the other page is home; what counts is who is asked for which page with which address."""
    asked: list[tuple[str, dict[str, str]]] = []

    def switch(page: str, query_params: dict[str, str]) -> None:
        asked.append((page, query_params))

    mixed = Path("mixed", "Mixed", "", (Step("activations", "hot"), Step("home", "a"), Step("activations", "cold")))
    monkeypatch.setattr(paths, "load", lambda: {"mixed": mixed})
    app = opened(path="mixed")
    assert app.button(key="path.previous").disabled and "1 of 3" in [element.value for element in app.markdown]
    monkeypatch.setattr(present.st, "switch_page", switch)
    app.button(key="path.next").click().run()
    assert asked == [("pages/home.py", {"path": "mixed", "step": "2"})]
    app = opened(path="mixed", step="3", present="1")
    assert app.session_state["activations.softmax"].temperature == 0.1 and app.button(key="path.next").disabled
    app.button(key="path.previous").click().run()
    assert asked[1:] == [("pages/home.py", {"present": "1", "path": "mixed", "step": "2"})]


@pytest.mark.parametrize(
    "act", [{}, {"to": -1}, {"to": 99}, {"to": "1"}, {"to": None, "present": 1}, {"present": "x"}, {"reset": 1}, {"to": 0.5}]
)
def test_what_a_key_cannot_ask_for_is_passed_over(act: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, Any] = {"activations.view": "curve"}
    monkeypatch.setattr(keys.st, "session_state", state)
    before = dict(state)
    keys.do(Settings(TOPIC, lessons.load("activations")), act)
    assert state == before


def test_zero_without_a_chosen_scene_is_the_view_as_it_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, Any] = {"activations.view": "curve"}
    monkeypatch.setattr(keys.st, "session_state", state)
    settings = Settings(TOPIC, lessons.load("activations"))
    settings.edit({"bias": 1.0})
    keys.do(settings, {"reset": True})
    assert settings.params == type(settings.params)() and settings.mode == Mode()


def test_the_home_page_lists_every_path() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    links = [(link.proto.page, link.proto.query_string, link.proto.label) for link in app.get("page_link")]
    for path in paths.load().values():
        assert any(f"path={path.id}" in query and path.title in label for _, query, label in links), links
        assert path.sentence in [element.value for element in app.markdown]
