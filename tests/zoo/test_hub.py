"""Models of Hugging Face: only what was asked for, whole or not at all, within bounds, and a sentence for everything that can go wrong."""

import importlib.util
import json
import os
from collections.abc import Callable
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import constants

from dlviz.zoo import background, checkpoint
from dlviz.zoo import hub as zoo
from dlviz.zoo.fetching import cache_folder
from dlviz.zoo.files import MissingWeights
from tests.zoo import hubs
from tests.zoo.hubs import Hub

PATHS = ["../gpt2", "/etc/passwd", "~/models", ".", "..", "a/../b", "a/b/c", "a\\b", "C:/x", "a b", "a--b", "-a", "a."]
PATHS += ["a/", "/a", "ä", "a" * 97, ""]


def take(name: str = "tiny/gpt2") -> list[str]:
    """Fetch the model to the end; what was done for it."""
    return list(dict.fromkeys(progress.doing for progress in zoo.Repository(name).fetch()))


def entries() -> list[str]:
    """What is kept, but for the lock."""
    folder = cache_folder() / "hub"
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock") if folder.exists() else []


@pytest.mark.parametrize("text", PATHS)
def test_a_path_is_no_name_and_is_never_looked_for(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hubs.use(monkeypatch, tmp_path)
    assert not zoo.is_name(text) and not zoo.Repository(text).is_here()
    with pytest.raises(MissingWeights, match=r"^Write the name of a model on huggingface.co, such as gpt2\.$"):
        take(text)


def test_a_folder_of_the_name_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """transformers would take a folder that lies where the server runs."""
    hubs.use(monkeypatch, tmp_path)
    hubs.write("gpt2", tmp_path / "tiny/gpt2")
    monkeypatch.chdir(tmp_path)
    assert zoo.is_name("tiny/gpt2") and not zoo.Repository("tiny/gpt2").is_here()


def test_nothing_is_asked_where_the_host_has_not_allowed_it(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", "0", "yes"):
        monkeypatch.setenv("DLVIZ_HUB", value)
        with pytest.raises(MissingWeights, match=r"^This server takes no models from Hugging Face: .* DLVIZ_HUB=1\.$"):
            take()
    monkeypatch.delenv("DLVIZ_HUB")
    assert not zoo.Repository("tiny/gpt2").is_here() and hub.asked == [] and entries() == []


def test_without_transformers_it_says_how_to_get_it(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "transformers" else find(name))
    with pytest.raises(MissingWeights, match=r"not installed here: run `python -m pip install transformers==[\d.]+`\.$"):
        take()
    assert hub.asked == []


def test_a_model_is_fetched_once_as_nobody_and_only_what_is_read(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_host")
    hub.files["tiny/gpt2"] |= {"pytorch_model.bin": b"x", "run.py": b"x", "onnx/model.onnx": b"x", "README.md": b"x"}
    assert take() == ["asking huggingface.co", "downloading"] and entries() == ["tiny--gpt2"]
    folder = zoo.Repository("tiny/gpt2").folder()
    assert folder and zoo.Repository("tiny/gpt2").is_here()
    assert sorted(file.name for file in folder.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    assert (folder / "model.safetensors").read_bytes() == hub.files["tiny/gpt2"]["model.safetensors"]
    assert set(hub.tokens) == {None}
    asked = len(hub.asked)
    assert take() == [] and len(hub.asked) == asked


def test_in_parts_it_is_here_when_all_parts_are(hub: Hub) -> None:
    files = hub.files["tiny/gpt2"]
    files["model-00001-of-00002.safetensors"] = files.pop("model.safetensors")
    files |= {"model-00002-of-00002.safetensors": b"x", "model.safetensors.index.json": b"{}"}
    take()
    folder = zoo.Repository("tiny/gpt2").folder()
    assert folder
    (folder / "model-00001-of-00002.safetensors").unlink()
    assert zoo.Repository("tiny/gpt2").folder() is None


def test_what_their_library_keeps_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hubs.use(monkeypatch, tmp_path)
    kept = hubs.put_into_their_cache("tiny/bert", "bert")
    assert zoo.Repository("tiny/bert").folder() == kept and take("tiny/bert") == []
    zoo.used(kept)  # which changes nothing there
    (kept / "model.safetensors").unlink()
    assert not zoo.Repository("tiny/bert").is_here()


def gated(hub: Hub) -> None:
    hub.gated.add("tiny/gpt2")


def pickled(hub: Hub) -> None:
    files = hub.files["tiny/gpt2"]
    files["pytorch_model.bin"] = files.pop("model.safetensors")


def without_config(hub: Hub) -> None:
    del hub.files["tiny/gpt2"]["config.json"]


def large(hub: Hub) -> None:
    hub.sizes["model.safetensors"] = 3_000_000_000


def broken(hub: Hub) -> None:
    hub.broken = "model.safetensors"


def damaged(hub: Hub) -> None:
    hub.wrong = "model.safetensors"


def failing(hub: Hub) -> None:
    hub.status = 503


def unknown(hub: Hub) -> None:
    del hub.files["tiny/gpt2"]


def other_kind(hub: Hub) -> None:
    hub.files["tiny/gpt2"]["config.json"] = json.dumps({"model_type": "t5", "is_encoder_decoder": True}).encode()


FAILURES: dict[Callable[[Hub], None], str] = {
    unknown: "Hugging Face shows nobody a model called tiny/gpt2: check how its name is written.",
    gated: "tiny/gpt2 is only given to those who accept its terms on huggingface.co: choose another model.",
    pickled: "tiny/gpt2 has no weights as safetensors; others are pickles, which could run code, and stay closed.",
    without_config: "tiny/gpt2 has no config.json: it is no model in the form that transformers reads.",
    large: "tiny/gpt2 is too large: 3.0 GB, and at most 1.5 GB are fetched.",
    broken: "tiny/gpt2 could not be fetched, because huggingface.co does not answer or broke off: try again with a network.",
    damaged: "What arrived as model.safetensors of tiny/gpt2 is damaged: try again later.",
    failing: "tiny/gpt2 could not be fetched: huggingface.co answered 503.",
    other_kind: "tiny/gpt2 is an encoder with a decoder (t5): only models that are one of the two are shown.",
}


@pytest.mark.parametrize("fail", FAILURES, ids=lambda fail: fail.__name__)
def test_what_goes_wrong_is_one_sentence_and_leaves_nothing(fail: Callable[[Hub], None], hub: Hub) -> None:
    fail(hub)
    with pytest.raises(MissingWeights) as told:
        take()
    assert str(told.value) == FAILURES[fail] and entries() == [] and not zoo.Repository("tiny/gpt2").is_here()
    weights = [path for path in hub.asked if path.endswith("model.safetensors")]
    assert bool(weights) == (fail in (broken, damaged)), "weights are asked for only when everything else is right"


def test_a_gate_that_closes_in_between_is_told_as_one(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object, **__: object) -> str:
        response = type("Response", (), {"status_code": 403, "headers": {}, "request": None})()
        raise huggingface_hub.errors.GatedRepoError("closed", response=response)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", closed)
    with pytest.raises(MissingWeights, match="only given to those who accept its terms"):
        take()


@pytest.mark.parametrize("offline", [False, True], ids=["nobody answers", "HF_HUB_OFFLINE"])
def test_without_a_network_it_says_so(offline: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hubs.use(monkeypatch, tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
    with pytest.raises(MissingWeights, match=r"^tiny/gpt2 could not be fetched, because huggingface.co does not answer or broke off"):
        take()


def test_a_folder_that_cannot_be_written_is_told(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("DLVIZ_CACHE", str(tmp_path / "file"))
    with pytest.raises(MissingWeights, match=r"^tiny/gpt2 could not be kept: Not a directory\.$"):
        take()


def test_those_used_longest_ago_make_room(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tiny/b", "tiny/c"):
        hub.files[name] = hub.files["tiny/gpt2"]
    take("tiny/gpt2")
    one = sum(file.stat().st_size for file in (cache_folder() / "hub/tiny--gpt2").iterdir())
    monkeypatch.setattr(zoo, "MOST_BYTES_KEPT", int(2.5 * one))
    take("tiny/b")
    assert entries() == ["tiny--b", "tiny--gpt2"]
    for name, when in (("tiny--gpt2", 1000), ("tiny--b", 2000)):
        os.utime(cache_folder() / "hub" / name, (when, when))
    zoo.used(cache_folder() / "hub/tiny--gpt2")
    take("tiny/c")
    assert entries() == ["tiny--c", "tiny--gpt2"]


def test_in_the_background_what_failed_is_tried_again(hub: Hub) -> None:
    hub.status = 503
    failed = background.start(zoo.Repository("tiny/gpt2"))
    with pytest.raises(MissingWeights, match="answered 503"):
        failed.wait(20)
    hub.status = 200
    again = background.start(zoo.Repository("tiny/gpt2"))
    assert again is not failed and again.wait(20) and background.start(zoo.Repository("tiny/gpt2")) is again


def test_the_tested_transformers_is_the_one_that_is_named() -> None:
    pins = (Path(__file__).parents[2] / "requirements-dev.txt").read_text(encoding="utf-8")
    assert f"transformers=={checkpoint.TESTED}\n" in pins
