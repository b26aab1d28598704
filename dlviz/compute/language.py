"""The language models with their tokenizers, each built once in a process, and texts read by them. Shared by topics."""

import threading
from dataclasses import dataclass
from functools import cache, partial

import torch
from tokenizers import Tokenizer
from torch import Tensor

from dlviz import params as p
from dlviz.data.tokens import Tokens, encode, reader
from dlviz.nets.transformer import bert, gpt, llama
from dlviz.nets.transformer.base import Transformer, empty, ready
from dlviz.zoo import language

_one_at_a_time = threading.Lock()
TITLES = {"smollm2": "SmolLM2-135M", "minilm": "MiniLM-L6", "austen": "Austen GPT"}
SHAPES = {"smollm2": (30, 9), "minilm": (6, 12), "austen": (6, 6)}  # layers, heads a layer
# The field of the text that a view's model reads, given how many characters it may have
text_field = partial(
    p.lines, "The capital of France is", label="Your text", private=True, prose=True, filled=True, placeholder="A sentence, in English"
)


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A network and what cuts its texts into tokens."""

    name: str
    network: Transformer
    tokenizer: Tokenizer

    def read(self, text: str) -> Tokens:
        """The tokens of a text. ParameterError if it is too long, or nothing in it can be read."""
        return encode(self.tokenizer, text)

    def text(self, ids: list[int]) -> str:
        """What tokens say; bytes that are no whole character are shown as the replacement character."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=False))


def tensor(tokens: Tokens) -> Tensor:
    """The tokens' numbers (T,), as a network takes them."""
    return torch.tensor(tokens.ids)


def model(name: str) -> LanguageModel:
    """The model of this name, ready to be asked. MissingWeights if it has to be fetched first; KeyError for an unknown name."""
    with _one_at_a_time:  # or two who ask at once would each build one
        return _built(name)


@cache
def _built(name: str) -> LanguageModel:
    found = language.load(name)
    network: Transformer
    if name == "smollm2":
        network = ready(empty(llama.Llama, llama.Config()), llama.ours(found.weights, llama.Config()))
    elif name == "minilm":
        network = ready(empty(bert.Bert, bert.Config()), bert.ours(found.weights, bert.Config()))
    else:
        network = ready(empty(gpt.GPT, gpt.Config()), {key: value.float() for key, value in found.weights.items()})
    return LanguageModel(name, network, reader(found.tokenizer))
