"""The settings of What it does: a text, what is switched off or set by hand, and which token and which head are looked at."""

from dataclasses import dataclass, replace

from dlviz import params as p
from dlviz.compute import language
from dlviz.compute.attention.parts import HEAD, Part, opened_head, read_parts, read_weights, words, write_parts
from dlviz.fields import ParameterError

MOST_TOKENS = 32  # that are read: every part of SmolLM2 then takes some 15 s on one thread
LOOKS = {
    "weight": "the token looked at",
    "value": "the same, times the values",
    "first": "the first token",
    "previous": "the token before",
    "induction": "what followed before",
}
MAPS = {"weights": "weights", "value": "weights times values", "rollout": "rollout"}
MEASURES = {"logit": "logit", "probability": "log probability"}
DECODERS = ("smollm2", "austen")


@dataclass(frozen=True)
class Params(p.Params):
    """The text, the model, what is switched off, and which token and which head are looked at."""

    text: str = language.text_field(600)
    other: str = p.lines(
        "Paris is a large city", 600, label="Second sentence", private=True, prose=True, when=("model", "minilm"),
        help="The model says how alike the two are: the cosine of their mean vectors.",
    )  # fmt: skip
    model: str = p.choice("smollm2", language.TITLES, label="Model")
    token: str = p.text(
        "", 40, label="Next token asked for", private=True, when=("model", DECODERS), placeholder="the likeliest",
        help="Of a word that is several tokens, the first. Empty: the likeliest.",
    )  # fmt: skip
    off: str = p.text(
        "",
        400,
        label="Switched off",
        private=True,
        placeholder="24.5 a3 f1",
        help="24.5: a head. a3, f1: a layer's attention, its feed-forward layer.",
    )
    instead: str = p.choice(
        "zero", {"zero": "zero", "mean": "its mean"}, label="In its place",
        help="The mean over all tokens of the text; in a decoder it lets early tokens hear of later ones.",
    )  # fmt: skip
    looks: str = p.choice("weight", LOOKS, label="Heads look at", more=True)
    shown: str = p.choice("weights", MAPS, label="Map", more=True)
    measure: str = p.choice("logit", MEASURES, label="Effect on the token's", more=True, when=("model", DECODERS))
    opened: str = p.text("", 5, label="Opened head", more=True, private=True, placeholder="24.5")
    weights: str = p.text(
        "", 200, label="Weights set by hand", more=True, private=True, placeholder="24.5:5>4=0.3",
        help="In head 24.5 token 5 gives token 4 a weight of 0.3; the others of its row share the rest. Or choose a cell of the map.",
    )  # fmt: skip
    looker: float = p.number(0, 0, MOST_TOKENS, 1, label="Token that looks", stage=True)
    looked: float = p.number(0, 0, MOST_TOKENS, 1, label="Token looked at", stage=True)

    def check(self) -> None:
        """An encoder has two texts to compare, and what is off, opened and set is written as such."""
        if self.model == "minilm" and not self.other.strip():
            raise ParameterError("other", self.other, "a word at least")
        read_parts(self.off, self.shape)
        read_weights(self.weights, self.shape, MOST_TOKENS, self.model in DECODERS)
        if self.opened and not HEAD.fullmatch(self.opened):
            raise ParameterError("opened", self.opened, "a head such as 24.5")

    @property
    def shape(self) -> tuple[int, int]:
        """Layers, and heads a layer."""
        return language.SHAPES[self.model]

    @property
    def mean(self) -> bool:
        """Whether the mean stands in the place of what is off."""
        return self.instead == "mean"

    def parts(self) -> list[Part]:
        """What is switched off, of the parts that this model has."""
        return read_parts(self.off, self.shape)

    def left_out(self) -> tuple[str, ...]:
        """What is switched off but not there in this model, as it was written."""
        known = set(write_parts(self.parts(), self.shape[1]).split())
        return tuple(word for word in dict.fromkeys(words(self.off)) if word not in known)

    def head_opened(self) -> tuple[int, int] | None:
        """Layer and head, from 0, of the head that is opened, or of the only one that is off; None if there is neither in this model."""
        return opened_head(self.opened, self.parts(), self.shape)

    def canonical(self) -> "Params":
        """As for all views; and parts in the order of the layers, each once, those that the model does not have behind them."""
        own, heads = super().canonical(), self.shape[1]
        off = " ".join(part for part in (write_parts(own.parts(), heads), *own.left_out()) if part)
        return replace(own, off=off, opened=write_parts(read_parts(own.opened, own.shape), heads))

    def of_sweep(self) -> "Params":
        """The same text, model and token with everything on: what each part does by itself depends on nothing else."""
        own = self.canonical()
        return Params(text=own.text, other=own.other, model=own.model, token=own.token, instead=own.instead)
