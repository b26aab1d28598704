"""What it costs to learn digits, in the view Learning filters."""

import math
import time
from collections.abc import Callable
from itertools import count

from bench.ratios import Row, alternate
from dlviz.compute import run
from dlviz.compute.filters import learning

GOAL, SECONDS = 0.97, 10.0
PARAMS: dict[str, float] = {"pictures": 7500, "epochs": 2, "learning_rate": 0.0046}


def compare_training(times: int) -> Row:
    """A whole run of the view, its rival and its frames included, that ends above GOAL on all held-out digits; another seed each time."""
    seeds, reached = count(1), []

    def learn() -> float:
        learning.SHELF.things.clear()
        params = learning.Params(seed=next(seeds), **PARAMS)  # type: ignore[arg-type]
        started = time.thread_time()  # a fixed yardstick is not slowed down by what else the machine does, so this must not be either
        reached.append(run("filters.learning", params).facts()["accuracy"].value or 0.0)
        return 1000 * (time.thread_time() - started) if reached[-1] >= GOAL else math.inf

    found = alternate(max(3, times // 3), learn, lambda: 1000 * SECONDS)
    note = f"{min(reached):.1%} at least, on 2,000 held-out digits"
    return Row(
        "train-97",
        f"a run to {GOAL:.0%} of held-out digits, rival and all, processor time: {SECONDS:g} seconds",
        *found,
        bound=1,
        note=note,
    )


ROWS: dict[str, Callable[[int], Row]] = {"train-97": compare_training}
