"""dlviz, Attention heatmaps, By hand: one attention layer on a few tokens, with its masks, positions and heads.

Needs torch. Prints, as JSON, the numbers that the page shows for these SETTINGS.
"""

import json
import math
from typing import Any

import torch

from dlviz.nets.attending import allowed_pairs, sinusoids
from dlviz.nets.attention_studies import POSITION_KINDS, WIDTHS, generate, multiply_adds, scores_by_width, similarity_by_offset
from dlviz.nets.multihead import Layer, pass_through, stacked, times
from dlviz.nets.wordvectors import WIDEST, embed

SETTINGS: dict[str, Any] = {
    "words": "dog bites man",
    "mask": "none",
    "window": 2.0,
    "positions": "none",
    "width": "2",
    "heads": "1",
    "kind": "self",
    "others": "le chien mord",
    "padding": 0.0,
    "base": 10000.0,
    "query_gain": 1.0,
    "value_gain": 1.0,
    "scaled": True,
    "followed": 1.0,
    "head": 1.0,
    "beside": "values",
    "vectors": "",
    "query": (1.0, 0.5, 0.0, 0.0, -0.5, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.5, 0.0, 0.0, 0.5, -1.0),
    "key": (0.5, -0.5, 0.0, 0.5, 1.0, 1.0, 0.0, 0.0, 0.5, 0.0, -1.0, 0.5, 0.0, 0.0, 1.0, 1.0),
    "value": (-1.0, 0.5, 0.5, 0.0, 0.5, 1.0, 0.0, 0.5, 0.0, 0.0, 1.0, -0.5, 0.5, 0.0, 0.0, 1.0),
    "output": (1.0, 0.0, 0.5, 0.0, 0.0, 1.0, 0.0, -0.5, 0.0, 0.5, 1.0, 0.0, 0.5, 0.0, 0.0, 1.0),
    "learned": (0.4, -0.2, 0.1, 0.3, -0.5, 0.6, 0.2, -0.1, 0.1, 0.5, -0.4, 0.2, 0.7, -0.3,
                0.3, 0.5, -0.2, -0.6, 0.1, 0.4, 0.3, 0.2, -0.5, -0.3),
}  # fmt: skip


def matrix(name: str) -> torch.Tensor:
    """The upper left corner of a matrix of WIDEST columns: as many as a token has numbers."""
    d = int(SETTINGS["width"])
    return torch.tensor(SETTINGS[name], dtype=torch.float64).reshape(-1, WIDEST)[:d, :d].contiguous()


def places_of(n: int) -> torch.Tensor:
    """What is added to the vectors of n tokens for their positions. (n, d)."""
    d = int(SETTINGS["width"])
    if SETTINGS["kind"] == "self" and SETTINGS["positions"] == "sinusoidal":
        return sinusoids(torch.arange(n), d, SETTINGS["base"])
    if SETTINGS["kind"] == "self" and SETTINGS["positions"] == "learned":
        return torch.tensor(SETTINGS["learned"], dtype=torch.float64).reshape(-1, WIDEST)[:n, :d]
    return torch.zeros(n, d, dtype=torch.float64)


def main() -> dict[str, float]:
    """Weights and output of the followed query, and what the outputs depend on."""
    own, d, edited = SETTINGS["kind"] == "self", int(SETTINGS["width"]), json.loads(SETTINGS["vectors"] or "{}")
    heads = int(SETTINGS["heads"]) if d == WIDEST else 1
    tokens = SETTINGS["words"].split()
    others = tokens if own else SETTINGS["others"].split()
    rope = SETTINGS["base"] if own and SETTINGS["positions"] == "rope" else None
    layer = Layer(
        matrix("query") * SETTINGS["query_gain"],
        matrix("key"),
        matrix("value") * SETTINGS["value_gain"],
        matrix("output") if heads > 1 else None,
        heads,
        None if SETTINGS["scaled"] else 1.0,
        rope,
    )
    vectors = embed(tokens, edited, d)
    inputs = vectors + places_of(len(tokens))
    sources = inputs if own else embed(others, edited, d)
    mask = SETTINGS["mask"] if own else "none"
    allowed = allowed_pairs(len(tokens), len(others), mask, int(SETTINGS["window"]), int(SETTINGS["padding"]))
    passed = pass_through(layer, inputs, sources, allowed)
    steps = passed.attention

    row, head = min(int(SETTINGS["followed"]), len(tokens)) - 1, int(SETTINGS["head"]) - 1 if heads > 1 else 0
    doubled = {name: pass_through(times(layer, **{name: 2.0}), inputs, sources, allowed).projected for name in ("query", "value")}
    numbers = {
        "tokens": float(len(tokens)),
        "sources": float(len(others)),
        "width": float(d),
        "heads": float(heads),
        "head_width": float(d // heads),
        "largest_score": steps.scores.abs().max().item(),
        "masked_pairs": float((~allowed).sum().item()),
        "masked_weight": steps.weights[:, ~allowed].sum().item(),
        "entropy": torch.special.entr(steps.weights).sum(-1).mean().item(),
        "top_weight": steps.weights.amax(-1).mean().item(),
        "followed_top": steps.weights[head, row].max().item(),
        "output_length": passed.projected[row].norm().item(),
        "value_doubling": (doubled["value"] - 2 * passed.projected).abs().max().item(),
        "query_doubling": (doubled["query"] - 2 * passed.projected).abs().max().item(),
    }
    numbers |= {f"weight[{j + 1}]": weight for j, weight in enumerate(steps.weights[head, row].tolist())}
    numbers |= {f"output[{i + 1}]": number for i, number in enumerate(passed.projected[row].tolist())}
    if own:
        backwards = vectors.flip(0) + places_of(len(tokens))
        numbers["reversal"] = (pass_through(layer, backwards, backwards, allowed).projected.flip(0) - passed.projected).abs().max().item()
        swapped = vectors[[1, 0, *range(2, len(tokens))]] + places_of(len(tokens))
        for depth in (1, 2):
            last = stacked(layer, swapped, allowed, depth)[-1] - stacked(layer, inputs, allowed, depth)[-1]
            numbers[f"last_gap[{depth}]"] = last.abs().max().item() if len(tokens) > 2 else math.nan
    return numbers | studied()


def studied() -> dict[str, float]:
    """The study that stands beside the layer, if one does."""
    numbers: dict[str, float] = {}
    if SETTINGS["beside"] == "scaling":
        for d, variance, top, divided in zip(WIDTHS, *scores_by_width().tolist(), strict=True):
            numbers |= {f"variance[{d}]": variance, f"top[{d}]": top, f"top_divided[{d}]": divided}
    if SETTINGS["beside"] == "offsets":
        for kind, (one, other) in zip(POSITION_KINDS, similarity_by_offset(SETTINGS["base"]), strict=True):
            numbers[f"start_gap[{kind}]"] = (one - other).abs().max().item()
            numbers |= {f"{kind}[{k}]": one[k].item() for k in (1, 4, 16, 64)}
    if SETTINGS["beside"] == "cache":
        without, kept = generate(False), generate(True)
        numbers["measured_times_faster"] = (without.seconds.sum() / kept.seconds.sum()).item()
        numbers["cache_gap"] = (without.tokens - kept.tokens).abs().max().item()
        numbers["times_fewer"] = multiply_adds(False) / multiply_adds(True)
    return numbers


if __name__ == "__main__":
    torch.set_num_threads(1)
    # JSON has no nan: what is undefined is printed as null
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in main().items()}, indent=1))
