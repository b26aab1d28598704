"""Models from Hugging Face among the others: what they say is what our own networks say with the same weights, and a few stay in memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, MistralConfig, MistralForCausalLM, PreTrainedModel

from dlviz.compute import foreign
from dlviz.compute.attention import heatmap
from dlviz.compute.attention.heatmap import Params
from dlviz.data.tokens import reader
from dlviz.fields import ParameterError
from dlviz.nets.transformer import bert, gpt, llama
from dlviz.nets.transformer.base import Transformer
from dlviz.nets.transformer.changes import Changes
from dlviz.nets.transformer.foreign import Foreign, NoMaps
from dlviz.nets.transformer.trace import trace
from dlviz.zoo import MissingWeights
from tests.nets.transformer import tiny
from tests.nets.transformer.test_against_transformers import their_bert, their_llama
from tests.zoo import hubs

GPT_PARTS = {"output": "attn.c_proj", "up": "mlp.c_fc", "down": "mlp.c_proj", "norm_attention": "ln_1", "norm_feed_forward": "ln_2"}
TEXT = "we sat on the bank by the river"


def their_gpt(ours: Transformer, config: gpt.Config) -> GPT2LMHeadModel:
    """transformers' GPT-2 with our weights: its maps stand on their sides, queries, keys and values in one."""
    sizes: dict[str, Any] = {"n_embd": config.width, "n_layer": config.layers, "n_head": config.heads, "n_positions": config.context}
    said = GPT2Config(vocab_size=config.vocabulary, activation_function="gelu", attn_implementation="eager", **sizes)
    weights = {"wte.weight": ours.state_dict()["embedding.weight"], "wpe.weight": ours.state_dict()["positions.weight"]}
    weights |= {f"ln_f.{kind}": ours.state_dict()[f"norm.{kind}"] for kind in ("weight", "bias")}
    for number, block in enumerate(ours.blocks):
        for kind in ("weight", "bias"):
            together = torch.cat([getattr(getattr(block, part), kind) for part in ("query", "key", "value")])
            parts = {"attn.c_attn": together} | {theirs: getattr(getattr(block, part), kind) for part, theirs in GPT_PARTS.items()}
            weights |= {f"h.{number}.{name}.{kind}": value.T if value.ndim == 2 else value for name, value in parts.items()}
    theirs = GPT2LMHeadModel(said)
    weights = {f"transformer.{name}": value for name, value in weights.items()} | {"lm_head.weight": weights["wte.weight"]}
    theirs.to(torch.float64).load_state_dict(weights)
    return theirs.eval()


def pairs() -> list[tuple[str, Transformer, PreTrainedModel]]:
    """Our networks and transformers' with the same random weights, in float64."""
    decoder, encoder, small = tiny.drawn(llama.Llama(tiny.LLAMA)), tiny.drawn(bert.Bert(tiny.BERT)), tiny.networks()["gpt"]
    return [
        ("llama", decoder, their_llama(decoder, tiny.LLAMA, torch.float64, "eager")),
        ("bert", encoder, their_bert(encoder, tiny.BERT, torch.float64)),
        ("gpt", small, their_gpt(small, tiny.GPT)),
    ]


@pytest.mark.parametrize(("name", "ours", "theirs"), pairs(), ids=lambda value: value if isinstance(value, str) else "")
def test_patterns_streams_and_output_are_those_of_our_own_networks(name: str, ours: Transformer, theirs: PreTrainedModel) -> None:
    """To float32: transformers' own softmax and norms compute in that, whatever the weights are in."""
    looked_at = Foreign(theirs, ours.layers, ours.heads, ours.context, ours.causal)
    tokens = tiny.tokens(11)[0]
    own, other = trace(ours, tokens, ["stream"]), trace(looked_at, tokens, ["stream", "scores", "queries", "keys"])
    assert set(other.parts) == {"attention", "stream"}, "what it does not say is not made up"
    torch.testing.assert_close(other.attention, own.attention, rtol=0, atol=1e-5, check_dtype=False)
    torch.testing.assert_close(other.output, own.output, rtol=0, atol=2e-3 if name == "llama" else 1e-5, check_dtype=False)
    assert len(other.parts["stream"]) == ours.layers + 1
    torch.testing.assert_close(other.parts["stream"][:-1], own.parts["stream"][:-1], rtol=0, atol=1e-4, check_dtype=False)


def test_what_gives_no_maps_of_all_pairs_is_refused() -> None:
    sizes: dict[str, Any] = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 20}
    _, ours, theirs = pairs()[1]
    with pytest.raises(NoMaps, match="not that of a decoder"):
        Foreign(theirs, ours.layers, ours.heads, ours.context, causal=True)
    with pytest.raises(NoMaps, match="a weight for every pair of tokens in every layer"):
        Foreign(theirs, ours.layers, ours.heads + 1, ours.context, causal=False)
    fused = MistralForCausalLM(MistralConfig(num_key_value_heads=1, attn_implementation="sdpa", **sizes)).eval()
    with pytest.raises(NoMaps, match="a weight for every pair of tokens in every layer"):
        Foreign(fused, 2, 2, 64, causal=True)

    class Half(torch.nn.Module):
        def forward(self, **asked: Any) -> Any:
            given = theirs(**asked)
            given.attentions = tuple(pattern / 2 for pattern in given.attentions)
            return given

    with pytest.raises(NoMaps, match="do not sum to 1"):
        Foreign(Half(), ours.layers, ours.heads, ours.context, causal=False)


def test_nothing_can_be_changed_in_it() -> None:
    _, ours, theirs = pairs()[0]
    looked_at = Foreign(theirs, ours.layers, ours.heads, ours.context, causal=True)
    with pytest.raises(ValueError, match="Nothing can be changed"):
        trace(looked_at, tiny.tokens(5)[0], changes=Changes(heads=frozenset({(0, 0)})))
    with pytest.raises(ValueError, match="expected 1 to"):
        looked_at(torch.zeros(1, ours.context + 1, dtype=torch.long))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without a network that has three small models in the cache of Hugging Face's library."""
    hubs.use(monkeypatch, tmp_path)
    monkeypatch.setattr(foreign, "_kept", type(foreign._kept)())
    for kind in ("gpt2", "llama", "bert"):
        hubs.put_into_their_cache(f"tiny/{kind}", kind)
    yield


@pytest.mark.parametrize("kind", ["gpt2", "llama", "bert"])
def test_a_models_picture_has_its_own_weights_and_its_own_next_word(kind: str, machine: None) -> None:
    """Rows sum to 1, a decoder gives later tokens exactly nothing, and the likeliest next word is that of the model by itself."""
    params = Params(
        model="hub", repository=f"tiny/{kind}", text=TEXT, layer=2, head=2, word="bank", looked="river", other="the bank by the river"
    )
    assert heatmap.missing(params) is None
    result, causal = heatmap.compute(params), kind != "bert"
    pieces = ["[CLS]", *TEXT.split(), "[SEP]"] if kind == "bert" else TEXT.split()
    assert [piece.strip() for piece in result.pieces] == pieces and result.causal is causal and result.opened == (2, 2)
    ids = reader(hubs.tokenizer(kind == "bert").backend_tokenizer.to_str()).encode(TEXT).ids
    own = hubs.network(kind)
    own.set_attn_implementation("eager")
    with torch.no_grad():
        said = own(torch.tensor([ids]), output_attentions=True)
    np.testing.assert_allclose(result.attention, said.attentions[1][0, 1], atol=1e-6)
    np.testing.assert_allclose(result.attention.sum(1), 1, atol=1e-6)
    assert (np.triu(result.attention, 1).sum() == 0) == causal
    assert result.before.size == result.queries.size == result.keys.size == 0 and len(result.cosines) == 4
    if causal:
        likely, numbers = said.logits[0, -1].double().softmax(-1).topk(5)
        np.testing.assert_allclose(result.probabilities, likely, rtol=1e-5)
        assert result.next == tuple(hubs.WORDS[number] for number in numbers)
        assert result.to.max() == 0, "the river comes later"
    else:
        assert result.next == () and result.facts()["next"].value is None and result.to.max() > 0
    assert result.provenance() == f"tiny/{kind} · {len(pieces)} tokens"


def test_the_opened_head_is_the_last_where_there_are_fewer_and_windows_are_as_long_as_the_model_reads(machine: None) -> None:
    result = heatmap.compute(Params(model="hub", repository="tiny/gpt2", text="the bank was " * 20, layer=24, head=6, start=1000))
    assert result.opened == (3, 2) and result.window == (29, 60, 60) and len(result.pieces) == 32
    with pytest.raises(ParameterError, match="^word is 'bank': expected a word among the 32 tokens"):
        heatmap.compute(
            Params(model="hub", repository="tiny/gpt2", text="bank " + "the river " * 20, start=10, word="bank", looked="river")
        )


def test_a_few_models_stay_in_memory(machine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    first = foreign.model("tiny/gpt2")
    foreign.model("tiny/llama")
    assert foreign.model("tiny/gpt2") is first
    foreign.model("tiny/bert")
    assert list(foreign._kept) == ["tiny/gpt2", "tiny/bert"]
    monkeypatch.setattr(foreign, "MOST_PARAMETERS", foreign.size(first.network) + 10)
    foreign.model("tiny/llama")
    assert list(foreign._kept) == ["tiny/llama"]


def test_what_is_not_here_or_not_allowed_is_named_and_told(machine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert heatmap.missing(Params(model="hub", repository="tiny/none")) == "hub:tiny/none"
    with pytest.raises(MissingWeights, match="tiny/none has not been fetched yet"):
        foreign.model("tiny/none")
    assert heatmap.missing(Params(model="hub")) == "hub:"
    monkeypatch.setenv("DLVIZ_HUB", "0")
    assert heatmap.missing(Params(model="hub", repository="tiny/gpt2")) == "hub:tiny/gpt2"
    with pytest.raises(MissingWeights, match="This server takes no models"):
        foreign.model("tiny/gpt2")


def test_a_model_that_fails_when_it_is_asked_is_told(machine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Foreign, "_asked", lambda self, tokens: {}["attentions"])
    with pytest.raises(MissingWeights, match=r"^tiny/gpt2 \(gpt2\) cannot be shown: it fails on a few tokens\.$"):
        foreign.model("tiny/gpt2")
    monkeypatch.setattr(Foreign, "_asked", lambda self, tokens: type("Given", (), {"attentions": (None,) * 3})())
    with pytest.raises(MissingWeights, match=r"^tiny/gpt2 \(gpt2\) cannot be shown: it does not give a weight for every pair of tokens"):
        foreign.model("tiny/gpt2")
