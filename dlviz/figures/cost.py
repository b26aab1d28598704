"""The picture of what activations cost: bars of nanoseconds an element, with their quartiles, device by device."""

from dlviz.compute.activations import cost as costs
from dlviz.compute.activations.curve import LABELS
from dlviz.compute.activations.stopwatch import KINDS
from dlviz.fields import Number
from dlviz.figures.payload import Clip, pack


def cost(results: tuple[costs.Result, ...], clip: Clip) -> bytes:
    """The component `cost`. `quartiles` (devices, kinds, functions, 3): of a call in ns, else in ns per element; nan where unmeasured.

    `least` (devices, kinds, functions) is the quickest repetition.
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
    }  # fmt: skip
    return pack(header, quartiles=result.quartiles(), least=result.least())
