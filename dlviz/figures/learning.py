"""The picture of Learning filters: kernels, maps, the rival's weights, errors and losses, frame by frame."""

from typing import Any

import numpy as np

from dlviz.compute.filters import learning as learnings
from dlviz.compute.filters import recognising, sets
from dlviz.figures.payload import Clip, pack
from dlviz.params import key


def learning(results: tuple[learnings.Result, ...], clip: Clip) -> bytes:
    """The component `player`: kernels, maps, the rival's weights, errors and losses. One beside it only widens the axes.

    The clip is the training's: what is changed by hand afterwards moves no player.
    """
    result, others = results[0], results[1:]
    params, settings, names = result.params, result.params.as_dict(), sets.NAMES[result.params.data]
    held_out, labels = sets.images(settings, "held_out"), sets.labels(settings, "held_out")
    watched, depth = sets.shown(settings), recognising.depth_of(settings)
    examples, wrong = _examples(result, held_out, labels)
    series = ["network", "rival"]
    panels: list[dict[str, Any]] = [
        {"kind": "kernels", "main": True, "array": "kernels", "layers": _kernel_layers(params)},
        {
            "kind": "maps", "main": True, "names": names, "depth": depth, "size": result.maps.shape[1] // len(watched),
            "layers": _map_layers(params),
            "pictures": [{"truth": names[labels[i]]} for i in watched],
        },
        {
            "kind": "weights", "main": True, "array": "rival", "reach": "rival_reach", "count": recognising.HIDDEN[0],
            "side": learnings.SIDE, "depth": depth, "title": "The rival's first weights", "words": f"{depth * 784}-16-16-10",
        },
        {"kind": "curves", "main": True, "title": "accuracy", "array": "accuracies", "series": series, "high": 1.0, "rises": True},
        {"kind": "curves", "main": True, "title": "loss", "array": "losses", "series": series, "high": 4.0},
        {"kind": "confusion", "main": True, "title": "Taken for", "names": names, "depth": depth, "long": params.data != "digits"},
    ]  # fmt: skip
    shares = result.accuracies.astype(np.float32)
    rival = np.nan_to_num(result.rival, posinf=0, neginf=0)  # a run may diverge
    reach = np.abs(rival).max(axis=(1, 2), initial=1e-12)
    levels = np.rint(rival / reach[:, None, None] * 127 + 127).astype(np.uint8)
    beside = {
        "losses": max((float(other.losses[np.isfinite(other.losses)].max(initial=0)) for other in others), default=0.0),
        "accuracies": max((float(other.accuracies.max()) for other in others), default=0.0),
    }
    header = {
        "name": "dlviz-learning", "clip": key("", params.of_training()), "steps": result.steps.tolist(), "of": clip.last, "done": clip.done,
        "until": max(clip.last, clip.until), "beside": beside, "again_ms": clip.again_ms, "panels": panels, "bar": True, "begin": 0,
        "begins": [0], "framed": ["kernels", "rival", "rival_reach", "maps", "highs", "chances", "losses", "accuracies", "confusion"],
        "examples": examples,
    }  # fmt: skip
    return pack(
        header, kernels=result.kernels, rival=levels, rival_reach=reach.astype(np.float32), maps=result.maps,
        highs=result.highs.astype(np.float32), chances=result.chances.astype(np.float32), losses=result.losses.astype(np.float32),
        accuracies=shares, confusion=result.confusion, watched=held_out[watched], wrong=wrong,
    )  # fmt: skip


def _kernel_layers(params: learnings.Params) -> list[dict[str, Any]]:
    """Where each convolution's kernels lie in a frame, and what stands over them."""
    layers, at, into, side, depth = [], 0, 1, int(params.kernel), recognising.depth_of(params.as_dict())
    for number, out in enumerate(recognising.channels_of(params.as_dict()), start=1):
        title = f"Kernels {number}: {out} rows, one for each of {into} maps" if into > 1 else f"Kernels {number}: {out}"
        layers.append({"title": title, "at": at, "out": out, "into": into, "depth": depth, "side": side})
        at, into, depth = at + out * into * depth * side**2, out, 1
    return layers


def _map_layers(params: learnings.Params) -> list[dict[str, Any]]:
    """Where each convolution's maps lie among the bytes of one picture."""
    layers, at = [], 0
    for number, (out, side) in enumerate(zip(recognising.channels_of(params.as_dict()), params.sides(), strict=True), start=1):
        layers.append({"title": f"Maps {number}: {out} of {side} × {side}", "at": at, "channels": out, "side": side})
        at += out * side**2
    return layers


def _examples(result: learnings.Result, held_out: np.ndarray, labels: np.ndarray) -> tuple[list[int], np.ndarray]:
    """For each cell of the confusion matrix the place of a picture that stands in it, or -1; and those pictures, uint8 (m, C, 28, 28)."""
    if not len(result.answers):
        return [], held_out[:0]
    cells, first = np.unique(labels.astype(int) * recognising.CLASSES + result.answers, return_index=True)
    places = np.full(recognising.CLASSES**2, -1)
    places[cells] = np.arange(len(cells))
    return places.tolist(), held_out[first]
