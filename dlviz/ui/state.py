"""A session's settings: read from the address when it changed, from the widgets otherwise, and written back to the address.

Settings live in `st.session_state` under "<slug>.<view>" as Params; each widget's own key is "<slug>.<view>.<field>".
The mode (present, lock, path) belongs to the address alone: a page opened without it has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dlviz.catalog import Topic
from dlviz.compute import resolve
from dlviz.lessons import Lessons, Scene, paths
from dlviz.params import Params
from dlviz.ui.link import Mode, decode, encode

SEEN = "link.seen"  # (slug, query) that this session has read or written last
FORMER = "link.former"  # the queries that it has written before that one
NOTICES = "link.notices"
TOUCHED = "link.touched"
MODE = "link.mode"
CONTROLS = "controls.values"  # {key: value} of the controls as the last whole run has drawn them, or as they were set since
UNHEARD = "controls.unheard"  # {key: value} of those that were set from outside, until the browser shows the address that says so
TOLD = "controls.told"  # that address; None before it is written
MANY = 8  # queries in FORMER: no browser lags further behind
CHOSEN = "scene.chosen"  # and the view's name: the scene that was chosen last


def touch() -> None:
    """Callback of every control: the viewer acted on the page, so an address that lags behind must not undo it.

    The browser sends its address along with every click. If a click comes before the address written by the run
    before it has arrived, that address is old, and reading it would put the old settings back.
    """
    st.session_state[TOUCHED] = True


def set_control(key: str, value: Any) -> None:
    """Give a control this value from outside."""
    st.session_state[key] = value
    st.session_state.setdefault(CONTROLS, {})[key] = value
    st.session_state.setdefault(UNHEARD, {})[key] = value
    st.session_state[TOLD] = None


def put_controls_right() -> None:
    """At the start of every run of a fragment: no control stands in one, so what its message says otherwise of a control is only old.

    Every message carries the values of all controls; one that left before the browser had heard of a new value would take it back.
    """
    for key, value in st.session_state.get(CONTROLS, {}).items():
        if st.session_state.get(key) != value:
            st.session_state[key] = value


def _walked() -> bool:
    """Whether this run was asked for by Back or Forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


@dataclass(frozen=True)
class Settings:
    """One run's reading of a topic's settings."""

    topic: Topic
    lessons: Lessons

    @property
    def view(self) -> str:
        """The view that is shown, without the topic's slug."""
        return str(st.session_state[f"{self.topic.slug}.view"])

    @property
    def name(self) -> str:
        """The view's full name, as in the catalog."""
        return f"{self.topic.slug}.{self.view}"

    @property
    def params(self) -> Params:
        """The last good settings of the view that is shown."""
        stored = st.session_state.get(self.name)
        return stored if isinstance(stored, Params) else resolve(self.name)[0]()

    @property
    def pin(self) -> Params | None:
        """The settings that stand pinned as A beside the view that is shown, or None."""
        return st.session_state.get(f"{self.name}.pin")

    def set_pin(self, pin: Params | None) -> None:
        """Pin these settings as A beside the view that is shown; None unpins."""
        st.session_state[f"{self.name}.pin"] = pin

    @property
    def notices(self) -> tuple[str, ...]:
        """What could not be used of the address."""
        return tuple(st.session_state.get(NOTICES, ()))

    @property
    def mode(self) -> Mode:
        """How the page is shown."""
        return st.session_state.get(MODE, Mode())

    def set_mode(self, **changes: Any) -> None:
        """Change how the page is shown, such as present=True."""
        st.session_state[MODE] = replace(self.mode, **changes)

    def read_address(self) -> None:
        """Take the settings from the address if it is not the one this session has read or written last."""
        query, slug = st.query_params.to_dict(), self.topic.slug
        seen, touched = st.session_state.get(SEEN), st.session_state.pop(TOUCHED, False)
        here = seen is not None and seen[0] == slug and not _walked()
        lags = here and seen[1] != query and (touched or query in st.session_state.get(FORMER, ()))
        if not here or query == st.session_state.get(TOLD):
            st.session_state[UNHEARD] = {}
        else:
            self._keep_unheard(query)
        self._restore_view()
        if lags or seen == (slug, query):
            return
        st.session_state[MODE] = Mode()
        returning = seen is not None and seen[0] != slug and f"{slug}.view" in st.session_state
        if query or not returning:
            link = decode(self.topic, self.lessons, query)
            self.show(link.view, link.params)
            self.set_pin(link.pin)
            st.session_state[NOTICES] = link.notices
            st.session_state[f"{slug}.asking"] = link.scene
            st.session_state[MODE] = link.mode
            self._remember(link.scene or self._scene_of_step())
        st.session_state[SEEN] = (slug, query)

    def mark(self, key: str, scene: Scene | None) -> None:
        """Mark the scene's pill, or none."""
        value = scene.id if scene else None
        if st.session_state.get(key) != value:  # not by the viewer's own click; the address that tells of it is written
            st.session_state[UNHEARD][key] = st.session_state[CONTROLS][key] = value
        st.session_state[key] = value

    def was_chosen(self, key: str) -> bool:
        """Whether the mark on a scene's pill, in a message of the browser, was set by the viewer, and is not just the one that stood there
        before the last answer."""
        context, query = get_script_run_ctx(), st.query_params.to_dict()
        if context is not None and context.fragment_ids_this_run:
            return False  # who clicks it asks for a whole run
        if key not in st.session_state.get(UNHEARD, {}) or query == st.session_state.get(TOLD):
            return True
        marked, link = self.lessons.scene(st.session_state[key] or ""), decode(self.topic, self.lessons, query)
        return marked is None or not (link.view == marked.view and _same(link.params, marked.params))

    def _keep_unheard(self, query: Mapping[str, str]) -> None:
        """Keep what was set from outside, by a scene or an edit of a picture, and the browser had not heard of when it sent this message.

        Every message carries the values of all controls, and the address that the browser shows. A control that has the value of that
        address has not been touched: its value is only old.
        """
        unheard = st.session_state.get(UNHEARD, {})
        if not unheard:
            return
        link, slug = decode(self.topic, self.lessons, query), self.topic.slug
        names = {f"{slug}.{link.view}.{name}": widget_value(getattr(link.params, name)) for name in link.params.specs()}
        for key, old in ({f"{slug}.view": link.view} | names).items():
            if key in unheard and key in st.session_state and st.session_state[key] != unheard[key]:
                if st.session_state[key] == old:
                    st.session_state[key] = unheard[key]
                else:
                    del unheard[key]  # the viewer has changed it meanwhile

    def _restore_view(self) -> None:
        """Streamlit drops the value of a widget while another page is shown; the view that was open is remembered beside it."""
        widget, kept = f"{self.topic.slug}.view", f"{self.topic.slug}.shown"
        if st.session_state.get(widget) is not None:
            st.session_state[kept] = st.session_state[widget]
        elif kept in st.session_state:
            st.session_state[widget] = st.session_state[kept]

    def write_address(self) -> None:
        """Put the settings into the address, unless what stands there already says the same."""
        query = st.query_params.to_dict()
        link = decode(self.topic, self.lessons, query)
        if encode(link.view, link.params, link.mode, link.pin) != (wanted := encode(self.view, self.params, self.mode, self.pin)):
            st.session_state[FORMER] = (*st.session_state.get(FORMER, ()), query)[-MANY:]
            query = wanted
            st.query_params.from_dict(query)
            st.session_state[NOTICES] = ()
        st.session_state[SEEN], st.session_state[TOLD] = (self.topic.slug, query), query
        if scene := self.scene():
            self._remember(scene.id)

    def choose(self, scene: Scene) -> None:
        """Show a scene as it is, its question first. A lecture path that has it goes on from there.

        What the viewer has pinned stays beside a scene that pins nothing; what the scene before has pinned goes with it.
        """
        former, pin = self.chosen(), self.pin
        self.show(scene.view, scene.params)
        if scene.pin is not None or (pin is not None and former is not None and _same(pin, former.pin)):
            self.set_pin(scene.pin)
        self._remember(scene.id)
        st.session_state[f"{self.topic.slug}.asking"] = scene.id
        if self.mode.path:
            self.set_mode(step=paths.load()[self.mode.path].find(self.topic.slug, scene.id) or self.mode.step)

    def _remember(self, scene: str) -> None:
        """Note which scene of its view was chosen last."""
        if found := self.lessons.scene(scene):
            st.session_state[f"{CHOSEN}.{self.topic.slug}.{found.view}"] = scene

    def _scene_of_step(self) -> str:
        step = paths.load()[self.mode.path].step(self.mode.step) if self.mode.path else None
        return step.scene if step else ""

    def chosen(self) -> Scene | None:
        """The scene of the present view that was chosen last, even if its settings have been changed since; or None."""
        return self.lessons.scene(st.session_state.get(f"{CHOSEN}.{self.name}", ""))

    def show(self, view: str, params: Params) -> None:
        """Show a view with these settings: every one of its widgets follows in this or the next run."""
        set_control(f"{self.topic.slug}.view", view)
        st.session_state[f"{self.topic.slug}.shown"] = view
        st.session_state[f"{self.topic.slug}.{view}"] = params
        for name in params.specs():
            set_control(f"{self.topic.slug}.{view}.{name}", widget_value(getattr(params, name)))

    def keep(self, params: Params) -> None:
        """Remember good settings of the view that is shown."""
        st.session_state[self.name] = params

    def edit(self, values: Mapping[str, Any]) -> None:
        """Change some fields of the view that is shown, as when something was dragged in the picture. ParameterError if they are wrong.

        With {"view": name} those of another view of the topic, which is shown from then on. What is no field is passed over.
        """
        view = values.get("view", self.view)
        if f"{self.topic.slug}.{view}" not in self.topic.views:
            return
        kind = resolve(f"{self.topic.slug}.{view}")[0]
        present = self.params if view == self.view else kind()
        known = {name: value for name, value in values.items() if name in kind.specs()}
        self.show(view, kind(**(present.as_dict() | known)))

    def scene(self) -> Scene | None:
        """The scene whose settings, and A's if it pins some, are exactly the present ones; or None."""
        params, pin = self.params, self.pin
        return next(
            (each for each in self.lessons.of(self.view) if _same(params, each.params) and (each.pin is None or _same(pin, each.pin))), None
        )


def _same(one: Params | None, other: Params | None) -> bool:
    """Whether both have the same effect."""
    return (one and one.canonical()) == (other and other.canonical())


def widget_value(value: Any) -> Any:
    """A setting as Streamlit's widgets hold it: several choices are a list."""
    return list(value) if isinstance(value, tuple) else value
