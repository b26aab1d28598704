"""What it does in the browser: parts are switched by mouse and by key, a weight is typed, and the link says it all."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from dlviz import lessons
from dlviz.compute.attention import effect
from dlviz.compute.attention.effect import Params
from tests.browser.conftest import Watched, address, link_of, picture, settle, wait_until
from tests.fetched import need

SETTINGS = Params(model="austen", text="It is a truth universally acknowledged")


def component(page: Page) -> Locator:
    return page.locator(".st-key-stage .effect")


def cell(page: Page, name: str) -> Locator:
    return component(page).locator(f"rect[data-part='{name}']")


def off(page: Page) -> str:
    found = link_of(page).params
    assert isinstance(found, Params)
    return found.off


def score(page: Page) -> list[float]:
    """The numbers of the line under the bars: logit before, after, its change."""
    said = component(page).locator(".score").inner_text().replace("−", "-")
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", said.split("·")[0])]


def test_a_click_switches_a_part_off_and_on_again(visitor: Watched) -> None:
    page = visitor.open(address("attention.effect", SETTINGS))
    before = score(page)
    assert len(before) == 1
    cell(page, "2.5").click()
    wait_until(page, lambda: off(page) == "2.5", "the head that is off stands in the address")
    cell(page, "f3").click()
    wait_until(page, lambda: off(page) == "2.5 f3", "and so does a sublayer")
    settle(page)
    wanted = effect.look(Params(**(SETTINGS.as_dict() | {"off": "2.5 f3"})))
    found = score(page)
    assert found == pytest.approx([*wanted.score, wanted.score[1] - wanted.score[0]], rel=6e-3) and found[0] == before[0]
    expect(component(page).locator("path.cross:not(.halo)")).to_have_count(2)
    said = component(page).locator(".bar.chosen .number").inner_text()
    chances = [float(part) for part in re.findall(r"[\d.]+", said)]
    assert chances == pytest.approx(100 * wanted.chances[:, wanted.chosen], rel=6e-3)
    component(page).get_by_role("button", name="Switch 2.5 on again").click()
    wait_until(page, lambda: off(page) == "f3", "2.5 is on again")
    component(page).get_by_role("button", name="Everything on, no weight set").click()
    wait_until(page, lambda: off(page) == "", "all is on")
    settle(page)
    assert score(page) == before
    visitor.check()


def test_everything_is_reached_by_keys(visitor: Watched) -> None:
    page = visitor.open(address("attention.effect", Params(**(SETTINGS.as_dict() | {"opened": "2.5"}))))
    grid = component(page).locator(".grid-of-parts")
    grid.focus()
    page.keyboard.press("ArrowDown")
    assert (grid.get_attribute("aria-valuetext") or "").startswith("head 3.5 ")
    page.keyboard.press("Enter")
    wait_until(page, lambda: off(page) == "3.5", "Enter switches a head off")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert (grid.get_attribute("aria-valuetext") or "").startswith("feed-forward of layer 3 ")
    page.keyboard.press("Space")
    wait_until(page, lambda: off(page) == "3.5 f3", "Space a sublayer, and the focus has stayed")
    component(page).locator("svg.map").focus()
    page.keyboard.press("ArrowLeft")
    params = link_of(page).params
    assert isinstance(params, Params)
    wait_until(page, lambda: getattr(link_of(page).params, "looked", 0) > 0, "another token is looked at")
    component(page).locator(".bar").nth(2).focus()
    page.keyboard.press("Enter")
    wait_until(page, lambda: bool(getattr(link_of(page).params, "token", "")), "another token is asked for")
    settle(page)
    visitor.check()


def test_a_weight_is_typed_and_moved_by_arrow_keys(visitor: Watched) -> None:
    params = Params(**(SETTINGS.as_dict() | {"opened": "3.1", "looker": 5, "looked": 3}))
    page = visitor.open(address("attention.effect", params))
    typed, slider = component(page).locator(".edit input[type=number]"), component(page).locator(".edit input[type=range]")
    weight = effect.look(params).pair[0, 4, 2]
    assert float(typed.input_value()) == pytest.approx(weight, abs=6e-3)
    typed.fill("0.8")
    typed.press("Enter")
    wait_until(page, lambda: getattr(link_of(page).params, "weights", "") == "3.1:5>3=0.8", "the weight stands in the address")
    settle(page)
    expect(component(page).locator(".opened h3")).to_contain_text("→ 0.8 ")
    wanted = effect.look(Params(**(params.as_dict() | {"weights": "3.1:5>3=0.8"})))
    assert score(page)[:2] == pytest.approx(list(wanted.score), rel=6e-3)
    slider.focus()
    slider.press("ArrowRight")
    wait_until(page, lambda: getattr(link_of(page).params, "weights", "") == "3.1:5>3=0.81", "an arrow key moves it by a hundredth")
    settle(page)
    component(page).locator(".undo").click()
    wait_until(page, lambda: getattr(link_of(page).params, "weights", "x") == "", "and it can be undone")
    settle(page)
    visitor.check()


def test_pointing_at_a_head_in_the_dots_finds_it_in_the_grid(visitor: Watched) -> None:
    page = visitor.open(address("attention.effect", Params(**(SETTINGS.as_dict() | {"opened": "1.1"}))))
    found = effect.look(SETTINGS)
    expect(component(page).locator(".told")).to_contain_text("head 1.1 ")
    layer, head = (int(place) for place in divmod(int(found.looks.argmax()), 6))
    # the dot of the head that looks most is the rightmost
    dots = component(page).locator("circle.dot")
    boxes = [dots.nth(i).bounding_box() for i in range(dots.count())]
    assert len(boxes) == 36 and all(boxes)
    right = max((box for box in boxes if box), key=lambda box: box["x"])
    page.mouse.move(right["x"] + right["width"] / 2, right["y"] + right["height"] / 2)
    expect(component(page).locator(".told")).to_contain_text(f"head {layer + 1}.{head + 1} ")


def test_a_link_brings_the_same_picture_and_a_wrong_one_is_noticed(visitor: Watched) -> None:
    params = Params(
        **(SETTINGS.as_dict() | {"off": "f2 4.4", "weights": "3.1:5>3=0.8", "shown": "value", "looks": "value", "instead": "mean"})
    )
    link = address("attention.effect", params)
    first = picture(visitor.open(link))
    visitor.page.goto("about:blank")
    assert picture(visitor.open(link)) == first
    page = visitor.open("attention?view=effect&model=austen&text=Yes&off=24&weights=1.1:2%3E1=7&opened=<b>&looked=99&off=x")
    notices = page.get_by_test_id("stAlert").inner_text()
    assert all(field in notices for field in ("off is", "weights is", "opened is", "looked is"))
    expect(component(page).locator(".bar")).not_to_have_count(0)
    visitor.check()


def test_on_a_phone_everything_stands_under_each_other(visitor: Watched) -> None:
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    page = visitor.open(address("attention.effect", SETTINGS))
    boxes = [
        component(page).locator(name).bounding_box() for name in ("section.parts", "section.compared", "section.said", "section.opened")
    ]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    tops = [box["y"] for box in boxes if box]
    assert tops == sorted(tops) and all(box and box["height"] > 100 for box in boxes)
    cell(page, "6.6").click()
    wait_until(page, lambda: off(page) == "6.6", "a tap switches a part off")


def test_a_question_that_left_before_the_answer_to_a_click_does_not_take_it_back(visitor: Watched) -> None:
    """Every message carries the values of all controls: until the browser has heard the answer, the old ones."""
    params = Params(text="Another text that no scene has")
    need(params)
    page, asked, routes = visitor.page, list[bytes](), list[WebSocketRoute]()

    def between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        route.on_message(lambda message: (asked.append(message), server.send(message)))
        server.on_message(lambda message: route.send(message))
        routes.append(server)

    page.route_web_socket(re.compile("_stcore/stream"), between)
    page.goto(f"{visitor.url}/{address('attention.effect', params)}")
    unknown = component(page).locator("rect.unknown")
    wait_until(page, lambda: 0 < unknown.count() < 330, "some effects are known, others are not", 20)
    cell(page, "30.1").click()
    wait_until(page, lambda: off(page) == "30.1", "the part is off")
    late = next(message for each in reversed(asked) if (message := BackMsg.FromString(each)).rerun_script.fragment_id)
    states = {state.id.split(".")[-1]: state for state in late.rerun_script.widget_states.widgets}
    other = next(scene for scene in lessons.load("attention").of("effect") if scene.params.as_dict()["text"] != params.text)
    states["off"].string_value = ""
    states["scene"].string_array_value.data[:] = [other.title]
    late.rerun_script.query_string = page.url.partition("?")[2]
    assert component(page).get_attribute("data-done") == "false"
    routes[-1].send(late.SerializeToString())
    settle(page)
    assert link_of(page).params == replace(params, off="30.1", opened="30.1")


def test_a_click_that_was_lost_is_said_again(visitor: Watched) -> None:
    lost = list[bytes]()

    def between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        first = lambda message: '"off":"2.5"' in str(message) and not lost  # noqa: E731
        route.on_message(lambda message: lost.append(message) if first(message) else server.send(message))

    visitor.page.route_web_socket(re.compile("_stcore/stream"), between)
    page = visitor.open(address("attention.effect", SETTINGS))
    cell(page, "2.5").click()
    wait_until(page, lambda: off(page) == "2.5", "the part is off")
    settle(page)
    assert len(lost) == 1 and len(score(page)) == 3


@pytest.mark.parametrize("by", ["mouse", "finger"])
def test_a_click_is_heard_though_the_picture_is_drawn_anew_under_it(visitor: Watched, by: str) -> None:
    params = Params(text=f"A third text that no scene has, for a {by}")
    need(params)
    page = visitor.page
    page.goto(f"{visitor.url}/{address('attention.effect', params)}")
    unknown = component(page).locator("rect.unknown")
    wait_until(page, lambda: 0 < unknown.count() < 330, "some effects are known, others are not", 20)
    pressed = cell(page, "30.1").element_handle()
    box = pressed.bounding_box()
    assert box
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    browser = page.context.new_cdp_session(page)
    if by == "mouse":
        page.mouse.move(**place)
        page.mouse.down()
    else:
        browser.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
        browser.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [place]})
    wait_until(page, lambda: not pressed.evaluate("part => part.isConnected"), "the picture is drawn anew")
    if by == "mouse":
        page.mouse.up()
    else:
        browser.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wait_until(page, lambda: off(page) == "30.1", "the part is off")
    page.wait_for_timeout(500)
    assert off(page) == "30.1", "one click switches once"


def test_the_picture_is_there_before_every_effect_is_known(visitor: Watched) -> None:
    """Parts can be switched meanwhile: what is known stays known, and the rest comes."""
    params = Params(text="A text that no scene has")
    need(params)
    page = visitor.page
    page.goto(f"{visitor.url}/{address('attention.effect', params)}")
    expect(component(page).locator(".bar")).not_to_have_count(0, timeout=20_000)
    unknown = component(page).locator("rect.unknown")
    wait_until(page, lambda: 0 < unknown.count() < 330, "some effects are known, others are not")
    assert component(page).get_attribute("data-done") == "false"
    left = unknown.count()
    cell(page, "30.1").click()
    wait_until(page, lambda: off(page) == "30.1", "a part is off before the sweep has ended")
    wait_until(page, lambda: len(score(page)) == 3, "and what the model then says is there")
    assert unknown.count() <= left
    settle(page)
    expect(unknown).to_have_count(0)
    assert "rank correlation" in (component(page).locator("svg.main").get_attribute("aria-label") or "")
    visitor.check()
