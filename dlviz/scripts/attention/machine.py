"""dlviz, Attention heatmaps, The whole machine: one text on its way through a decoder, with these SETTINGS.

Needs torch, numpy, safetensors, tokenizers, filelock and pip. SmolLM2 (93 MB) is fetched once, into ~/.cache/dlviz; for the Austen GPT
put dlviz's models/austen-gpt.safetensors and .json into a folder models/ here. Prints, as JSON, the page's numbers.
"""

import json
import math
from typing import Any

import torch

from dlviz.compute.attention.lens import lens
from dlviz.compute.attention.writing import by_heads, said, strongest, weights
from dlviz.compute.language import model
from dlviz.nets.transformer.decoder import Decoder
from dlviz.nets.transformer.trace import trace
from dlviz.zoo.language import FETCHED, fetch

SETTINGS: dict[str, Any] = {
    "text": "The capital of France is",
    "model": "smollm2",
    "station": "attention",
    "layer": 24.0,
    "token": 0.0,
}
MOST_TOKENS = 32


def main() -> dict[str, float]:
    """When the followed token's answer is the likeliest, what each layer adds to its score, how long vectors are, where the weights are."""
    if SETTINGS["model"] in FETCHED and not fetch(SETTINGS["model"]).wait(3600):
        raise SystemExit("The model has not come within an hour.")
    found = model(SETTINGS["model"])
    network = found.network
    assert isinstance(network, Decoder)
    text = found.read(SETTINGS["text"])
    seen = trace(network, torch.tensor(text.ids[:MOST_TOKENS]), ["stream", "attention_adds", "feed_forward_adds", "hidden", "values"])
    stream, length = seen.parts["stream"], seen.parts["stream"].shape[1]  # (layers + 1, T, width)
    layer = min(int(SETTINGS["layer"]), network.layers) - 1
    token = min(int(SETTINGS["token"]) or length, length) - 1
    early = lens(network, stream)
    last, answer = stream[-1, token], early.final[token]
    attention, feed_forward = (said(network, seen.parts[f"{name}_adds"][:, token], last, answer) for name in ("attention", "feed_forward"))
    wrong = torch.nonzero(early.rank[:, token] != 1)
    lengths, counts = stream.norm(dim=-1), torch.tensor(weights(network), dtype=torch.float64)
    numbers = {
        "tokens": len(text),
        "layers": network.layers,
        "next": seen.output[token].double().softmax(-1).max(),
        "score": seen.output[token, answer],
        "decided": wrong.max() + 1 if len(wrong) else 0,
        "rank_before": early.rank[-2, token],
        "attention_most": attention.max(),
        "attention_layer": attention.argmax() + 1,
        "feed_forward_most": feed_forward.max(),
        "feed_forward_layer": feed_forward.argmax() + 1,
        "opened_attention": attention[layer],
        "opened_feed_forward": feed_forward[layer],
        "head_most": said(network, by_heads(network, seen.parts, layer, token), last, answer).max(),
        "unit_most": strongest(network, seen.parts["hidden"][layer, token], layer, 1).values[0].abs(),
        "grows": lengths[-1, token] / lengths[0, token],
        "embedding_weights": counts[0] / counts.sum(),
        "attention_weights": counts[1] / counts.sum(),
        "feed_forward_weights": counts[2] / counts.sum(),
    }
    return {name: float(value) for name, value in numbers.items()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in main().items()}, indent=1))
