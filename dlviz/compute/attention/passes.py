"""Two passes over a text beside each other, everything on and with parts switched off: what is said, what is looked at, in numbers."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from dlviz.compute.attention.doing import surprise
from dlviz.compute.attention.looking import scores
from dlviz.compute.language import LanguageModel
from dlviz.fields import ParameterError
from dlviz.nets.transformer.bert import sentence_vector

LISTED = 6  # tokens whose probability is shown with everything on; the token asked for comes to them, and
NEWCOMERS = 2  # of the likeliest with what is off


def asked(found: LanguageModel, logits: Tensor, word: str) -> int:
    """The token that is asked for: the likeliest of (n,), or the first of this word, with a space before it or without, as is likelier.

    ParameterError if the word has no tokens.
    """
    if not word:
        return int(logits.argmax())
    try:
        firsts = [found.read(text).ids[0] for text in (f" {word}", word)]
    except ParameterError:
        raise ParameterError("token", word, "a word that the model has tokens for") from None
    return max(firsts, key=lambda token: float(logits[token]))


def places(attention: Tensor, real: np.ndarray, looker: int, looked: int, causal: bool) -> tuple[int, int]:
    """The token that looks and the one looked at, from 0, of those asked for, from 1; 0, or what is not there, is chosen here.

    attention (L, H, T, T); `real` (T,): tokens that stand for something in the text. Chosen are the last real token, and the real one
    that gets most from it, the mean of all heads, but neither itself nor, in a decoder, the first, where heads put what they do not use.
    """
    length = len(real)
    row = looker - 1 if 1 <= looker <= length else int(np.flatnonzero(real)[-1])
    if 1 <= looked <= (row + 1 if causal else length):
        return row, looked - 1
    given = attention[:, :, row].double().mean((0, 1)).numpy() * real
    given[row] = -1
    given[: 1 if causal else 0] = -1
    return row, max(0, int(given.argmax())) if given.max() > 0 else 0


def looks_of(name: str, attention: Tensor, carried: Tensor, ids: list[int], pair: tuple[int, int]) -> np.ndarray:
    """How each head looks (L, H): "weight", what the pair's first token gives its second; "value", the same times the values; or one of
    `looking.SCORES`, means over all tokens of the text. nan where the text has no such token."""
    if name in ("weight", "value"):
        return np.asarray((attention if name == "weight" else carried)[:, :, pair[0], pair[1]].double().numpy())
    return np.asarray(scores(attention, ids)[name].numpy())


def next_tokens(found: LanguageModel, ids: Tensor, outputs: tuple[Tensor, Tensor], word: str) -> dict[str, Any]:
    """A decoder's logits (T, n) of two passes: which next tokens are shown, their logits and probabilities, and what each token costs."""
    on, off = (output[-1].double() for output in outputs)
    token = asked(found, outputs[0][-1], word)
    listed = [*on.topk(LISTED).indices.tolist(), token, *off.topk(NEWCOMERS).indices.tolist()]
    listed = list(dict.fromkeys(listed))
    return {
        "listed": tuple(found.text([number]) for number in listed),
        "chosen": listed.index(token),
        "logits": torch.stack([each[listed] for each in (on, off)]).numpy(),
        "chances": torch.stack([each.softmax(-1)[listed] for each in (on, off)]).numpy(),
        "surprises": torch.stack([surprise(output, ids) for output in outputs]).numpy(),
        "alike": np.full(2, np.nan),
    }


def similarities(outputs: tuple[Tensor, Tensor], others: tuple[Tensor, Tensor]) -> dict[str, Any]:
    """An encoder's vectors (T, width) of the text in two passes, and those of the second sentence: how alike the two are in each pass."""
    alike = [float(sentence_vector(one.double()) @ sentence_vector(two.double())) for one, two in zip(outputs, others, strict=True)]
    nothing = np.zeros((2, 0))
    return {"listed": (), "chosen": 0, "logits": nothing, "chances": nothing, "surprises": nothing, "alike": np.array(alike)}
