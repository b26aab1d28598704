"""The picture of activation maximisation: a picture that changes, its value over steps, and the real pictures that come closest."""

from typing import Any

import numpy as np

from dlviz.compute.filters import channel as channels
from dlviz.compute.filters.excitation import CLASS
from dlviz.compute.filters.wanting import Params
from dlviz.figures.payload import Clip, pack
from dlviz.results import three_digits


def channel(results: tuple[channels.Result, ...], clip: Clip) -> bytes:
    """The component `player`: every picture as it was measured, and what the real pictures give beside it.

    The first result is drawn; one beside it only widens the axis of values, where both climb the same thing.
    """
    result, others = results[0], results[1:]
    params, side = result.params, result.params.side()
    measured = "logit" if params.place() == CLASS else "mean of the map"
    best, looked_at = float(result.answers[result.best[0]]), len(result.answers)
    panels: list[dict[str, Any]] = [
        {
            "kind": "rgb", "main": True, "title": f"What excites {params.named()}", "array": "pictures", "values": "values",
            "side": side, "measured": measured, "alt": f"The picture at this step, {side} by {side} pixels",
        },
        {
            "kind": "gallery", "title": f"Of {looked_at} real pictures, these excite it most", "array": "best", "side": side,
            "names": result.best_names(), "values": [float(result.answers[i]) for i in result.best],
        },
        {
            "kind": "climb", "title": measured, "array": "values", "level": best,
            "said": f"most of {looked_at} real pictures: {three_digits(best)}",
        },
    ]  # fmt: skip
    same = [other for other in others if _climbed(other.params) == _climbed(params)]
    header = {
        "name": "dlviz-channel", "clip": clip.name, "steps": result.steps.tolist(), "of": clip.last, "done": clip.done,
        "until": max(clip.last, clip.until), "beside": _reach(same), "again_ms": clip.again_ms,
        "framed": ["pictures", "values"], "panels": panels, "bar": True, "begin": 0,
    }  # fmt: skip
    return pack(header, pictures=result.pictures, values=result.values.astype(np.float32), best=result.best_pictures)


def _climbed(params: Params) -> tuple[object, ...]:
    """What is maximised: equal for settings whose values can be compared."""
    return params.settings(), params.place(), params.index()


def _reach(others: list[channels.Result]) -> list[float]:
    """The lowest and the highest value beside this picture; empty if nothing comparable stands there."""
    values = [float(value) for other in others for value in (other.values.min(), other.values.max(), other.answers.max())]
    return [min(values), max(values)] if values else []
