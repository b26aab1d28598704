"""What happened before: a run may go on from a step of another, with other settings and with weights changed by hand.

In a link it is one text, a JSON list of legs, oldest first: [[steps, {settings}, [[layer, to, from, value]...]]...].
A leg runs for so many steps with the settings named (all others at their defaults); then the weights named are set.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlviz.fields import ParameterError

LEGS, EDITS = 6, 12
LARGEST = 100.0  # of a weight set by hand
EXPECTED = f"at most {LEGS} legs [steps, {{settings}}, [[layer, to, from, value], ...]] with at most {EDITS} weights each"


@dataclass(frozen=True)
class Edit:
    """One weight set by hand: `layer` from 0, to unit `to`, from unit `source`; -1 stands for the bias."""

    layer: int
    to: int
    source: int
    value: float


@dataclass(frozen=True)
class Leg:
    """`steps` steps with these settings, then the edits."""

    steps: int
    settings: Mapping[str, Any]
    edits: tuple[Edit, ...]


def read_legs(name: str, text: str, settings: Sequence[str], widths: Sequence[int]) -> tuple[Leg, ...]:
    """The legs that a link's text tells of; `widths` are the units of every layer, (in, hidden..., out).

    ParameterError, under the field's `name`, if it is no such list, names a setting that is not one of `settings`, or a weight
    that the network does not have.
    """
    try:
        told = json.loads(text) if text else None
        if told is not None and not (isinstance(told, list) and told):
            raise ValueError("no list")
        legs = tuple(Leg(_whole(steps), dict(chosen), tuple(_edit(*edit) for edit in edits)) for steps, chosen, edits in told or ())
    except (ValueError, TypeError, RecursionError):
        raise ParameterError(name, text, EXPECTED) from None
    if len(legs) > LEGS or any(len(leg.edits) > EDITS or leg.steps < 0 for leg in legs):
        raise ParameterError(name, text, EXPECTED)
    for leg in legs:
        if unknown := [setting for setting in leg.settings if setting not in settings]:
            raise ParameterError(name, unknown[0], f"settings among {', '.join(settings)}")
        for edit in leg.edits:
            _check(name, edit, widths)
    return legs


def _edit(layer: object, to: object, source: object, value: float) -> Edit:
    return Edit(_whole(layer), _whole(to), _whole(source), value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{value} is no whole number")
    return value


def _check(name: str, edit: Edit, widths: Sequence[int]) -> None:
    inside = 0 <= edit.layer < len(widths) - 1 and 0 <= edit.to < widths[edit.layer + 1] and -1 <= edit.source < widths[edit.layer]
    if not inside:
        raise ParameterError(name, f"weight {edit.layer}, {edit.to}, {edit.source}", f"a weight of a network of {list(widths)} units")
    if isinstance(edit.value, bool) or not isinstance(edit.value, int | float) or not abs(edit.value) <= LARGEST:
        raise ParameterError(name, edit.value, f"a weight from {-LARGEST:g} to {LARGEST:g}")
