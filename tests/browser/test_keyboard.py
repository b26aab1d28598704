"""Without a mouse: every control of a page is reached, seen to have the focus, and worked with keys alone."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dlviz import catalog, lessons
from dlviz.compute import resolve
from tests.browser.conftest import Watched, chosen, link_of, readings, settle, wait_until

VIEWS = [name for topic in catalog.TOPICS for name in topic.views]

# What has the focus; and whether what had it before looks different now that it has it no more.
FOCUSED = """() => {
  const look = (x) => {
    const style = getComputedStyle(x);
    return [style.outline, style.boxShadow, style.backgroundColor, style.borderColor, style.opacity].join("|");
  };
  const family = (x) => [x, x.parentElement, x.parentElement?.parentElement].filter(Boolean).map(look).join();
  const before = window.focusedBefore;
  let e = document.activeElement;
  while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
  const nothing = !e || e === document.body;
  const seen = before && (before.element === e || family(before.element) !== before.look);
  window.focusedBefore = nothing ? null : { element: e, look: family(e) };
  if (nothing) return [seen, null];
  const host = e.getRootNode() instanceof ShadowRoot ? e.getRootNode().host : e;
  const key = [...(host.closest("[class*=st-key-]")?.classList ?? [])].find((c) => c.startsWith("st-key-")) ?? "";
  return [seen, {
    key: key.slice(7), tag: e.tagName.toLowerCase(), role: e.getAttribute("role") ?? "", testid: e.dataset?.testid ?? "",
    name: e.getAttribute("aria-label") ?? e.name ?? "", words: (e.innerText ?? "").slice(0, 40).replace(/\\s+/g, " ").trim(),
    in_component: host !== e, region: !e.matches("a, button, input, select, textarea, svg, [role]:not([role=tabpanel], [role=region])"),
  }];
}"""
STILL = "* { transition: none !important; animation: none !important }"


def focused(page: Page) -> dict[str, Any]:
    """What has the focus; {} if nothing has."""
    return page.evaluate(FOCUSED)[1] or {}


def stops(page: Page, key: str = "Tab", most: int = 120) -> list[dict[str, Any]]:
    """Where the focus goes from here, stop by stop, until it leaves the page; each with whether it is `visible`."""
    page.add_style_tag(content=STILL)
    found: list[dict[str, Any]] = []
    for _ in range(most):
        page.keyboard.press(key)
        seen, stop = page.evaluate(FOCUSED)
        if found:
            found[-1]["visible"] = seen
        if stop is None:
            return found
        found.append(stop)
    raise AssertionError(f"the focus never leaves the page: {found[-3:]}")


def go_to(page: Page, key: str, name: str = "", most: int = 70) -> None:
    """Press Tab until the focus is in what is drawn under this key (and has this name)."""
    wanted = key.replace(".", "-")
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = focused(page)
        if stop and stop["key"] == wanted and name in (stop["name"] or stop["words"]) and "Help" not in stop["name"]:
            return
    raise AssertionError(f"Tab does not reach {key} {name}")


@pytest.mark.parametrize("view", VIEWS)
def test_tab_reaches_everything_both_ways_and_shows_where_it_is(visitor: Watched, view: str) -> None:
    slug, _, short = view.partition(".")
    page = visitor.open(f"{slug}?view={short}")
    forth = stops(page)
    keys = [stop["key"] for stop in forth]
    for part in ["share", f"{slug}-view", f"{slug}-{short}-scene"]:
        assert part in keys, f"Tab does not reach {part}"
    specs = resolve(view)[0].specs()
    for name, spec in specs.items():
        if not (spec.stage or spec.more or spec.when):
            assert f"{slug}-{short}-{name}" in keys, f"Tab does not reach the control {name}"
    if any(spec.more for spec in specs.values()):
        assert f"{slug}-{short}-more" in keys
    assert any(stop["testid"].startswith("stTopNav") for stop in forth), "Tab does not reach the navigation"
    components = page.get_by_test_id("stMain").get_by_test_id("stBidiComponentIsolated")
    inside = components.locator("input:enabled, button:enabled:not([tabindex='-1']), select, [tabindex='0']").locator("visible=true")
    radios = inside.locator("xpath=self::input[@type='radio']").count()
    assert sum(stop["in_component"] for stop in forth) == inside.count() - max(0, radios - 1), "part of the picture is not reached"
    assert any(stop["role"] == "tab" for stop in forth), "Tab does not reach the tabs below"
    unseen = [stop for stop in forth if not stop["visible"] and not stop["region"]]
    same = ("key", "tag", "in_component")
    back = stops(page, "Shift+Tab")
    assert {tuple(stop[k] for k in same) for stop in back} == {tuple(stop[k] for k in same) for stop in forth}, "Shift+Tab goes elsewhere"
    assert not unseen, f"the focus cannot be seen on {[(s['tag'], s['key'], s['name'] or s['words']) for s in unseen]}"


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_navigation_scenes_and_views_work_by_keys(visitor: Watched, topic: catalog.Topic) -> None:
    said = lessons.load(topic.slug)
    page = visitor.open("")
    for _ in range(12):
        page.keyboard.press("Tab")
        stop = focused(page)
        if stop and stop["tag"] == "a" and topic.title in stop["words"]:
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{topic.slug}")
    settle(page)
    front, *others = (name.partition(".")[2] for name in topic.views)
    scenes = said.of(front)
    go_to(page, f"{topic.slug}.{front}.scene")
    for _ in scenes[1:]:
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    settle(page)
    assert chosen(page, f"{topic.slug}.{front}.scene") == [scenes[-1].title]
    if others:
        go_to(page, f"{topic.slug}.view")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Space")
        settle(page)
        assert link_of(page).view == others[0]
    go_to(page, "share")
    page.keyboard.press("Enter")
    page.get_by_test_id("stPopoverBody").wait_for()
    page.keyboard.press("Escape")
    page.get_by_test_id("stPopoverBody").wait_for(state="detached")


def test_the_curves_work_by_keys(visitor: Watched) -> None:
    page = visitor.open("activations")
    go_to(page, "activations.curve.functions")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    wait_until(page, lambda: "step" in chosen(page, "activations.curve.functions"), "the function chosen by key")
    go_to(page, "activations.curve.expression")
    page.keyboard.type("x**3")
    page.keyboard.press("Enter")
    wait_until(page, lambda: link_of(page).params.as_dict()["expression"] == "x**3", "the typed function in the address")
    go_to(page, "activations.curve.show")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    settle(page)
    assert "curvature" in link_of(page).params.as_dict()["show"]
    go_to(page, "activations.curve.more")
    page.keyboard.press("Enter")
    page.get_by_test_id("stPopoverBody").wait_for()
    go_to(page, "activations.curve.more_functions")
    page.keyboard.press("Space")
    wait_until(page, lambda: link_of(page).params.as_dict()["more_functions"] == ("hard_sigmoid",), "one more function")
    settle(page)
    go_to(page, "activations.curve.span")
    page.keyboard.press("ArrowRight")
    settle(page)
    go_to(page, "activations.curve.precision")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    settle(page)
    assert (link_of(page).params.as_dict()["span"], link_of(page).params.as_dict()["precision"]) == (7, "float32")
    page.keyboard.press("Escape")
    page.get_by_test_id("stPopoverBody").wait_for(state="detached")
    go_to(page, "activations.curve.stage", "Curves of")
    before = float(readings(page)["x"])
    for key in ("ArrowRight", "PageUp", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    assert float(readings(page)["x"]) == pytest.approx(before + 1.09)
    page.keyboard.press("Home")
    assert float(readings(page)["x"]) == -7
    page.keyboard.press("Escape")
    assert float(readings(page)["x"]) == before
    go_to(page, "activations.curve.stage", "focus")
    page.keyboard.press("ArrowDown")
    wait_until(page, lambda: link_of(page).params.as_dict()["focus"] == "sigmoid", "the next function marked")
    settle(page)
    go_to(page, "activations.curve.stage", "bias")
    page.keyboard.press("ArrowLeft")
    wait_until(page, lambda: link_of(page).params.as_dict()["bias"] == -0.1, "the bias in the address")
    go_to(page, "activations.curve.stage")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert started.value.suggested_filename == "dlviz-activations.png"


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_what_one_takes_home_works_by_keys(visitor: Watched, topic: catalog.Topic) -> None:
    view = topic.views[-1]
    page = visitor.open(f"{topic.slug}?view={view.partition('.')[2]}")
    go_to(page, f"{view}.home")
    while page.get_by_role("tab", name="Maths").get_attribute("aria-selected") != "true":  # a view's own tabs come before
        page.keyboard.press("ArrowRight")
        settle(page)
        # What is shown for the first time, such as a formula, Streamlit loads, and takes the tabs and the focus away until it is here.
        page.locator(f".st-key-{view.replace('.', '-')}-home [role=tab][aria-selected=true]").focus()
    for tab, files in (("Code", (".py", ".ipynb")), ("Data", (".npz",))):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        settle(page)  # what stands in a tab is made when it is opened
        for ending in files:
            page.get_by_role("tab", name=tab).focus()
            for _ in range(6):
                page.keyboard.press("Tab")
                if focused(page).get("words") == ending:
                    break
            with page.expect_download() as started:
                page.keyboard.press("Enter")
            assert started.value.suggested_filename == f"dlviz-{view.replace('.', '-')}{ending}"
        page.get_by_role("tab", name=tab).focus()
    for tab in ("Try this", "References"):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
