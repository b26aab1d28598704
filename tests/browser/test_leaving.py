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


def test_home_needs_no_torch() -> None:
    code = "import sys, dlviz.ui.home, dlviz.ui.session, dlviz.ui.navigation; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
