"""Models that are not here, on the page: why, in one sentence, once; what can be tried again; and everything else goes on."""

import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dlviz import catalog
from dlviz.compute import foreign
from dlviz.compute.attention.heatmap import Params
from dlviz.zoo import MissingWeights, background
from dlviz.zoo.pip import Progress
from tests.pages.conftest import Visit
from tests.zoo import hubs

TOPIC = catalog.find("attention")
VIEW = "attention.heatmap"
TEXT = "we sat on the bank"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that knows no hub but one that never answers, and whose host allows models of Hugging Face."""
    hubs.use(monkeypatch, tmp_path)
    monkeypatch.setattr(foreign, "_kept", type(foreign._kept)())
    monkeypatch.setattr(background, "_fetches", {})


def ask(visit: Visit, name: str) -> AppTest:
    """A viewer's page that asks for a model of Hugging Face."""
    return visit(TOPIC, "heatmap", Params(model="hub", repository=name, text=TEXT))


def settled(app: AppTest) -> AppTest:
    """The page after its fetch has ended."""
    for _ in range(100):
        if app.warning or drawn(app):
            return app
        time.sleep(0.05)
        app.run()
    raise AssertionError("the fetch has not ended")


def drawn(app: AppTest) -> bool:
    """Whether the picture is on the page."""
    return any(component.proto.component_name == "dlviz.heads" for component in app.get("bidi_component"))


def assert_goes_on(app: AppTest) -> None:
    """Another model's picture, one click away."""
    assert not app.exception and not app.error and not drawn(app)
    app.button_group(key=f"{VIEW}.model").set_value("austen").run()
    assert drawn(app) and not app.warning and not app.info and not app.exception


def test_where_the_host_has_not_allowed_it_the_page_says_so(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DLVIZ_HUB")
    app = ask(visit, "gpt2")
    assert len(app.info) == 1 and "This server takes no models from Hugging Face" in app.info[0].value and not app.warning
    assert_goes_on(app)


def test_without_a_name_it_asks_for_one(visit: Visit) -> None:
    app = ask(visit, "")
    assert len(app.info) == 1 and "Write the name of a model" in app.info[0].value
    assert_goes_on(app)


@pytest.mark.parametrize("name", ["../../etc/passwd", "<img src=x onerror=alert(1)>", "**bold** name", "hf.co/a/b"])
def test_what_is_no_name_gives_advice_and_nothing_of_it_is_rendered(name: str, visit: Visit) -> None:
    app = ask(visit, "")
    app.text_input(key=f"{VIEW}.repository").set_value(name).run()
    assert len(app.warning) == 1
    told = app.warning[0].value
    assert told.startswith("Name on Hugging Face\\: repository is ") and "a name such as gpt2" in told
    assert not any(sign in told.replace(f"\\{sign}", "") for sign in "<*")
    app.text_input(key=f"{VIEW}.repository").set_value("").run()
    assert_goes_on(app)


def test_without_a_network_one_sentence_stays_and_it_can_be_tried_again(visit: Visit) -> None:
    app = settled(ask(visit, "tiny/gpt2"))
    first = background._fetches["hub:tiny/gpt2"]
    assert len(app.warning) == 1 and "huggingface\\.co does not answer" in app.warning[0].value
    assert background._fetches["hub:tiny/gpt2"] is first, "it asks again by itself"
    app.button(key="fetch.hub:tiny/gpt2.again").click().run()
    assert background._fetches["hub:tiny/gpt2"] is not first
    assert_goes_on(settled(app))


@dataclass
class Failing:
    """A fetch that fails between two looks at it."""

    looks: int = 0
    error: MissingWeights | None = None
    progress: Progress = Progress("downloading", 1, 10**6)

    def wait(self, seconds: float) -> bool:
        if self.error:
            raise self.error
        return False

    @property
    def ended(self) -> bool:
        self.looks += 1
        self.error = MissingWeights("It broke off.") if self.looks > 1 else None
        return self.looks > 1


def test_a_fetch_that_fails_while_it_is_looked_at_is_told_and_not_begun_anew(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Failing] = []

    def start(wanted: background.Wanted) -> Failing:
        begun.append(Failing())
        return begun[-1]

    monkeypatch.setattr(background, "start", start)
    app = ask(visit, "tiny/gpt2").run()
    assert len(begun) == 1 and len(app.warning) == 1 and app.warning[0].value.startswith("It broke off\\.")


def test_what_is_in_the_cache_is_drawn_without_a_network(visit: Visit) -> None:
    hubs.put_into_their_cache("tiny/bert", "bert")
    app = settled(ask(visit, "tiny/bert"))
    assert drawn(app) and not app.warning and not app.info and not app.exception and not app.error


def test_what_cannot_be_shown_is_told_where_the_picture_would_be(visit: Visit) -> None:
    folder = hubs.put_into_their_cache("tiny/llama", "llama")
    (folder / "model.safetensors").write_bytes(b"half")
    app = settled(ask(visit, "tiny/llama"))
    assert len(app.warning) == 1 and app.warning[0].value.startswith("tiny/llama could not be loaded")
    assert_goes_on(app)
