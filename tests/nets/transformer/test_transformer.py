"""Whole networks: what comes later changes nothing, looking changes nothing, and what is switched off adds nothing."""

import pytest
import torch

from dlviz.nets.transformer import gpt
from dlviz.nets.transformer.base import Transformer
from dlviz.nets.transformer.bert import sentence_vector
from dlviz.nets.transformer.changes import Changes
from dlviz.nets.transformer.generate import generate
from dlviz.nets.transformer.layer import Memory
from dlviz.nets.transformer.trace import PARTS, first_layer, outputs, trace
from tests.nets.transformer import tiny

NETWORKS = tiny.networks()
DECODERS = [name for name in NETWORKS if NETWORKS[name].causal]
each = pytest.mark.parametrize("network", NETWORKS.values(), ids=list(NETWORKS))
each_decoder = pytest.mark.parametrize("network", [NETWORKS[name] for name in DECODERS], ids=DECODERS)


def logits(network: Transformer, text: torch.Tensor, changes: Changes | None = None) -> torch.Tensor:
    """The output (T, n) of a plain pass."""
    with torch.no_grad():
        return network(text[None], changes=[changes] if changes else ())[0]


@each_decoder
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_later_token_never_changes_an_earlier_logit(network: Transformer, dtype: torch.dtype) -> None:
    copy = type(network)(tiny.LLAMA if type(network).__name__ == "Llama" else tiny.GPT).to(dtype)
    copy.load_state_dict(network.state_dict())
    text = tiny.tokens(9)[0]
    for place in range(1, 9):
        other = text.clone()
        other[place] = (text[place] + 7) % 50
        before, after = logits(copy, text), logits(copy, other)
        assert torch.equal(before[:place], after[:place]) and not torch.equal(before[place:], after[place:])


def test_in_an_encoder_it_does() -> None:
    text = tiny.tokens(9)[0]
    other = text.clone()
    other[8] = (text[8] + 7) % 50
    assert (logits(NETWORKS["bert"], text)[:8] != logits(NETWORKS["bert"], other)[:8]).any(-1).all()


@each
def test_looking_changes_nothing(network: Transformer) -> None:
    text = tiny.tokens()[0]
    everything = trace(network, text, PARTS)
    assert torch.equal(everything.output, logits(network, text)) and torch.equal(trace(network, text).output, everything.output)
    assert set(everything.parts) == set(PARTS) and set(trace(network, text).parts) == {"attention"}
    with pytest.raises(KeyError, match="There is no \\['key'\\] in a trace"):
        trace(network, text, ["key"])


@each_decoder
def test_the_stream_is_the_sum_of_what_is_added_to_it(network: Transformer) -> None:
    seen = trace(network, tiny.tokens()[0], PARTS)
    added = (seen.parts["attention_adds"] + seen.parts["feed_forward_adds"]).cumsum(0)
    torch.testing.assert_close(seen.parts["stream"][1:], seen.parts["stream"][0] + added, rtol=0, atol=1e-12)
    with torch.no_grad():
        torch.testing.assert_close(network.finish(seen.parts["stream"][-1]), seen.output, rtol=0, atol=1e-12)


@each
def test_two_texts_at_once_are_each_by_itself(network: Transformer) -> None:
    texts = tiny.tokens(texts=2)
    changes = [Changes(heads=((0, 1),)), Changes(feed_forward=(1,), mean=True)]
    with torch.no_grad():
        together = network(texts, changes=changes)
    for text, change, out in zip(texts, changes, together, strict=True):
        torch.testing.assert_close(out, logits(network, text, change), rtol=0, atol=1e-12)


@each_decoder
def test_without_any_sublayer_a_token_is_read_out_as_it_was_embedded(network: Transformer) -> None:
    text, every = tiny.tokens()[0], (0, 1)
    with torch.no_grad():
        expected = network.finish(network.embed(text[None], 0))[0]
    assert torch.equal(logits(network, text, Changes(attention=every, feed_forward=every)), expected)


@each
def test_all_heads_of_a_layer_off_is_attention_off_but_for_the_bias(network: Transformer) -> None:
    heads = tuple((1, head) for head in range(network.heads))
    text, block = tiny.tokens()[0], network.blocks[1]
    parts = trace(network, text, ["attention_adds"], Changes(heads=heads)).parts["attention_adds"][1]
    bias = block.output.bias if block.output.bias is not None else torch.zeros(24, dtype=torch.float64)
    torch.testing.assert_close(parts, bias.expand_as(parts), rtol=0, atol=1e-14)
    assert not trace(network, text, ["attention_adds"], Changes(attention=(1,))).parts["attention_adds"][1].any()


@each
def test_a_sublayer_at_its_mean_adds_the_same_everywhere(network: Transformer) -> None:
    text = tiny.tokens()[0]
    plain = trace(network, text, ["feed_forward_adds"]).parts["feed_forward_adds"][0]
    off = trace(network, text, ["feed_forward_adds"], Changes(feed_forward=(0,), mean=True)).parts["feed_forward_adds"][0]
    torch.testing.assert_close(off, plain.mean(0).expand_as(plain), rtol=0, atol=1e-13)


@each
def test_a_weight_set_to_what_it_is_changes_nothing(network: Transformer) -> None:
    text = tiny.tokens()[0]
    weight = float(trace(network, text).attention[1, 2, 6, 3])
    same, other = (logits(network, text, Changes(weights=((1, 2, 6, 3, w),))) for w in (weight, 1 - weight))
    torch.testing.assert_close(same, logits(network, text), rtol=0, atol=1e-12)
    assert (other[6] - logits(network, text)[6]).abs().max() > 1e-3
    assert not network.causal or torch.equal(other[:6], logits(network, text)[:6])


@each
def test_many_changes_at_once_are_each_by_itself(network: Transformer) -> None:
    text = tiny.tokens()[0]
    changes = [Changes(heads=((layer, head),)) for layer in (1, 0) for head in range(network.heads)]
    changes += [Changes(), Changes(attention=(1,)), Changes(weights=((0, 0, 5, 2, 0.0),))]
    found = list(outputs(network, text, changes, at_once=4))
    assert len(found) == len(changes) and first_layer(Changes(), 2) == 2
    for change, out in zip(changes, found, strict=True):
        torch.testing.assert_close(out, logits(network, text, change)[-1], rtol=0, atol=1e-12)


@each_decoder
def test_the_greedy_text_is_the_same_with_and_without_memory(network: Transformer) -> None:
    text = tiny.tokens(5)[0]
    with_memory, without = (list(generate(network, text, remember=remember)) for remember in (True, False))
    assert [chosen for chosen, _ in with_memory] == [chosen for chosen, _ in without] and len(with_memory) == 64 - 5 + 1
    for (_, a), (_, b) in zip(with_memory, without, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-11)


@each_decoder
def test_changes_hold_while_tokens_are_remembered(network: Transformer) -> None:
    text = tiny.tokens()[0]
    change = Changes(heads=((0, 1),), weights=((1, 0, 2, 1, 0.0), (1, 1, 8, 3, 0.75)))
    memory = Memory()
    with torch.no_grad():
        parts = [network(part[None], changes=[change], memory=memory)[0] for part in text.split([8, 1])]
    torch.testing.assert_close(torch.cat(parts), logits(network, text, change), rtol=0, atol=1e-11)
    with pytest.raises(ValueError, match="all of them in one pass"):
        network(text[None, :1], changes=[Changes(heads=((0, 0),), mean=True)], memory=memory)


@each
def test_one_token_is_enough_none_and_too_many_are_not(network: Transformer) -> None:
    assert trace(network, tiny.tokens(1)[0]).attention.flatten().tolist() == [1.0] * network.layers * network.heads
    for count in (0, 65):
        with pytest.raises(ValueError, match=f"{count} tokens: expected 1 to 64"):
            network(tiny.tokens(count))
    with pytest.raises(ValueError, match="A trace of 513 tokens: expected at most 512"):
        trace(network, tiny.tokens(513)[0])


def test_without_positions_an_unmasked_network_treats_tokens_alike_wherever_they_stand() -> None:
    """Equivariance: shuffle the tokens, and the outputs are shuffled likewise."""
    network = tiny.drawn(type(NETWORKS["bert"])(tiny.BERT))
    network.positions.weight.zero_()
    text, order = tiny.tokens()[0], torch.tensor([3, 1, 4, 0, 8, 5, 2, 6, 7])
    torch.testing.assert_close(logits(network, text[order]), logits(network, text)[order], rtol=0, atol=1e-12)


def test_rotary_positions_make_scores_depend_on_distance_alone() -> None:
    """The same token everywhere: in the first layer all scores at one distance are equal."""
    scores = trace(NETWORKS["llama"], torch.full((9,), 3), ["scores"]).parts["scores"][0]
    for distance in range(-8, 9):
        diagonal = scores.diagonal(distance, 1, 2)
        torch.testing.assert_close(diagonal, diagonal[:, :1].expand_as(diagonal), rtol=0, atol=1e-10)
    assert (scores[:, 5, 5] - scores[:, 5, 2]).abs().min() > 1e-3


def test_a_sentences_vector_has_length_one() -> None:
    vector = sentence_vector(trace(NETWORKS["bert"], tiny.tokens()[0]).output)
    assert vector.shape == (24,) and float(vector.norm()) == pytest.approx(1, abs=1e-12)


def test_an_untrained_gpt_finds_all_tokens_about_as_likely() -> None:
    network = gpt.new(gpt.Config(), torch.Generator().manual_seed(0)).eval()
    surprise = -torch.log_softmax(logits(network, torch.arange(40)), -1).mean()
    assert float(surprise) == pytest.approx(torch.tensor(2048.0).log().item(), abs=0.05)
    assert sum(p.numel() for p in network.parameters()) == 3_111_936
