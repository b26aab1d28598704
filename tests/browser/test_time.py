"""Through time in a browser: the lines grow and can be read by pointer and keyboard, the strips are painted, three cells are compared."""

from tests.browser.conftest import Watched, settle

ROOT = "document.querySelector('.st-key-stage [data-testid=stBidiComponentIsolated]').shadowRoot"
PLAYER = f"{ROOT}.querySelector('.player').player"
SHORT = "gradients?view=time&length=12&hidden=4&steps=20&batch_size=4"


def readings(visitor: Watched) -> list[str]:
    found: list[str] = visitor.page.evaluate(f"[...{ROOT}.querySelectorAll('text.reading')].map((e) => e.textContent)")
    return found


def test_the_pointer_and_the_arrows_read_the_lines_at_one_step(visitor: Watched) -> None:
    page = visitor.open(f"{SHORT}&cell=lstm")
    assert readings(visitor) == ["∂L/∂c", "∂L/∂h", "forget gates alone", ""]
    stage = page.locator("svg.main")
    stage.focus()
    page.keyboard.press("Home")
    spoken = stage.get_attribute("aria-valuetext") or ""
    value = page.evaluate(f"10 ** {PLAYER}.frames.at(-1).lines[0]")
    assert spoken.startswith("t = 1: ∂L/∂c") and stage.get_attribute("aria-valuenow") == "1"
    shown = float(readings(visitor)[0].split()[-1]) if "10" not in readings(visitor)[0].split()[-1] else value
    assert abs(shown - value) <= 0.01 * value and readings(visitor)[-1] == "t = 1"
    page.keyboard.press("ArrowRight")
    assert readings(visitor)[-1] == "t = 2"
    box = stage.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 12, box["y"] + box["height"] / 2)
    assert readings(visitor)[-1] == "t = 12" and readings(visitor)[0] == "∂L/∂c 1"


def test_scrubbing_redraws_lines_and_strips_without_a_word_to_the_server(visitor: Watched) -> None:
    page = visitor.open(f"{SHORT}&cell=gru&learning_rate=0.1")
    state = f"[{ROOT}.querySelector('svg.main path.line').getAttribute('d'), {ROOT}.querySelector('.strips canvas').toDataURL()]"
    sent = page.evaluate("window.sentAt")
    page.locator(".scrub").focus()
    seen = []
    for key in ("Home", "End"):
        page.keyboard.press(key)
        seen.append(page.evaluate(state))
    assert seen[0][0] != seen[1][0] and seen[0][1] != seen[1][1] and page.evaluate("window.sentAt") == sent
    assert page.locator(".strips canvas").count() == 2


def test_three_cells_stand_in_one_picture_with_their_lengths(visitor: Watched) -> None:
    page = visitor.open(f"{SHORT}&cell=all")
    assert readings(visitor) == ["RNN: ∂L/∂h", "LSTM: ∂L/∂c", "GRU: ∂L/∂h", ""]
    assert page.locator(".distance circle").count() == 3 * 6 and page.locator(".strips").count() == 0


def test_the_stage_ends_within_the_window_and_a_pair_is_on_one_axis(visitor: Watched) -> None:
    page = visitor.open("gradients?view=time&length=30&steps=10&pin=radius%3D0.5")
    settle(page)
    box = page.locator(".st-key-stage").bounding_box()
    assert box and box["y"] + box["height"] <= 720
    ticks = page.evaluate(
        "[...document.querySelectorAll('.st-key-stage [data-testid=stBidiComponentIsolated]')]"
        ".map((e) => [...e.shadowRoot.querySelectorAll('svg.main text.quiet')].map((t) => t.textContent).join())"
    )
    assert len(ticks) == 2 and ticks[0] == ticks[1]
