"""dlviz, CNN filters, Learning filters: train a small convolutional network and its fully connected rival with these SETTINGS.

Needs torch and numpy. Prints, as JSON, the numbers that the page shows at the end of the run; MATERIAL are the pictures.
"""

import base64
import json
import math
import zlib
from typing import Any

import numpy as np
import torch

from dlviz.compute.filters.changes import changed, filled, read
from dlviz.compute.filters.recognising import (
    Set,
    confusion,
    convolutional_net,
    count,
    likeness,
    rival_net,
    score,
    seen,
    smoothness,
    steps_of,
    training,
)
from dlviz.nets.convolutional import Convolutional, folded

SETTINGS: dict[str, Any] = {
    "data": "digits",
    "layers": 2.0,
    "channels": 8.0,
    "head": "flatten",
    "norm": False,
    "learning_rate": 0.01,
    "kernel": "5",
    "pool": "max",
    "dropout": 0.0,
    "shift": 0.0,
    "optimiser": "adam",
    "falling": True,
    "batch_size": 25.0,
    "epochs": 1.0,
    "pictures": 3000.0,
    "colour": True,
    "seed": 1.0,
    "edits": "",
    "weights": "",
}
MATERIAL: dict[str, Any] = {}  # filled by the page's export


def unpack(name: str) -> np.ndarray:
    """The bytes of one part of MATERIAL."""
    return np.frombuffer(zlib.decompress(base64.b64decode(MATERIAL[name])), np.uint8)


def try_changes(net: Convolutional, held_out: Set, answers: torch.Tensor) -> tuple[float, float]:
    """Share of right answers, and how many are others than the trained network's, after changes by hand or with other weights."""
    loaded, after = MATERIAL["weights"], answers
    if loaded or SETTINGS["edits"]:
        if SETTINGS["norm"]:  # folded sums round otherwise
            answers = score(folded(net), held_out).answers
        base = filled(convolutional_net(SETTINGS), unpack("weights").view("<f4")) if loaded else net
        after = score(changed(folded(base), read(SETTINGS["edits"])), held_out).answers
    return (after == held_out.y).double().mean().item(), float((after != answers).sum())


def main() -> dict[str, float]:
    """Scores of both networks, their parameters, and what became of their first weights."""
    ink = seen(torch.from_numpy(unpack("images").reshape(MATERIAL["shape"]).copy()), SETTINGS)
    truth = torch.from_numpy(unpack("labels").astype(np.int64))
    n = MATERIAL["training"]
    pictures, held_out = Set(ink[:n], truth[:n]), Set(ink[n:], truth[n:])
    net, rival = convolutional_net(SETTINGS), rival_net(SETTINGS)
    kernels, weights = net.kernels[0].detach().clone(), rival.weights[0].detach().clone()  # before training
    last = steps_of(SETTINGS, n)
    for each in (net, rival):
        for step in training(each, pictures, SETTINGS, last):
            if step == last:
                break

    scores = [score(each, held_out) for each in (net, rival)]
    known = [score(each, Set(pictures.x[:1000], pictures.y[:1000])) for each in (net, rival)]
    wrong = confusion(held_out.y, scores[0].answers) * (1 - torch.eye(10, dtype=torch.int64))
    after = rival.weights[0].detach()
    right, others = try_changes(net, held_out, scores[0].answers)
    return {
        "accuracy": scores[0].accuracy,
        "rival_accuracy": scores[1].accuracy,
        "loss": scores[0].loss,
        "rival_loss": scores[1].loss,
        "training_accuracy": known[0].accuracy,
        "rival_training_accuracy": known[1].accuracy,
        "errors": float(wrong.sum()),
        "largest_confusion": float(wrong.max()),
        "parameters": float(count(net.parameters)),
        "head_parameters": float(count([net.head, net.head_bias])),
        "rival_parameters": float(count(rival.parameters)),
        "inputs": float(rival.weights[0].shape[1]),
        "steps": float(last),
        "changes": float(len(read(SETTINGS["edits"]))),
        "changed_accuracy": right,
        "other_answers": others,
        "kernels_kept": likeness(kernels, net.kernels[0].detach()),
        "rival_smoothness": smoothness(after.reshape(-1, 28, 28)),
        "ink_smoothness": smoothness(pictures.x.flatten(0, 1)),
        "rival_untouched": (weights == after).double().mean().item(),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in main().items()}, indent=1))
