"""The kinds of fields that settings are made of: each checks a value, and writes it into a link and reads it back."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ASSET = re.compile(r"[0-9a-f]{64}")
NAMED = 24  # options that a message names one by one
QUOTED = 40  # characters of a wrong value that a message repeats


class ParameterError(ValueError):
    """A setting that cannot be used: which field, its value, and what was expected, as one sentence."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        self.name, self.value, self.expected = name, value, expected
        super().__init__(f"{name} is {quote(value)}: expected {expected}.")


def quote(value: object) -> str:
    """The value as a message shows it: on one line, at most QUOTED characters, text in quotation marks."""
    if isinstance(value, int) and abs(value) >= 10**QUOTED:
        return "a very large number"  # Python refuses to write the longest ones
    shown = repr(value) if isinstance(value, str) else str(value)
    return shown if len(shown) <= QUOTED else f"{shown[:QUOTED]}…"


def plain(value: float) -> str:
    """A number as people write it: 3 rather than 3.0.

    >>> plain(3.0), plain(0.25), plain(-1e-07)
    ('3', '0.25', '-1e-07')
    """
    return f"{value:.12g}"


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What every kind of field says about itself.

    `when=(other, value)`: the field applies only if the other field equals the value, or one of several values in a tuple;
    a field of several choices, if it contains the value.
    `more`: the control stands behind "more". `stage`: it is edited in the picture itself and has no widget.
    `private`: the user's own words, which are never logged. `was`: earlier names, so that old links still work.
    """

    label: str
    help: str = ""
    when: tuple[str, str | tuple[str, ...]] | None = None
    more: bool = False
    stage: bool = False
    private: bool = False
    was: tuple[str, ...] = ()

    def applies_to(self, value: object) -> bool:
        """Whether the field applies where the other field of its condition has this value."""
        wanted = self.when[1] if self.when else ()
        if isinstance(value, tuple | list):
            return wanted in value
        return value in wanted if isinstance(wanted, tuple) else value == wanted

    def check(self, name: str, value: object) -> Any:
        """The value in its normal form; ParameterError if it is none."""
        raise NotImplementedError

    def encode(self, value: Any) -> str:
        """The value as it stands in a link."""
        return str(value)

    def decode(self, name: str, text: str) -> Any:
        """The value that a link's text stands for; ParameterError if it is none."""
        return self.check(name, text)

    def brief(self, value: Any) -> str:
        """The value as a notice repeats it, on one line."""
        return self.encode(value) or "empty"

    def say(self, value: Any) -> str:
        """The setting in words: its label and its value.

        >>> Number(label="Learning rate", low=0, high=1, step=0.1).say(0.3), Switch(label="L1 penalty").say(True)
        ('learning rate 0.3', 'L1 penalty on')
        """
        label = self.label if self.label[1:2].isupper() or self.label[1:2].isdigit() else self.label[:1].lower() + self.label[1:]
        return f"{label} {self._shown(value)}"

    def _shown(self, value: Any) -> str:
        return self.encode(value)


@dataclass(frozen=True, kw_only=True)
class Number(Spec):
    """A real number from `low` to `high`. `scale="log"`: its control has `step` stops per decade."""

    low: float
    high: float
    step: float
    unit: str = ""
    scale: str = "linear"

    @property
    def expected(self) -> str:
        return f"a number from {plain(self.low)} to {plain(self.high)}"

    def check(self, name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ParameterError(name, value, self.expected)
        if not self.low <= value <= self.high:  # nan is nowhere between
            raise ParameterError(name, value, self.expected)
        # One value, one text: as many digits as a link has, and no -0.0.
        return float(plain(float(value))) + 0.0

    def encode(self, value: float) -> str:
        return plain(value)

    def decode(self, name: str, text: str) -> float:
        try:
            return self.check(name, float(text))
        except ParameterError:
            raise
        except ValueError:
            raise ParameterError(name, text, self.expected) from None

    def stops(self) -> list[float]:
        """The values of a logarithmic control: `step` a decade, rounded to two digits, from low to high.

        >>> Number(label="", low=0.01, high=1.0, step=3, scale="log").stops()
        [0.01, 0.022, 0.046, 0.1, 0.22, 0.46, 1.0]
        """
        first, last = math.log10(self.low), math.log10(self.high)
        count = round((last - first) * self.step)
        return [float(f"{10 ** (first + i / self.step):.2g}") for i in range(count)] + [self.high]


@dataclass(frozen=True, kw_only=True)
class Choice(Spec):
    """One of the slugs in `options`, which maps each to its label."""

    options: Mapping[str, str]

    def check(self, name: str, value: object) -> str:
        if not isinstance(value, str) or value not in self.options:
            raise ParameterError(name, value, self.expected)
        return value

    @property
    def expected(self) -> str:
        """All slugs, or the first few of very many.

        >>> Choice(label="", options={str(i): "" for i in range(1000)}).expected
        'one of 1000 choices: 0, 1, 2, 3 and so on'
        """
        if len(self.options) <= NAMED:
            return f"one of {', '.join(self.options)}"
        return f"one of {len(self.options)} choices: {', '.join(list(self.options)[:4])} and so on"

    def say(self, value: Any) -> str:
        """The option's label, which speaks for itself where its control stands beside it and it is no number."""
        return super().say(value) if self.stage or self.options[value].isdigit() else self.options[value]

    def _shown(self, value: str) -> str:
        return self.options[value]


@dataclass(frozen=True, kw_only=True)
class Choices(Spec):
    """Several of the slugs in `options`, in the order of the options; a link joins them by commas."""

    options: Mapping[str, str]
    at_least: int = 0

    def check(self, name: str, value: object) -> tuple[str, ...]:
        expected = f"{'some' if self.at_least else 'any'} of {', '.join(self.options)}, separated by commas"
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ParameterError(name, value, expected)
        chosen = tuple(value)
        for slug in chosen:
            if not isinstance(slug, str) or slug not in self.options:
                raise ParameterError(name, slug, expected)
        if len(set(chosen)) < self.at_least:
            raise ParameterError(name, "empty", expected)
        return tuple(slug for slug in self.options if slug in chosen)

    def encode(self, value: tuple[str, ...]) -> str:
        return ",".join(value)

    def decode(self, name: str, text: str) -> tuple[str, ...]:
        return self.check(name, [slug for slug in text.split(",") if slug])

    def _shown(self, value: tuple[str, ...]) -> str:
        return ", ".join(self.options[slug] for slug in value) or "none"


@dataclass(frozen=True, kw_only=True)
class Numbers(Spec):
    """A short list of numbers, each from `low` to `high`; a link joins them by commas."""

    low: float
    high: float
    step: float
    at_least: int
    at_most: int

    @property
    def how_many(self) -> str:
        return f"{self.at_least} to {self.at_most}" if self.at_least < self.at_most else str(self.at_most)

    def check(self, name: str, value: object) -> tuple[float, ...]:
        expected = f"{self.how_many} numbers from {plain(self.low)} to {plain(self.high)}, separated by commas"
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ParameterError(name, value, expected)
        items = tuple(value)
        if not self.at_least <= len(items) <= self.at_most:
            raise ParameterError(name, f"a list of {len(items)}", expected)
        each = Number(label=self.label, low=self.low, high=self.high, step=self.step)
        try:
            return tuple(each.check(name, item) for item in items)
        except ParameterError as error:
            raise ParameterError(name, error.value, expected) from None

    def encode(self, value: tuple[float, ...]) -> str:
        return ",".join(plain(item) for item in value)

    def decode(self, name: str, text: str) -> tuple[float, ...]:
        try:
            return self.check(name, [float(item) for item in text.split(",")])
        except ParameterError:
            raise
        except ValueError:
            raise ParameterError(name, text, f"{self.how_many} numbers, separated by commas") from None

    def _shown(self, value: tuple[float, ...]) -> str:
        return ", ".join(plain(item) for item in value)


@dataclass(frozen=True, kw_only=True)
class Switch(Spec):
    """On or off; 1 or 0 in a link."""

    def check(self, name: str, value: object) -> bool:
        if not isinstance(value, bool):
            raise ParameterError(name, value, "1 (on) or 0 (off)")
        return value

    def encode(self, value: bool) -> str:
        return "1" if value else "0"

    def decode(self, name: str, text: str) -> bool:
        return self.check(name, {"1": True, "0": False}.get(text, text))

    def _shown(self, value: bool) -> str:
        return "on" if value else "off"


@dataclass(frozen=True, kw_only=True)
class Asset(Spec):
    """The name under which `dlviz.assets` keeps something that somebody brought: 64 hex digits; empty if nothing was brought."""

    def check(self, name: str, value: object) -> str:
        if not isinstance(value, str) or (value and not ASSET.fullmatch(value)):
            raise ParameterError(name, value, "the 64 hex digits of something that was brought here")
        return value

    def say(self, value: Any) -> str:
        """That there is one: its name is not for reading."""
        return f"{self.label.lower()} {value[:6]}…" if value else f"no {self.label.lower()}"
