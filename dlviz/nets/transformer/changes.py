"""What can be switched off or set by hand inside a transformer while it runs, to see what it does there."""

from dataclasses import dataclass

import torch
from torch import Tensor

SUBLAYERS = ("attention", "feed_forward")


@dataclass(frozen=True)
class Changes:
    """What one pass does otherwise. Layers, heads and tokens count from 0.

    `heads`: (layer, head) whose output, before the heads are projected together, is replaced. `attention`, `feed_forward`: layers
    in which what this sublayer adds is replaced. Replaced by 0, or with `mean` by its mean over all tokens of the text; in a
    decoder that mean lets early tokens hear of later ones. `weights`: (layer, head, query, key, weight) attention weights set by
    hand; the others of that row keep their proportions and share the rest, where there are any that are not 0.
    """

    heads: tuple[tuple[int, int], ...] = ()
    attention: tuple[int, ...] = ()
    feed_forward: tuple[int, ...] = ()
    weights: tuple[tuple[int, int, int, int, float], ...] = ()
    mean: bool = False

    @property
    def layers(self) -> list[int]:
        """The layers in which something is changed."""
        return [*self.attention, *self.feed_forward, *(layer for layer, _ in self.heads), *(weight[0] for weight in self.weights)]

    def check(self, layers: int, heads: int, tokens: int, causal: bool) -> None:
        """ValueError for a layer, head or token that is not there, a weight outside 0 to 1, and one that would look ahead."""
        found_heads = [head for _, head in self.heads] + [weight[1] for weight in self.weights]
        for name, values, count in (("layer", self.layers, layers), ("head", found_heads, heads)):
            for value in values:
                if not 0 <= value < count:
                    raise ValueError(f"There is no {name} {value}: they count from 0 to {count - 1}.")
        for _, _, query, key, weight in self.weights:
            if not (0 <= query < tokens and 0 <= key < tokens):
                raise ValueError(f"There are no tokens {query} and {key}: they count from 0 to {tokens - 1}.")
            if causal and key > query:
                raise ValueError(f"Token {query} cannot look at token {key}, which comes later.")
            if not 0 <= weight <= 1:
                raise ValueError(f"An attention weight of {weight:g} is not between 0 and 1.")

    def replaced(self, x: Tensor) -> Tensor:
        """What stands for x (T, d) where it is switched off."""
        return x.mean(0, keepdim=True).expand_as(x) if self.mean else torch.zeros_like(x)

    def edited(self, pattern: Tensor, layer: int) -> Tensor:
        """The patterns (H, T, S) of this layer with the weights that are set by hand."""
        edits = [edit for edit in self.weights if edit[0] == layer]
        if edits:
            pattern = pattern.clone()
        first = pattern.shape[2] - pattern.shape[1]  # the queries are the last of the tokens
        for _, head, query, key, weight in edits:
            if first <= query < pattern.shape[2]:
                row = pattern[head, query - first]
                row[key] = 0.0
                others = row.sum()
                row *= (1 - weight) / others if others > 0 else 0.0
                row[key] = weight
        return pattern
