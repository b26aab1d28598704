"""The pretrained models are what they are taken for: transformers gives the same with their weights. Skipped where they cannot be had."""

from functools import cache
from itertools import islice

import pytest
import torch
from torch import Tensor
from transformers.models.bert.modeling_bert import BertModel
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from dlviz.compute import language
from dlviz.nets.transformer import bert, llama
from dlviz.nets.transformer.base import Transformer, empty, ready
from dlviz.nets.transformer.bert import sentence_vector
from dlviz.nets.transformer.generate import generate
from dlviz.nets.transformer.trace import trace
from dlviz.zoo import MissingWeights
from dlviz.zoo.language import fetch
from tests.nets.transformer.test_against_transformers import their_bert, their_llama

SENTENCES = (
    "The capital of France is",
    "Was the bank flooded?",
    "The red car that John bought yesterday broke down on the highway",
    "def add(a, b):\n    return a + b  # 12345",
    "Ein Bär trinkt Tee 🐻, שלום",
)
each_sentence = pytest.mark.parametrize("text", SENTENCES)


@cache
def why_not(name: str) -> str:
    """Why the model cannot be had here; empty if it is here, fetched now if need be."""
    try:
        return "" if fetch(name).wait(300) else f"{name} was not fetched within five minutes"
    except MissingWeights as error:
        return str(error)


def here(name: str) -> language.LanguageModel:
    """The model, or the test is skipped."""
    if why := why_not(name):
        pytest.skip(why)
    return language.model(name)


@cache
def their_smollm2() -> LlamaForCausalLM:
    """transformers' own model with the same weights, in float32."""
    return their_llama(here("smollm2").network, llama.Config(), torch.float32, "eager")


@cache
def in_float32() -> Transformer:
    """SmolLM2 with its weights widened, so that nothing is rounded but by float32."""
    weights = here("smollm2").network.state_dict()
    return ready(empty(llama.Llama, llama.Config()), {name: value.float() for name, value in weights.items()})


@cache
def their_minilm() -> BertModel:
    """transformers' own model with the same weights."""
    return their_bert(here("minilm").network, bert.Config(), torch.float32)


def distance(a: Tensor, b: Tensor) -> float:
    """‖a − b‖ / ‖b‖."""
    return float((a - b).norm() / b.norm())


@each_sentence
def test_smollm2_is_transformers_llama(text: str) -> None:
    """The same in float32 to 1e-4; with bfloat16 weights logits and patterns are within 2 % of that, and no probability is further off."""
    tokens = language.tensor(here("smollm2").read(text))
    with torch.no_grad():
        theirs = their_smollm2()(input_ids=tokens[None], output_attentions=True)
    logits, patterns = theirs.logits[0], torch.cat(theirs.attentions)
    wide, short = trace(in_float32(), tokens), trace(here("smollm2").network, tokens)
    torch.testing.assert_close(wide.output, logits, rtol=0, atol=1e-4)
    torch.testing.assert_close(wide.attention, patterns, rtol=0, atol=1e-4)
    assert distance(short.output, logits) < 2e-2 and distance(short.attention, patterns) < 2e-2
    torch.testing.assert_close(short.output.softmax(-1), logits.softmax(-1), rtol=0, atol=2e-2)


@each_sentence
def test_minilm_is_transformers_bert(text: str) -> None:
    ours = here("minilm")
    tokens = language.tensor(ours.read(text))
    with torch.no_grad():
        theirs = their_minilm()(input_ids=tokens[None], output_attentions=True)
    seen = trace(ours.network, tokens)
    torch.testing.assert_close(seen.output, theirs.last_hidden_state[0], rtol=0, atol=1e-4)
    torch.testing.assert_close(seen.attention, torch.cat(theirs.attentions), rtol=0, atol=1e-4)


def test_smollm2_knows_the_capital_of_france() -> None:
    ours = here("smollm2")
    probabilities = trace(ours.network, language.tensor(ours.read(SENTENCES[0]))).output[-1].softmax(-1)
    assert ours.text([int(probabilities.argmax())]) == " Paris" and float(probabilities.max()) > 0.7


def test_smollm2s_greedy_text_is_the_same_with_and_without_memory() -> None:
    ours = here("smollm2")
    tokens = language.tensor(ours.read(SENTENCES[1]))
    found = [[token for token, _ in islice(generate(ours.network, tokens, remember=remember), 8)] for remember in (True, False)]
    assert found[0] == found[1]


def test_a_later_token_never_changes_an_earlier_logit_of_smollm2() -> None:
    """To the bit, though the weights are bfloat16."""
    ours = here("smollm2")
    flooded, robbed = (trace(ours.network, language.tensor(ours.read(f"Was the bank {word}?"))) for word in ("flooded", "robbed"))
    assert torch.equal(flooded.output[:3], robbed.output[:3]) and not torch.equal(flooded.output[3], robbed.output[3])
    assert not flooded.attention.triu(1).any()


def test_minilm_finds_sentences_as_alike_as_its_makers_say() -> None:
    """The example of sentence-transformers' documentation ("Quickstart"), whose similarities are .6660, .1046 and .1411."""
    ours = here("minilm")
    texts = ("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.")
    lovely, sunny, drove = (sentence_vector(trace(ours.network, language.tensor(ours.read(text))).output) for text in texts)
    assert [float(a @ b) for a, b in ((lovely, sunny), (lovely, drove), (sunny, drove))] == pytest.approx(
        [0.6660, 0.1046, 0.1411], abs=6e-5
    )


@pytest.mark.parametrize("name", ["smollm2", "minilm"])
@pytest.mark.parametrize("text", SENTENCES)
def test_every_token_knows_its_characters(name: str, text: str) -> None:
    tokens = here(name).read(text)
    covered = {i for a, b in tokens.spans for i in range(a, b)}
    assert all(text[i].isspace() for i in set(range(len(text))) - covered)
    assert name == "minilm" or here(name).text(list(tokens.ids)) == text
