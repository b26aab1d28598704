"""Texts cut into a model's tokens, each with the characters it stands for, whatever people type."""

from dataclasses import dataclass

from tokenizers import Tokenizer

from dlviz.fields import ParameterError

MOST_CHARACTERS = 20_000  # read in some 50 ms
FIELD = "text"


@dataclass(frozen=True)
class Tokens:
    """`ids`, the model's numbers for the tokens of `text`; token i stands for text[a:b] with (a, b) = spans[i].

    a = b for what the model adds by itself, such as "[CLS]". One character can be several tokens, such as an emoji cut into bytes:
    they have the same span. `names` are the tokens as the model's vocabulary writes them.
    """

    text: str
    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def pieces(self) -> tuple[str, ...]:
        """What each token stands for, with the space before it if it has one; its name if it stands for nothing in the text."""
        return tuple(self.text[a:b] or name for (a, b), name in zip(self.spans, self.names, strict=True))

    @property
    def own(self) -> range:
        """The tokens that stand for something in the text: all but those that the model adds before and behind."""
        standing = [i for i, (a, b) in enumerate(self.spans) if a < b]
        return range(standing[0], standing[-1] + 1)

    def tokens_of(self, word: str) -> tuple[int, ...]:
        """The tokens of the first place that has this word, from its first to its last. ValueError if none of these tokens has it."""
        start = self.text.index(word)
        while start >= 0:
            end = start + len(word)
            if found := tuple(i for i, (a, b) in enumerate(self.spans) if a < end and b > start):
                return found
            start = self.text.find(word, start + 1)
        raise ValueError(f"No token of {word!r} is among these {len(self)}.")

    def window(self, first: int, most: int) -> tuple[int, "Tokens"]:
        """At most so many of these tokens, and the number of the first: those of the text from its `first` on, counted from 1, or
        the last that fit; before and behind them what the model adds."""
        room = most - (len(self) - len(self.own))
        skipped = max(0, min(first - 1, len(self.own) - room))
        chosen = [*range(self.own.start), *self.own[skipped : skipped + room], *range(self.own.stop, len(self))]
        ids, spans = tuple(self.ids[i] for i in chosen), tuple(self.spans[i] for i in chosen)
        return skipped + 1, Tokens(self.text, ids, spans, tuple(self.names[i] for i in chosen))


def reader(description: str) -> Tokenizer:
    """A tokenizer from its JSON: it cuts off nothing, fills up nothing, and takes special tokens that people type as text."""
    tokenizer = Tokenizer.from_str(description)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.encode_special_tokens = True
    return tokenizer


def encode(tokenizer: Tokenizer, text: str) -> Tokens:
    """The tokens of a text. ParameterError if it is longer than MOST_CHARACTERS or holds nothing that the model could read."""
    if len(text) > MOST_CHARACTERS:
        raise ParameterError(FIELD, text, f"at most {MOST_CHARACTERS} characters, not {len(text)}")
    whole = text.encode("utf-8", "replace").decode("utf-8")  # halves of surrogate pairs are no characters: each becomes "?"
    found = tokenizer.encode(whole)
    if not any(a < b for a, b in found.offsets):
        raise ParameterError(FIELD, text, "at least one character that the model can read")
    return Tokens(whole, tuple(found.ids), tuple(found.offsets), tuple(found.tokens))
