"""Who goes home leaves the run that was under way: it ends, and home needs no torch for that."""

import subprocess
import sys

from tests.browser.conftest import Server, Watched, named, settle, wait_until

LONG = "activations?view=network&widths=32,32,32,32,32,32&points=1000&train_share=0.9&batch_size=14&epochs=300"  # 19,500 steps


def test_going_home_ends_the_run(visitor: Watched, server: Server) -> None:
    page = visitor.page
    page.goto(f"{server.url}/{LONG}")
    growing = page.locator(".st-key-stage .player[data-done=false][data-frames]")
    growing.wait_for(timeout=30_000)

    def ended(how: str) -> int:
        return server.log.read_text().count(f"ended={how}")

    done, cancelled = ended("done"), ended("cancelled")
    page.get_by_test_id("stTopNav").get_by_role("link", name="dlviz").click()
    named(page, "topics").wait_for()
    wait_until(page, lambda: ended("cancelled") == cancelled + 1, "the run has been ended")
    assert ended("done") == done
    settle(page)


def test_after_a_click_elsewhere_a_growing_run_asks_nothing_for_a_while(visitor: Watched, server: Server) -> None:
    """The click may lead to another page, and a question that overtakes its answer leaves an empty page (Streamlit 1.67)."""
    page = visitor.page
    page.goto(f"{server.url}/{LONG}&seed=1")
    page.locator(".st-key-stage .player[data-done=false][data-frames]").wait_for(timeout=30_000)
    page.locator("h1").click()
    clicked = page.evaluate("performance.now()")
    page.wait_for_timeout(1_000)
    assert page.evaluate("sentAt") <= clicked
    wait_until(page, lambda: page.evaluate("sentAt") > clicked + 1_000, "it asks again")
    page.get_by_test_id("stTopNav").get_by_role("link", name="dlviz").click()
    named(page, "topics").wait_for()
    settle(page)


def test_home_needs_no_torch() -> None:
    code = "import sys, dlviz.ui.home, dlviz.ui.session, dlviz.ui.navigation; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
