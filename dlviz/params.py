"""Params: the settings of a view, written once. Widgets, links, cache keys, scenes and scripts are all derived from them.

A view's settings are a frozen dataclass whose fields are made by `number`, `choice`, `choices`, `numbers`, `text`, `lines`, `switch`
and `asset`:

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class Optimiser(Params):
...     name: str = choice("sgd", {"sgd": "SGD", "momentum": "SGD with momentum"}, label="Optimiser")
...     momentum: float = number(0.9, 0.0, 0.99, 0.01, label="Momentum", when=("name", "momentum"))
>>> Optimiser(momentum=0.5).canonical()          # momentum does not apply to plain SGD
Optimiser(name='sgd', momentum=0.9)
>>> Optimiser(momentum=7)
Traceback (most recent call last):
...
dlviz.fields.ParameterError: momentum is 7: expected a number from 0 to 0.99.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from dlviz.fields import Asset, Choice, Choices, Number, Numbers, Spec, Switch
from dlviz.texts import Lines, Text


def _field(default: object, spec: Spec) -> Any:
    return field(default=default, metadata={"spec": spec})


def number(default: float, low: float, high: float, step: float, **about: Any) -> Any:
    """A dataclass field for a number; `about` are the fields of `Number`."""
    return _field(float(default), Number(low=float(low), high=float(high), step=float(step), **about))


def choice(default: str, options: Mapping[str, str], **about: Any) -> Any:
    """A dataclass field for one of `options` (slug → label)."""
    return _field(default, Choice(options=options, **about))


def choices(default: tuple[str, ...], options: Mapping[str, str], **about: Any) -> Any:
    """A dataclass field for several of `options` (slug → label)."""
    return _field(default, Choices(options=options, **about))


def numbers(default: tuple[float, ...], low: float, high: float, step: float, **about: Any) -> Any:
    """A dataclass field for a short list of numbers."""
    return _field(default, Numbers(low=float(low), high=float(high), step=float(step), **about))


def text(default: str, at_most: int, **about: Any) -> Any:
    """A dataclass field for a line of text."""
    return _field(default, Text(at_most=at_most, **about))


def lines(default: str, at_most: int, **about: Any) -> Any:
    """A dataclass field for text of several lines."""
    return _field(default, Lines(at_most=at_most, **about))


def switch(default: bool, **about: Any) -> Any:
    """A dataclass field for on or off."""
    return _field(default, Switch(**about))


def asset(**about: Any) -> Any:
    """A dataclass field for something that is brought and kept by `dlviz.assets`; empty at first."""
    return _field("", Asset(stage=True, **about))


@dataclass(frozen=True)
class Params:
    """Base of every view's settings: immutable, hashable, checked on construction."""

    def __post_init__(self) -> None:
        for name, spec in self.specs().items():
            object.__setattr__(self, name, spec.check(name, getattr(self, name)))
        self.check()

    def check(self) -> None:
        """Rules between fields, for a view to override; raises ParameterError."""

    @classmethod
    def specs(cls) -> dict[str, Spec]:
        """Every field's name and what it says about itself, in order."""
        return {f.name: f.metadata["spec"] for f in fields(cls)}

    @classmethod
    def default(cls, name: str) -> Any:
        """The default of one field."""
        return next(f.default for f in fields(cls) if f.name == name)

    def applies(self, name: str) -> bool:
        """Whether a field has any effect under the present settings: its condition holds, and what it depends on has an effect."""
        spec = self.specs()[name]
        return spec.when is None or (self.applies(spec.when[0]) and spec.applies_to(getattr(self, spec.when[0])))

    def canonical(self) -> Self:
        """The same settings with every field that has no effect at its default: equal pictures, equal Params."""
        idle = {name: self.default(name) for name in self.specs() if not self.applies(name)}
        return replace(self, **idle)

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain Python values, in the order of the fields."""
        return {name: getattr(self, name) for name in self.specs()}

    def differing(self, other: Self) -> list[str]:
        """The fields whose effective values are not the same in both."""
        mine, theirs = self.canonical().as_dict(), other.canonical().as_dict()
        return [name for name in mine if mine[name] != theirs[name]]

    def for_log(self) -> dict[str, Any]:
        """The settings with the user's own words replaced by their length."""
        hidden = {name: f"<{len(getattr(self, name))} characters>" for name, spec in self.specs().items() if spec.private}
        return self.as_dict() | hidden


def key(view: str, params: Params) -> str:
    """The name under which a view's result is shared and kept: sha256 of the canonical settings as JSON, 64 hex digits."""
    canonical = json.dumps([view, params.canonical().as_dict()], sort_keys=True, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
