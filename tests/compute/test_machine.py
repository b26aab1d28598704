"""The whole machine: what is read early, who writes what, and that all shares add up to the score."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch

from dlviz.compute import language
from dlviz.compute.attention import machine
from dlviz.compute.attention.lens import lens
from dlviz.compute.attention.machine import STATIONS, Params, Result
from dlviz.compute.attention.writing import by_heads, said, strongest, weights, written
from dlviz.fields import ParameterError
from dlviz.lessons import Scene
from dlviz.nets.transformer import llama
from dlviz.nets.transformer.base import empty
from dlviz.nets.transformer.changes import Changes
from dlviz.nets.transformer.decoder import Decoder
from dlviz.nets.transformer.trace import PARTS, trace
from dlviz.zoo import language as zoo
from tests.conftest import SCENES
from tests.nets.transformer import tiny

NETWORKS = {name: network for name, network in tiny.networks().items() if isinstance(network, Decoder)}
each = pytest.mark.parametrize("network", NETWORKS.values(), ids=list(NETWORKS))
MACHINES = [scene for scene in SCENES if scene.view == "machine"]
TEXT = tiny.tokens()[0]
SMALL = Params(text="Emma was a young lady of great", model="austen")


@pytest.fixture(scope="module")
def small() -> Result:
    return machine.compute(SMALL)


@each
def test_read_early_is_the_network_whose_later_blocks_add_nothing(network: Decoder) -> None:
    found = lens(network, trace(network, TEXT, ["stream"]).parts["stream"])
    for layer in range(network.layers + 1):
        rest = tuple(range(layer, network.layers))
        logits = trace(network, TEXT, changes=Changes(attention=rest, feed_forward=rest)).output
        chances = logits.softmax(-1)
        torch.testing.assert_close(found.probabilities[layer], chances.sort(descending=True).values[:, :5])
        torch.testing.assert_close(chances.gather(1, found.tokens[layer]), found.probabilities[layer])
        for token, wanted in enumerate(found.final):
            order = logits[token].argsort(descending=True).tolist()
            assert found.rank[layer, token] == order.index(wanted) + 1
            assert found.of_final[layer, token] == pytest.approx(chances[token, wanted].item())
    assert (found.rank[-1] == 1).all() and torch.equal(found.final, found.tokens[-1, :, 0])


@each
def test_the_shares_of_all_that_is_written_are_the_score(network: Decoder) -> None:
    seen = trace(network, TEXT, PARTS)
    last = seen.parts["stream"][-1]
    for token in (0, 8):
        answer = torch.tensor([3, 41])
        parts = torch.cat([seen.parts["stream"][:1], seen.parts["attention_adds"], seen.parts["feed_forward_adds"]])[:, token]
        shares = said(network, parts[:, None], last[token], answer).sum(0)
        bias = getattr(network.norm, "bias", None)
        constant = 0 if bias is None else network.embedding(answer) @ bias
        torch.testing.assert_close(shares + constant, seen.output[token, answer])


@each
def test_what_heads_and_units_add_is_what_their_layer_adds(network: Decoder) -> None:
    seen = trace(network, TEXT, PARTS)
    for layer in range(network.layers):
        block = network.blocks[layer]
        heads = by_heads(network, seen.parts, layer, 5)
        assert heads.shape[0] == network.heads
        torch.testing.assert_close(heads.sum(0) + _bias(block.output), seen.parts["attention_adds"][layer, 5])
        units = strongest(network, seen.parts["hidden"][layer, 5], layer, block.down.weight.shape[1])
        torch.testing.assert_close(units.adds.sum(0) + _bias(block.down), seen.parts["feed_forward_adds"][layer, 5])
        lengths = units.adds.norm(dim=1)
        assert (lengths.diff() <= 1e-12).all() and sorted(units.numbers.tolist()) == list(range(len(lengths)))


def _bias(linear: torch.nn.Module) -> torch.Tensor | float:
    return 0.0 if linear.bias is None else linear.bias


@each
def test_without_a_head_the_stream_lacks_what_it_adds(network: Decoder) -> None:
    """In the last layer nothing comes after attention that could make up for it but its feed-forward layer, which is off too."""
    last = network.layers - 1
    before = trace(network, TEXT, PARTS, Changes(feed_forward=(last,)))
    for head in range(network.heads):
        after = trace(network, TEXT, ["stream"], Changes(heads=((last, head),), feed_forward=(last,))).parts["stream"][-1]
        torch.testing.assert_close(before.parts["stream"][-1, 7] - after[7], by_heads(network, before.parts, last, 7)[head])


@each
def test_what_a_direction_raises_most_is_found_among_all_tokens(network: Decoder) -> None:
    last = trace(network, TEXT, ["stream"]).parts["stream"][-1, 2]
    directions = torch.randn(3, 24, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    tokens, scores = written(network, directions, last, 4)
    for row, direction in enumerate(directions):
        every = torch.stack([said(network, direction, last, torch.tensor(token)) for token in range(50)])
        assert tokens[row].tolist() == every.argsort(descending=True)[:4].tolist()
        torch.testing.assert_close(scores[row], every.sort(descending=True).values[:4])


def test_the_small_machine_is_the_model(small: Result) -> None:
    found = language.model("austen")
    text = found.read(SMALL.text)
    with torch.no_grad():
        logits = found.network(torch.tensor([text.ids]))[0].double()
    assert small.ids == text.ids and small.token == len(text) - 1 and small.layer == 5
    np.testing.assert_allclose(small.chances, logits[-1].softmax(-1).topk(10).values, rtol=1e-5)
    np.testing.assert_allclose(np.exp(small.scores - small.total), small.chances, rtol=1e-5)
    assert [small.words[number] for number in small.scored] == [found.text([int(i)]) for i in logits[-1].topk(10).indices]
    assert [small.words[number] for number in small.final] == [found.text([int(i)]) for i in logits.argmax(-1)]
    np.testing.assert_array_equal(small.rank[-1], 1)
    assert not np.triu(small.maps, 1).any() and small.maps.shape == (6, 6, len(text), len(text))
    shares = small.adds.sum((0, 1)) + small.starts
    constant = small.score - shares  # what the bias of the last norm says of each column's answer
    with torch.no_grad():
        norm, embedding = found.network.norm, found.network.embedding.weight
        np.testing.assert_allclose(constant, (embedding[logits.argmax(-1)] @ norm.bias).numpy(), atol=1e-4)
    np.testing.assert_allclose(small.stream[0] + small.stream[1] + small.stream[2], small.stream[3], atol=1e-5)


def test_weights_are_counted_once(small: Result) -> None:
    assert sum(small.weights) == sum(parameter.numel() for parameter in language.model("austen").network.parameters())
    counted = weights(cast(Decoder, empty(llama.Llama, llama.Config())))
    width, inner, shared, layers = 576, 1536, 192, 30  # of SmolLM2-135M (Allal et al. 2025)
    assert counted[:3] == (49152 * width, layers * 2 * width * (width + shared), layers * 3 * width * inner)
    assert counted[3] == (2 * layers + 1) * width and sum(counted) == 134_515_008


def test_later_words_change_nothing_before(small: Result) -> None:
    longer = machine.compute(replace(SMALL, text=f"{SMALL.text} beauty and" + " very" * 40, token=7))
    length = len(small.pieces)
    assert len(longer.pieces) == machine.MOST_TOKENS < longer.tokens
    np.testing.assert_array_equal(longer.rank[:, :length], small.rank)
    np.testing.assert_allclose(longer.adds[:, :, :length], small.adds, atol=1e-4)
    assert longer.token == 6 and [longer.words[i] for i in longer.scored] == [small.words[i] for i in small.scored]


def test_layers_and_tokens_that_are_not_there_mean_the_last(small: Result) -> None:
    assert machine.compute(replace(SMALL, layer=30, token=32)).stream.tolist() == small.stream.tolist()
    third = machine.compute(replace(SMALL, layer=3, token=2))
    assert (third.layer, third.token) == (2, 1) and third.stream.tolist() != small.stream.tolist()


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_without_a_word_there_is_nothing_to_read(text: str) -> None:
    with pytest.raises(ParameterError, match="a word at least"):
        Params(text=text)


def test_without_the_model_what_was_recorded_does_for_every_station(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoo, "is_here", lambda name: False)
    for station in STATIONS:
        params = Params(station=station)
        found = machine.compute(params)
        assert machine.missing(params) is None and found.recorded and found.params == params
    assert machine.missing(Params(layer=3)) == machine.missing(Params(text="My own words")) == "smollm2"


def test_one_token_is_enough() -> None:
    found = machine.compute(Params(text="a", model="austen"))
    assert len(found.pieces) == 1 and found.facts()["first_longer"].value is None
    np.testing.assert_array_equal(found.maps, 255)


@pytest.mark.parametrize("scene", MACHINES, ids=lambda scene: scene.id)
def test_the_layer_from_which_on_it_is_likeliest_is_read_off_the_ranks(scene: Scene, result_of: Callable[[Scene], Result]) -> None:
    result = result_of(scene)
    ranks = result.rank[:, result.token].tolist()
    decided = result.facts()["decided"].value
    assert decided is not None and set(ranks[int(decided) :]) == {1} and (decided == 0 or ranks[int(decided) - 1] > 1)


def test_what_sentences_name_is_what_the_results_have(result_of: Callable[[Scene], Result]) -> None:
    """The tokens, heads and units that scenes name."""
    named = {scene.id: result_of(scene) for scene in MACHINES}

    def answer(result: Result) -> str:
        return result.words[result.final[result.token]].strip()

    assert answer(named["stations"]) == answer(named["knows_late"]) == answer(named["who_writes"]) == "Paris"
    opened = named["stations"]
    assert (opened.layer, int(opened.head_adds.argmax())) == (23, 4)
    row = opened.maps[23, 4, -1]
    assert opened.pieces[int(row.argmax())].strip() == "France"
    early = named["knows_late"]
    said_before = [early.words[i] for i in early.lens[12:29, early.token, 0]]
    assert set(said_before) <= {".", " the", " ", ","}, said_before
    assert np.sort(early.adds[1, :, -1])[-3:].sum() == pytest.approx(early.adds[1, -3:, -1].sum())  # the last three are the three largest
    assert answer(named["small_machine"]) == "deal"
    assert answer(named["name_again"]) == "Smith" and "Smith" in named["name_again"].params.text
    copies = named["name_again"]
    most = copies.maps[23, int(copies.head_adds.argmax()), -1]
    assert copies.pieces[int(most.argmax())].strip() == "Smith"
    giant = named["massive"]
    assert (giant.layer, giant.token) == (11, 0) and giant.lengths[12, 0] > 20 * giant.lengths[11, 0]


def test_the_first_vector_grows_whatever_the_text_says(result_of: Callable[[Scene], Result]) -> None:
    for result in (result_of(scene) for scene in MACHINES if scene.params.as_dict()["model"] == "smollm2"):
        assert result.lengths[12:29, 0].min() > 50 * np.median(result.lengths[12:29, 1:])
