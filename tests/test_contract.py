"""Undocumented facts of Streamlit that dlviz leans on, one small test each: after an upgrade these say what has changed.

Those that need a browser stand in tests/browser/: the deep link to a fresh server (test_links), the test ids and the
state attributes of the app (conftest), bytes as top-level component data (test_stage).
"""

import inspect
from pathlib import Path

import streamlit as st
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[1]


def test_a_css_file_given_to_st_html_becomes_a_style_element() -> None:
    """dlviz/ui/frame.css holds bare rules; Streamlit wraps a path that ends in .css."""

    def script() -> None:
        import streamlit as st

        from dlviz.ui.frame import STYLE

        st.html(STYLE)

    app = AppTest.from_function(script, default_timeout=30).run()
    assert app.get("html")[0].proto.body.startswith("<style>")


def test_component_text_with_a_line_break_is_not_taken_for_a_path() -> None:
    folder = ROOT / "dlviz/ui/components"
    for path in [*folder.glob("*.js"), *folder.glob("*.css")]:
        assert "\n" in path.read_text(encoding="utf-8").strip(), f"{path.name} would be taken for a path"


def test_query_parameters_read_back_as_they_were_written() -> None:
    """The session recognises its own address by comparing dictionaries."""

    def script() -> None:
        import streamlit as st

        written = {"v": "1", "text": "x + 1 & y%20", "empty": "", "list": "a,b"}
        st.query_params.from_dict(written)
        st.markdown(str(st.query_params.to_dict() == written))

    assert AppTest.from_function(script, default_timeout=30).run().markdown[0].value == "True"


def test_a_widgets_key_can_be_set_before_it_is_drawn_and_its_callback_runs_first() -> None:
    def script() -> None:
        import streamlit as st

        if "choice" not in st.session_state:
            st.session_state["choice"] = "b"

        def chosen() -> None:
            st.session_state["seen"] = st.session_state["choice"]

        st.markdown(f"{st.session_state.get('seen')} {st.session_state['choice']}")
        st.segmented_control("Choice", ["a", "b"], key="choice", on_change=chosen, required=True)

    app = AppTest.from_function(script, default_timeout=30).run()
    assert app.markdown[0].value == "None b"
    app.segmented_control(key="choice").set_value("a").run()
    assert app.markdown[0].value == "a a"


def test_control_flow_exceptions_are_not_ordinary_ones() -> None:
    """The frame catches Exception; a rerun or a stop must pass through."""
    from streamlit.runtime.scriptrunner_utils.exceptions import RerunException, StopException

    assert not issubclass(StopException, Exception) and not issubclass(RerunException, Exception)


def test_the_commands_we_use_still_take_the_arguments_we_give() -> None:
    wanted = {
        st.pills: {"selection_mode", "wrap", "key", "on_change", "label_visibility"},
        st.segmented_control: {"required", "key", "on_change"},
        st.container: {"horizontal", "horizontal_alignment", "vertical_alignment", "key"},
        st.download_button: {"on_click"},
        st.altair_chart: {"alt", "key"},
        st.popover: {"icon", "key", "width"},
        st.tabs: {"key"},
    }
    for command, arguments in wanted.items():
        assert arguments <= set(inspect.signature(command).parameters), command


def test_the_hidden_options_of_our_config_still_exist() -> None:
    """Streamlit ignores options it does not know; these keep a page connected under quick clicks, and the first start quiet."""
    from streamlit import config

    options = config.get_config_options(force_reparse=True)
    assert options["global.maxCachedMessageAge"].value == 1000
    assert options["server.showEmailPrompt"].value is False
