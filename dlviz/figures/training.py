"""The picture of the view In training: four strips of layers over steps, the loss under them, and the present step layer by layer."""

import math
from typing import Any

import numpy as np

from dlviz.compute.gradients.tasks import classes
from dlviz.compute.gradients.training import Result
from dlviz.figures.payload import Clip, pack

VIRIDIS = ("#440154", "#482878", "#3E4A89", "#31688E", "#26828E", "#1F9E89", "#35B779", "#6DCD59", "#B4DE2C", "#FDE725")
AROUND = ("#0072B2", "#FFFFFF", "#C2500A")  # below the rule, on it, above it; as in the rest of dlviz
RULE = -3  # log₁₀ of the update ratio that is thought healthy
STRIPS: tuple[dict[str, Any], ...] = (
    {"array": "gradient", "title": "gradient norm", "formula": "‖∂L/∂W‖", "log": True, "colours": VIRIDIS},
    {"array": "update", "title": "update ratio", "formula": "‖ΔW‖ / ‖W‖", "log": True, "colours": AROUND, "middle": RULE},
    {"array": "variance", "title": "variance", "formula": "of the outputs", "log": True, "colours": VIRIDIS},
    {"array": "dead", "title": "dead units", "formula": "f′ = 0 for all", "log": False, "colours": VIRIDIS},
)


def training(results: tuple[Result, ...], clip: Clip) -> bytes:
    """The component `player`: what every layer did at every step. Logarithms to base 10; −∞ is an exact 0, nan undefined.

    The first result is drawn; one beside it only widens the axes, so that both pictures have the same.
    """
    result, others = results[0], results[1:]
    of = classes(result.params.data)
    panel = {
        "kind": "history", "main": True, "layers": result.dead.shape[1], "strips": STRIPS, "clip": result.params.clip,
        "guess": {"loss": math.log(of), "name": f"ln {of}"},  # of who gives every class the same probability
        "title": "Every layer at every step of the training",
    }  # fmt: skip
    beside: dict[str, Any] = {strip["array"]: _range(strip, others) for strip in STRIPS}
    header = {
        "name": "dlviz-training", "clip": clip.name, "steps": result.steps.tolist(), "of": clip.last, "done": clip.done,
        "until": max(clip.last, clip.until), "again_ms": clip.again_ms, "panels": [panel], "bar": True, "begin": 0,
        "beside": beside | {"loss": [float(_finite(other.loss).max(initial=0)) for other in others]},
        "framed": [*(strip["array"] for strip in STRIPS), "total", "clipped", "batch_loss", "taken", "loss", "accuracy"],
    }  # fmt: skip
    logs = {"total": True, **{strip["array"]: strip["log"] for strip in STRIPS}}
    plain = ("clipped", "batch_loss", "taken", "loss", "accuracy")
    return pack(
        header, **{name: _shown(getattr(result, name), log) for name, log in logs.items()},
        **{name: getattr(result, name).astype(np.float32) for name in plain},
    )  # fmt: skip


def _shown(values: np.ndarray, log: bool) -> np.ndarray:
    """Values as they are drawn, float32."""
    with np.errstate(divide="ignore", over="ignore"):
        shown: np.ndarray = (np.log10(values) if log else values).astype(np.float32)
    return shown


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def _range(strip: dict[str, Any], others: tuple[Result, ...]) -> list[float]:
    """The smallest and the largest value that others draw in a strip; empty if there is none."""
    drawn = [_finite(_shown(getattr(other, strip["array"]), strip["log"])) for other in others]
    values = np.concatenate([*drawn, np.zeros(0, dtype=np.float32)])
    return [float(values.min()), float(values.max())] if len(values) else []
