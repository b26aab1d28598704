"""The page frame: title, scenes and views, controls, stage, facts, take home. One implementation for every page."""

import html
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from dlviz import catalog, jobs, lessons, runtime
from dlviz.fields import ParameterError
from dlviz.jobs import Job
from dlviz.lessons import PLACEHOLDER, Scene, beside, fill
from dlviz.results import Facts, Result
from dlviz.ui import compare, components, fetching, keys, live, pictures, present, session, takehome
from dlviz.ui.controls import plain_text, show_controls
from dlviz.ui.navigation import enter_by_front_door
from dlviz.ui.state import Settings, touch
from dlviz.zoo.files import MissingWeights

STYLE = Path(__file__).with_name("frame.css")
PATIENCE = 90.0  # seconds a page waits for a short job, saying so
LONG = 110  # characters of a title and its question that still stand on one line with the buttons

log = logging.getLogger("dlviz.ui")


@dataclass(frozen=True)
class Drawing:
    """How a page draws one view: the component and its payload on the stage, its own tabs below, and words for [brackets]."""

    component: str
    figure: Callable[..., bytes]
    tabs: Mapping[str, Callable[[Any, Settings], None]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    grows: bool = False  # a long run: its figure takes a Clip too
    glimpse: Callable[[Any, Any], bytes | None] | None = None  # the answer to what the picture asks while something is held in it
    missing: Callable[[Any], str | None] = lambda params: None  # the model that must be fetched for these settings, or None


def show(slug: str, drawings: Mapping[str, Drawing]) -> None:
    """A whole topic page. `drawings` maps each view ("curve") to how it is drawn."""
    enter_by_front_door()
    runtime.configure_logging()
    st.html(STYLE)
    settings = Settings(catalog.find(slug), lessons.load(slug))
    present.travel()
    pictures.keep_own()
    settings.read_address()
    present.show_style(settings.mode)
    drawing = drawings[settings.view]
    # Places first, in the order of the page; the controls are read before anything that depends on them is drawn.
    header, choices, sentence = (st.container(key=key) for key in ("header", "choices", "sentence"))
    with st.container(key="body"):
        side, main = st.columns([1, 4], gap="medium")
    with side, st.container(key="controls"):
        show_controls(settings)
        compare.show_buttons(settings)
    settings.write_address()
    with header:
        _header(settings)
        keys.listen(settings)
    with choices:
        _scenes_and_views(settings)
    question = _open_question(settings)
    result = pinned = None
    with main, st.container(key="stage"):
        if question is not None:
            _ask(settings, question)
        else:
            result, pinned = _stage(settings, drawing)
    with sentence:
        _guarded(settings, "sentence", lambda: _sentence(settings, result, pinned))
    if result is not None:
        _guarded(settings, "facts", lambda: _facts(settings, result, pinned, drawing))
        with st.container(key="below"):
            _guarded(settings, "part below", lambda: takehome.show(settings, result, drawing.tabs))
    runtime.warm_up_in_background()


def _header(settings: Settings) -> None:
    topic = settings.topic
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        words = present.path_title(settings) or topic.question
        size = ' class="long"' if len(topic.title) + len(words) > LONG else ""
        st.html(f"<h1{size}>{html.escape(topic.title)} <span>· {html.escape(words)}</span></h1>", width="stretch")
        present.show_buttons(settings)
        with st.popover("Share", icon=":material/link:", key="share", width="content"):
            takehome.share(settings)
    if settings.notices:
        st.warning("\n".join(f"- {plain_text(notice)}" for notice in settings.notices), icon=":material/link_off:")


def _scenes_and_views(settings: Settings) -> None:
    """The scenes of the view, one of them marked if the settings are exactly its own, and the topic's views."""
    titles = {scene.id: scene.title for scene in settings.lessons.of(settings.view)}
    key, active = f"{settings.name}.scene", settings.scene()
    settings.mark(key, active)

    def choose() -> None:
        touch()
        if not settings.was_chosen(key):
            return
        scene = settings.lessons.scene(st.session_state[key] or "") or active  # a click on the marked one takes its mark away
        if scene is not None:
            settings.choose(scene)

    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.pills("Scenes", list(titles), format_func=titles.__getitem__, key=key, on_change=choose, label_visibility="collapsed", wrap=True)
        _views(settings)


def _views(settings: Settings) -> None:
    """The topic's views; those behind "more" stand beside the others only while they are shown."""
    key, menu = f"{settings.topic.slug}.view", f"{settings.topic.slug}.views"
    views = {name: settings.lessons.views[name] for name in (full.partition(".")[2] for full in settings.topic.views)}
    behind = [name for name, view in views.items() if view.more and name != settings.view]

    def title(name: str) -> str:
        return views[name].title

    def choose() -> None:
        touch()
        st.session_state[key] = st.session_state[menu]

    with st.container(horizontal=True, vertical_alignment="center", width="content", gap="xsmall", key="views"):
        st.segmented_control(
            "View", [name for name in views if name not in behind], format_func=title, key=key, on_change=touch,
            label_visibility="collapsed", required=True,
        )  # fmt: skip
        if behind:
            st.menu_button("More", behind, format_func=title, key=menu, on_click=choose, type="tertiary")


def _sentence(settings: Settings, result: Result | None, pinned: Result | None) -> None:
    """What to look at: the scene's sentence with its numbers, or the view's own. While a scene asks, it keeps its answer to itself."""
    scene = settings.scene()
    if scene is None or _open_question(settings):
        st.markdown(settings.lessons.views[settings.view].sentence)
    else:
        known = result is not None and (scene.pin is None or pinned is not None)
        st.markdown(fill(scene.sentence, _all_facts(result, pinned)) if known else PLACEHOLDER.sub("…", scene.sentence))


def _all_facts(result: Result | None, pinned: Result | None) -> Facts:
    """The facts of the picture, and those of A beside it."""
    return beside(result.facts() if result else {}, pinned.facts() if pinned else {})


def _open_question(settings: Settings) -> Scene | None:
    """The scene whose question the viewer has neither answered nor skipped."""
    scene = settings.scene()
    asking = st.session_state.get(f"{settings.topic.slug}.asking")
    return scene if scene is not None and scene.ask and scene.id == asking else None


def _ask(settings: Settings, scene: Scene) -> None:
    """The scene's question in the place of the picture, until it is answered or skipped."""
    slug, ask = settings.topic.slug, scene.ask
    assert ask is not None

    def answer(chosen: int | None) -> None:
        touch()
        st.session_state[f"{slug}.asking"] = ""
        st.session_state[f"{slug}.answered"] = (scene.id, chosen)

    with st.container(key="ask"):
        st.subheader(ask.question, anchor=False)
        st.markdown("Decide first, then see.")
        for number, words in enumerate(ask.choices):
            st.button(words, key=f"{scene.id}.choice.{number}", on_click=answer, args=(number,))
        st.button("Skip", key=f"{scene.id}.skip", on_click=answer, args=(None,), type="tertiary")


def _stage(settings: Settings, drawing: Drawing) -> tuple[Result | None, Result | None]:
    """Compute in worker threads, draw here: the live picture, beside what is pinned if something is.

    The results of both; None for what is not there, or still under way.
    """
    started = time.perf_counter()
    key, pin = f"{settings.name}.stage", settings.pin
    live_place, pinned_place = (session.name(), "live"), (session.name(), "pinned")

    def edit(values: dict[str, Any]) -> None:
        touch()
        try:
            settings.edit(values)
        except ParameterError as error:
            st.session_state["stage.refused"] = str(error)
        st.session_state[f"{key}.changed"] = True

    if model := drawing.missing(settings.params) or (pin and drawing.missing(pin)):
        fetching.show_fetch(model)
        return None, None
    job, other = jobs.submit(settings.name, settings.params, live_place), None
    if pin is None:
        jobs.unwatch(pinned_place)
    else:
        other = jobs.submit(settings.name, pin, pinned_place)
    ended = {each: live.soon(each) for each in (job, other) if each} if drawing.grows else {}
    with st.container(key="pair"):
        left = st.container(key="side-a") if other else st.empty()  # B is always the second: pinning does not rebuild it
        right = st.container(key="side-b")
    first, second = compare.differences(settings)
    with right:
        if other:
            compare.show_name("B", second)
        else:
            st.empty()
        side = components.LIVE if other else components.ALONE
        result = _guarded(settings, "picture", lambda: _side(settings, drawing, job, other, ended.get(job), key, edit, side))
    pinned = None
    if other:
        with left:
            compare.show_name("A", first)
            key_of_a = f"{settings.name}.pinned"
            pinned = _guarded(
                settings,
                "picture",
                lambda: _side(settings, drawing, other, job, ended.get(other), key_of_a, lambda values: None, components.PINNED),
            )
    st.session_state["stage.ms"] = (time.perf_counter() - started) * 1000
    if refused := st.session_state.pop("stage.refused", ""):
        st.warning(plain_text(f"{refused} The picture keeps the settings before."))
    return result, pinned


def _side(
    settings: Settings, drawing: Drawing, job: Job, beside: Job | None, ended: bool | None, key: str,
    edit: Callable[[dict[str, Any]], None], side: int,
) -> Result | None:  # fmt: skip
    """One picture, on axes that hold the one beside it too; None while a long run is under way."""

    def draw(payload: bytes) -> None:
        components.draw(drawing.component, payload, key, edit, side)

    def guard(act: Callable[[], None]) -> None:
        _guarded(settings, "picture", act)

    if drawing.grows:
        return live.watch(job, drawing.figure, draw, key, guard, beside, ended)
    picture = st.container()
    result = live.patiently(job, PATIENCE)
    whole = drawing.figure((result, *_finished(beside)))
    with picture:
        if drawing.glimpse is None:
            draw(whole)
        else:
            live.answering(partial(drawing.glimpse, result), whole, draw, key, guard)
    return result


def _finished(job: Job | None) -> tuple[Result, ...]:
    """The job's result; none if it failed, which its own side says."""
    try:
        return (live.patiently(job, PATIENCE),) if job else ()
    except Exception:
        return ()


def _facts(settings: Settings, result: Result, pinned: Result | None, drawing: Drawing) -> None:
    """The measured numbers under the stage, A's beside B's; the answer to a question, and what the numbers mean."""
    facts, view = result.facts(), settings.lessons.views[settings.view]
    of_a = pinned.facts() if pinned else {}
    sides = (of_a, facts) if settings.pin is not None else (facts,)
    entries = "".join(compare.entry([side.get(name) for side in sides]) for name in view.facts)
    st.html(f'<dl class="facts">{entries}</dl>')
    scene, answered = settings.scene(), st.session_state.get(f"{settings.topic.slug}.answered")
    if scene is not None and scene.ask and answered and answered[0] == scene.id and answered[1] is not None:
        verdict = "You were right." if answered[1] == scene.ask.answer else f"You said “{scene.ask.choices[answered[1]]}”."
        with st.container(key="answer"):
            st.markdown(f"**{verdict}** {fill(scene.ask.because, _all_facts(result, pinned))}")
    said = [settings.lessons.diagnose(settings.view, side, drawing.labels) for side in sides]
    named = [f"**{name}**: {words[0]}" for name, words in zip("AB", said, strict=False) if words]
    with st.container(key="diagnosis"):
        st.markdown(" ".join(named if settings.pin is not None else said[0][:2]) or " ")


def _guarded(settings: Settings, part: str, act: Callable[[], Any]) -> Any:
    """What `act` returns. If it fails, this part of the page says so by an id under which the log has the traceback."""
    try:
        return act()
    except (jobs.OverBudget, ParameterError, MissingWeights) as told:
        st.warning(plain_text(str(told)))
        return None
    except Exception:
        failure = secrets.token_hex(4)
        log.exception("failure=%s view=%s part=%s params=%s", failure, settings.name, part, settings.params.for_log())
        st.error(f"The {part} of this view failed ({failure}). The rest of the page goes on; another setting may work.")
        return None
