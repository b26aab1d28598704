"""Results and facts, and the one form in which results leave memory: a .npz archive with a JSON header.

The header names the view, its settings, the facts, the compute module's RESULT_VERSION and the torch that made it.
Downloads use this form.
"""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np

from dlviz.fields import ParameterError
from dlviz.params import Params

HEADER = "header"
# what a damaged archive or header can raise, from zip, zlib, numpy, json and the dataclass
UNREADABLE = (
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    zlib.error,
    zipfile.BadZipFile,
)
SUPERSCRIPTS = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
RAISED = str.maketrans("-0123456789", SUPERSCRIPTS)
LOWERED = str.maketrans(SUPERSCRIPTS, "-0123456789")


class StaleResult(ValueError):
    """A stored result that another version of its compute module made; it has to be made again."""


@dataclass(frozen=True)
class Fact:
    """One named number a result stands for. `value` None: undefined here (said so, never drawn as 0).

    `label` is what the page calls it and `unit` what it is measured in; `rtol` is the relative tolerance within
    which another machine repeats it.
    """

    value: float | None
    label: str
    unit: str = ""
    rtol: float = 1e-6

    def text(self) -> str:
        """The value as a page shows it: three significant digits, a percentage if that is its unit; a dash where it is undefined.

        >>> Fact(0.24997, "slope").text(), Fact(0.0294, "share", "%").text(), Fact(2.54e-9, "gap").text(), Fact(None, "x").text()
        ('0.25', '2.94 %', '2.54·10⁻⁹', '–')
        """
        if self.value is None:
            return "–"
        return f"{three_digits(100 * self.value)} %" if self.unit == "%" else three_digits(self.value)

    def text_with_unit(self) -> str:
        """The value and its unit: "0.948 nats"."""
        return self.text() if self.unit == "%" else f"{self.text()} {self.unit}".rstrip()

    def latex(self) -> str:
        """The value as `text` gives it, in LaTeX.

        >>> Fact(-2.54e-9, "gap").latex(), Fact(None, "x").latex()
        ('-2.54\\\\cdot 10^{-9}', '\\\\text{undefined}')
        """
        if self.value is None:
            return r"\text{undefined}"
        shown = re.sub(f"[{SUPERSCRIPTS}]+", lambda power: f"^{{{power[0].translate(LOWERED)}}}", self.text())
        return shown.replace("−", "-").replace("·", r"\cdot ").replace(" %", r"\,\%")


def three_digits(value: float) -> str:
    """A number with three significant digits, a true minus sign, and powers of ten where it is very large or small.

    >>> three_digits(-1.2345), three_digits(1234.0), three_digits(1e6), three_digits(3)
    ('−1.23', '1234', '10⁶', '3')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        shown = f"{value:.0f}" if abs(value) >= 999.5 else f"{value:.3g}"
        return shown.replace("-", "−")
    mantissa, exponent = f"{value:.2e}".split("e")
    raised = str(int(exponent)).translate(RAISED)
    mantissa = f"{float(mantissa):g}".replace("-", "−")
    return f"10{raised}" if mantissa == "1" else f"{mantissa}·10{raised}"


Facts = Mapping[str, Fact]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One moment of a long computation: small numpy arrays, never tensors. `of` is the last step there will be."""

    step: int
    of: int
    arrays: Mapping[str, np.ndarray]

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        return sum(array.nbytes for array in self.arrays.values())


@dataclass(frozen=True)
class Progress:
    """How far a computation is while it has nothing to show: `step` of `of` steps of what it is `doing`, such as "training"."""

    step: int
    of: int
    doing: str


@dataclass(frozen=True, eq=False)
class Result:
    """Base of every view's result: numpy arrays and plain values, the settings they came from, and their facts."""

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[Params]] = Params
    params: Params

    def facts(self) -> dict[str, Fact]:
        """The named scalars this result stands for."""
        raise NotImplementedError

    def provenance(self) -> str:
        """Which model and which data the numbers come from, for the last line of the page; empty where the view has none."""
        return ""

    def to_npz(self, view: str) -> bytes:
        """The result as bytes: arrays as they are, everything else in the header."""
        import torch

        arrays = {f.name: value for f in fields(self) if isinstance(value := getattr(self, f.name), np.ndarray)}
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in arrays and f.name != "params"}
        header = {
            "view": view,
            "version": self.VERSION,
            "torch": torch.__version__,
            "params": self.params.as_dict(),
            "facts": {name: fact.value for name, fact in self.facts().items()},
            "values": plain,
        }
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **{HEADER: np.array(json.dumps(header))}, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_npz(cls, data: bytes, view: str) -> Self:
        """The result that `to_npz` wrote. StaleResult if another view or version wrote it, ValueError if it is no such archive."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                header = json.loads(str(archive[HEADER]))
                arrays = {name: archive[name] for name in archive.files if name != HEADER}
            found = (header["view"], header["version"])
            if found != (view, cls.VERSION):
                raise StaleResult(f"This result is {found[0]} version {found[1]}: expected {view} version {cls.VERSION}.")
            params = cls.PARAMS(**{name: _tuples(value) for name, value in header["params"].items()})
            return cls(params=params, **arrays, **{name: _tuples(value) for name, value in header["values"].items()})
        except (StaleResult, ParameterError):
            raise
        except UNREADABLE as error:
            raise ValueError("This is not a dlviz result: expected a .npz archive with a header.") from error


def _tuples(value: Any) -> Any:
    """JSON's lists as the tuples they were before."""
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
