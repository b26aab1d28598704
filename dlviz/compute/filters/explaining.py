"""One attribution map by the name of its method, beside its sanity check, and what its most important pixels are worth."""

from collections.abc import Generator, Mapping
from typing import Any

import torch
import torch.nn.functional as functional
from torch import Tensor

from dlviz.compute.filters.attribution import (
    Made,
    Passes,
    completeness_gap,
    grad_cam,
    gradient_times_input,
    integrating,
    occlusion,
    rank_correlation,
    saliency,
    scores,
    smoothing,
    windows,
)
from dlviz.compute.filters.occluding import hiding
from dlviz.nets.efficientnet import SIDE, EfficientNetLite0, probabilities

METHODS = {
    "occlusion": "Occlusion",
    "saliency": "Saliency",
    "smooth": "SmoothGrad",
    "times_input": "Gradient × input",
    "integrated": "Integrated gradients",
    "grad_cam": "Grad-CAM",
}
UNSIGNED = ("saliency", "smooth")  # the others have a sign
ADDING = ("saliency", "smooth", "times_input", "integrated")  # one number for each pixel and colour, which can be added up
BASELINES = {"black": "black", "grey": "grey"}
STRIDE = 32  # pixels from patch to patch
FEW = 8  # steps and noisy copies of a sanity check: its look shows as well, at a quarter of the time
DELETED = 0.1  # share of the pixels that are made grey


def ready(pixels: Tensor) -> Tensor:
    """Pixels uint8 (224, 224, 3) as the network wants them: (pixel − 127) / 128, channels last in memory. (1, 3, 224, 224)."""
    return ((pixels.permute(2, 0, 1)[None].float() - 127) / 128).contiguous(memory_format=torch.channels_last)


def baseline_of(x: Tensor, name: str) -> Tensor:
    """The picture without anything in it, as the network sees it: (0 − 127) / 128 is black, 0 grey."""
    return torch.full_like(x, -127 / 128 if name == "black" else 0.0)


def passes_of(settings: Mapping[str, Any]) -> int:
    """How many passes `explain` says that it makes: places of the patch, or gradients."""
    many = {"occlusion": len(list(windows(SIDE, int(settings["patch"]), STRIDE))), "smooth": settings["samples"]}
    return int((many | {"integrated": settings["steps"]}).get(settings["method"], 0))


def told(passes: Passes[Made], before: int, last: int) -> Generator[tuple[int, int], None, Made]:
    """The same passes, counted from `before` on: how many of `last` are made. Returns what they return."""
    while True:
        try:
            before += next(passes)
        except StopIteration as end:
            made: Made = end.value
            return made
        yield before, last


def explained(
    network: EfficientNetLite0, redrawn: EfficientNetLite0, x: Tensor, target: int, layer: str, settings: Mapping[str, Any]
) -> Generator[tuple[int, int], None, tuple[Tensor, Tensor, dict[str, float | None]]]:
    """The method's map, the same with redrawn weights, and what is measured of the two; yields how many of how many passes are made."""
    fewer = {**settings, **{name: min(FEW, int(settings[name])) for name in ("steps", "samples")}}
    first, last = passes_of(settings), passes_of(settings) + passes_of(fewer)
    found, full = yield from told(explain(network, x, target, layer, settings), 0, last)
    sanity, _ = yield from told(explain(redrawn, x, target, layer, fewer), first, last)
    random = torch.rand(x.shape[2:], generator=torch.Generator().manual_seed(int(settings["seed"])))
    emptied = torch.cat([without_pixels(x, importance) for importance in (found, random)])
    with torch.inference_mode():
        deleted, at_random = probabilities(network(emptied))[:, target].tolist()
    measured: dict[str, float | None] = {
        "similarity": rank_correlation(found.abs(), sanity.abs()),
        "deleted_p": deleted,
        "random_p": at_random,
    }
    under = probabilities(full)[:, target] if settings["method"] == "occlusion" else None
    measured |= (
        {"lowest_p": None, "highest_p": None} if under is None else {"lowest_p": float(under.min()), "highest_p": float(under.max())}
    )
    return found, sanity, measured | sums(network, x, target, full, settings)


def sums(network: EfficientNetLite0, x: Tensor, target: int, full: Tensor, settings: Mapping[str, Any]) -> dict[str, float | None]:
    """What the attributions sum to, and the change of the score that they should sum to; None for methods without such a law."""
    if settings["method"] not in ADDING:
        return dict.fromkeys(("attribution_sum", "score_change", "gap"))
    gap = completeness_gap(network, x, target, baseline_of(x, settings["baseline"]), full)
    total = float(full.double().sum())
    return {"attribution_sum": total, "score_change": total - gap, "gap": gap}


def explain(network: EfficientNetLite0, x: Tensor, target: int, layer: str, settings: Mapping[str, Any]) -> Passes[tuple[Tensor, Tensor]]:
    """The map (h, w) of the method, and all that it is made of: (1, 3, n, n) for a method with a number for every colour, the logits
    (places, 1000) for occlusion.

    Colours are joined by their largest value where there is no sign, else by their sum.
    """
    method = settings["method"]
    if method == "grad_cam":
        found = grad_cam(network, x, target, layer)
        return found, found
    if method == "occlusion":
        patch, whole = int(settings["patch"]), float(scores(network, x, target))
        full = yield from hiding(network, x, list(windows(SIDE, patch, STRIDE)))  # (places, 1000)
        return occlusion(x, patch, STRIDE, full[:, target], whole), full
    if method == "smooth":
        generator = torch.Generator().manual_seed(int(settings["seed"]))
        full = yield from smoothing(network, x, target, generator, int(settings["samples"]), settings["noise"])
    elif method == "integrated":
        full = yield from integrating(network, x, target, baseline_of(x, settings["baseline"]), int(settings["steps"]))
    else:
        full = saliency(network, x, target) if method == "saliency" else gradient_times_input(network, x, target)
    return (full.amax(1)[0] if method in UNSIGNED else full.sum(1)[0]), full


def without_pixels(x: Tensor, importance: Tensor, share: float = DELETED) -> Tensor:
    """The picture with the `share` of its pixels that matter most made grey. A smaller map (h, w) is enlarged (bilinear)."""
    if importance.shape != x.shape[2:]:
        importance = functional.interpolate(importance[None, None], x.shape[2:], mode="bilinear", align_corners=False)[0, 0]
    gone = importance.flatten().argsort(descending=True, stable=True)[: round(share * importance.numel())]
    picture = x.clone().flatten(2)
    picture[:, :, gone] = 0
    return picture.reshape(x.shape)
