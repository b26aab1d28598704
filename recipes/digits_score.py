"""Makes models/digits_score.json: how many of the 2,000 held-out digits Learning filters' network knows, for five fixed seeds.

`python -m recipes.digits_score`, some forty seconds. The card says with which settings, on which data, and how the first steps went, so
that a test can tell whether it still belongs to the code.
"""

import hashlib
import json
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch

import dlviz.runtime  # noqa: F401  settles torch's threads, as in the app
from dlviz.compute.filters import recognising as nets
from dlviz.compute.filters import sets
from dlviz.compute.filters.learning import Params
from dlviz.data import digits

CARD = Path(__file__).parents[1] / "models" / "digits_score.json"
SEEDS = (1, 2, 3, 4, 5)
BEGUN = 10  # steps after which the loss is noted
SETTINGS = Params(pictures=7500, epochs=6, norm=True, shift=1, batch_size=50, learning_rate=0.0046)


def trained(params: Params, steps: int) -> nets.Score:
    """The network's score on all held-out pictures after so many steps of a whole run."""
    settings = params.as_dict()
    pictures = sets.load(settings, "training")
    net = nets.convolutional_net(settings)
    for _ in islice(nets.training(net, pictures, settings, nets.steps_of(settings, len(pictures.y))), steps):
        pass
    return nets.score(net, sets.load(settings, "held_out"))


def card() -> dict[str, Any]:
    """What the file holds."""
    last = nets.steps_of(SETTINGS.as_dict(), int(SETTINGS.pictures))
    scores = [trained(replace(SETTINGS, seed=seed), last).accuracy for seed in SEEDS]
    return {
        "made_by": "recipes/digits_score.py",
        "settings": SETTINGS.as_dict(),
        "seeds": SEEDS,
        "accuracy": scores,
        "mean": sum(scores) / len(scores),
        "held_out": len(digits.load("held_out").labels),
        "data_sha256": hashlib.sha256(digits.FILE.read_bytes()).hexdigest(),
        "loss_after_10_steps": [trained(replace(SETTINGS, seed=seed), BEGUN).loss for seed in SEEDS],
        "torch": torch.__version__,
    }


def main() -> None:
    """Write the card and say what is in it."""
    made = card()
    CARD.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(f"{CARD.name}: {made['mean']:.2%} on average, {', '.join(f'{score:.2%}' for score in made['accuracy'])}")


if __name__ == "__main__":
    main()
