"""The picture of what activations cost: bars of nanoseconds an element, with their quartiles, device by device."""

import numpy as np

from dlviz.compute.activations import cost as costs
from dlviz.compute.activations.curve import LABELS
from dlviz.compute.activations.stopwatch import KINDS
from dlviz.fields import Number
from dlviz.figures.payload import Clip, pack


def cost(results: tuple[costs.Result, ...], clip: Clip) -> bytes:
    """The component `cost`. `quartiles` (devices, kinds, functions, 3): of a call in ns, else in ns per element; nan where unmeasured.

    `least` (devices, kinds, functions) is the quickest repetition. The first result is drawn; one beside it only widens the axes.
    """
    result = results[0]
    params = result.params
    repetitions, run = params.specs()["repetitions"], params.specs()["run"]
    assert isinstance(repetitions, Number) and isinstance(run, Number)
    header = {
        "name": "dlviz-cost", "clip": clip.name, "done": clip.done, "again_ms": clip.again_ms,
        "functions": [LABELS[name] for name in params.names()], "yardstick": params.names().index(costs.YARDSTICK),
        "kinds": KINDS, "machine": result.machine, "elements": params.elements(), "precision": params.precision,
        "rounds": result.rounds(), "wanted": params.repetitions, "longest": repetitions.high,
        "run": params.run, "last_run": run.high, "began": result.began,
        "most": np.max([_most(each) for each in results], axis=0).tolist(),
    }  # fmt: skip
    return pack(header, quartiles=result.quartiles(), least=result.least())


def _most(result: costs.Result) -> np.ndarray:
    """Where each device's axis ends, (devices,) in ns per element.

    One busy moment must not press all bars flat: whiskers that go far beyond the longest bar are cut.
    """
    bars = result.quartiles()[:, [KINDS.index("forward"), KINDS.index("both")]]  # (devices, 2, functions, 3)
    _, median, high = np.moveaxis(np.nan_to_num(bars), -1, 0).max((2, 3))
    return np.asarray(np.maximum(1e-9, np.minimum(high, 1.4 * median)))
