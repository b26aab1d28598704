"""Folders in the form of transformers: what can be shown is loaded, what cannot is refused in a sentence, and nothing in them is run."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from dlviz.zoo import checkpoint
from dlviz.zoo.checkpoint import Anatomy, examine, load
from dlviz.zoo.files import MissingWeights
from tests.zoo import hubs

SMALL = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 20}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "encoder-decoder": ({"model_type": "t5", "is_encoder_decoder": True}, r"is an encoder with a decoder \(t5\)"),
    "no attention": (
        {"model_type": "mamba", "num_hidden_layers": 2},
        "is a mamba: its config.json names no attention heads, so there are no",
    ),
    "pictures": ({"model_type": "vit", **SMALL}, "is a vit, which is no decoder or encoder of text"),
    "unknown": ({"model_type": "dreams", **SMALL}, "is of no kind that transformers knows here"),
    "no kind": ({}, "is of no kind that transformers knows here"),
    "too deep": ({"model_type": "bert", **SMALL, "num_hidden_layers": 49}, "has 49 layers of 2 heads: at most 48 of 32 are shown"),
    "too many heads": ({"model_type": "llama", **SMALL, "num_attention_heads": 64, "hidden_size": 64}, "has 2 layers of 64 heads"),
    "too large": ({"model_type": "llama", **SMALL, "vocab_size": 100_000_000}, "has 800 million parameters: the most here are 500 million"),
    "far too large": ({"model_type": "gpt2", "n_embd": 10**7, "n_layer": 2, "n_head": 2}, "has 2,400,513,090 million parameters"),
    "quantised": ({"model_type": "llama", **SMALL, "quantization_config": {"quant_method": "awq", "bits": 4}}, "has quantised weights"),
    "impossible": ({"model_type": "bert", **SMALL, "hidden_size": 7}, "cannot be built from what its config.json says"),
}


def config(folder: Path, said: dict[str, Any]) -> Path:
    """A folder with nothing but this config.json."""
    (folder / "config.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_shown_is_refused_by_its_config_alone(name: str, tmp_path: Path) -> None:
    said, sentence = REFUSED[name]
    with pytest.raises(MissingWeights, match=f"^a/b {sentence}") as told:
        examine("a/b", config(tmp_path, said))
    assert str(told.value).endswith(".") and "\n" not in str(told.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"model_type": 3}', "\0"])
def test_a_config_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(MissingWeights, match=r"^a/b is of no kind that transformers knows here; code that a model brings"):
        examine("a/b", tmp_path)


def test_a_config_says_what_it_is(tmp_path: Path) -> None:
    assert examine("x", hubs.write("gpt2", tmp_path / "d")) == Anatomy("gpt2", 3, 2, 32, True, size("gpt2"))
    assert examine("x", hubs.write("llama", tmp_path / "l")) == Anatomy("llama", 3, 2, 64, True, size("llama"))
    assert examine("x", hubs.write("bert", tmp_path / "e", architectures=["BertForMaskedLM"])).decoder is False
    assert examine("x", config(tmp_path, {"model_type": "gpt2", "n_layer": 1})).decoder, "a kind that is never an encoder"


def size(kind: str) -> int:
    """How many parameters the network has, with BERT's pooler if it has one."""
    return sum(parameter.numel() for parameter in hubs.network(kind).parameters())


def test_code_in_a_folder_is_never_run(tmp_path: Path) -> None:
    folder = hubs.write("gpt2", tmp_path / "m", auto_map={"AutoConfig": "evil.C", "AutoModelForCausalLM": "evil.M"}, model_type="evil")
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')", encoding="utf-8")
    with pytest.raises(MissingWeights, match="code that a model brings along is never run"):
        examine("a/b", folder)
    known = hubs.write("gpt2", tmp_path / "n", auto_map={"AutoConfig": "evil.C", "AutoModelForCausalLM": "evil.M"})
    (known / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')", encoding="utf-8")
    load("a/b", known, examine("a/b", known))
    assert not (tmp_path / "ran").exists()


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    folder = hubs.write("gpt2", tmp_path / "m")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(MissingWeights, match=r"^a/b could not be loaded: its weights are damaged, or not those of its config.json\.$"):
        load("a/b", folder, examine("a/b", folder))


def test_what_is_loaded_are_the_weights_in_float32(tmp_path: Path) -> None:
    folder = hubs.write("llama", tmp_path / "m")
    weights = load_file(folder / "model.safetensors")
    save_file({name: value.bfloat16() for name, value in weights.items()}, folder / "model.safetensors", {"format": "pt"})
    network, tokenizer = load("a/b", folder, examine("a/b", folder))
    for name, value in network.state_dict().items():
        if name in weights:
            assert value.dtype == torch.float32 and torch.equal(value, weights[name].bfloat16().float()), name
    assert not network.training and json.loads(tokenizer)["model"]["vocab"]["river"] == 6


@pytest.mark.parametrize("damage", ["half", "others", "lost"])
def test_damaged_weights_are_told(damage: str, tmp_path: Path) -> None:
    folder = hubs.write("gpt2", tmp_path / "m")
    file = folder / "model.safetensors"
    weights = load_file(file)
    if damage == "half":
        file.write_bytes(file.read_bytes()[:500])
    elif damage == "others":
        save_file({name: torch.ones(3) for name in weights}, file, {"format": "pt"})
    else:
        del weights["transformer.h.1.mlp.c_fc.weight"]
        save_file(weights, file, {"format": "pt"})
    sentence = "lacks weights, such as 'transformer.h.1.mlp.c_fc.weight'" if damage == "lost" else "could not be loaded: its weights are"
    with pytest.raises(MissingWeights, match=f"^a/b {sentence}"):
        load("a/b", folder, examine("a/b", folder))


def test_an_encoder_needs_no_pooler(tmp_path: Path) -> None:
    folder = hubs.write("bert", tmp_path / "m")
    assert not any("pooler" in name for name in load_file(folder / "model.safetensors"))
    load("a/b", folder, examine("a/b", folder))


def test_a_model_without_tokenizer_is_told(tmp_path: Path) -> None:
    folder = hubs.write("gpt2", tmp_path / "m")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    with pytest.raises(MissingWeights, match=r"^a/b has no tokenizer that can be read here: it needs a tokenizer.json\.$"):
        load("a/b", folder, examine("a/b", folder))


def test_bounds_are_those_of_the_settings() -> None:
    from dlviz.compute.attention.heatmap import Params

    specs: Any = Params.specs()
    assert (specs["layer"].high, specs["head"].high) == (checkpoint.MOST_LAYERS, checkpoint.MOST_HEADS)
