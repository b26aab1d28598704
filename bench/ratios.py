"""Ratios: dlviz and its yardstick measured in turn, so that whatever else the machine does hits both."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

PACKAGES = ("streamlit", "torch", "numpy", "altair", "playwright")


@dataclass(frozen=True)
class Row:
    """One figure: `ours` and `yardstick` in milliseconds, measured in turn; `bound`: the largest good ratio, if one is asked for."""

    name: str
    compared: str
    ours: list[float]
    yardstick: list[float]
    bound: float | None = None
    note: str = ""
    ratios: list[float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ratios", [a / b for a, b in zip(self.ours, self.yardstick, strict=True)])

    @property
    def ratio(self) -> float:
        """The median of the ratios of the alternations."""
        return median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """The quartiles of the ratios; all there is where there are fewer than four."""
        if len(self.ratios) < 4:
            return min(self.ratios), max(self.ratios)
        low, _, high = quantiles(self.ratios, n=4, method="inclusive")
        return low, high

    @property
    def verdict(self) -> str:
        """Whether the ratio keeps its bound; empty where there is none."""
        return "" if self.bound is None else "ok" if self.ratio <= self.bound else "over"

    def cells(self) -> list[str]:
        """The row as the table shows it."""
        low, high = self.spread
        bound = "" if self.bound is None else f"≤ {self.bound:g}"
        milliseconds = f"{_ms(median(self.ours))} : {_ms(median(self.yardstick))}"
        ratio = f"{_ratio(self.ratio)} ({_ratio(low)}–{_ratio(high)})"
        return [self.name, self.compared, ratio, bound, self.verdict, milliseconds, str(len(self.ratios)), self.note]

    def as_dict(self) -> dict[str, Any]:
        """The row for the JSON file, with every single measurement."""
        return {
            "name": self.name,
            "compared": self.compared,
            "ratio": self.ratio,
            "spread": self.spread,
            "bound": self.bound,
            "verdict": self.verdict,
            "note": self.note,
            "ours_ms": self.ours,
            "yardstick_ms": self.yardstick,
        }


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def _ms(value: float) -> str:
    return f"{value:.0f}" if value >= 20 else f"{value:.2g}"


def clocked(act: Callable[[], object]) -> float:
    """Milliseconds that `act` takes."""
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


def alternate(times: int, ours: Callable[[], float], yardstick: Callable[[], float], warm: int = 1) -> tuple[list[float], list[float]]:
    """Milliseconds of both, `times` each, in turn: ours first, then the yardstick first. The first `warm` rounds do not count."""
    found: list[tuple[float, float]] = []
    for number in range(warm + times):
        if number % 2:
            other = yardstick()
            found.append((ours(), other))
        else:
            found.append((ours(), yardstick()))
    return [a for a, _ in found[warm:]], [b for _, b in found[warm:]]


def machine() -> dict[str, Any]:
    """Where and with what this was measured."""
    information = Path("/proc/cpuinfo")
    names = (
        [line.split(":")[1].strip() for line in information.read_text().splitlines() if "model name" in line]
        if information.exists()
        else []
    )
    return {
        "cpu": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,  # far above what the bench itself makes: measure again
        "date": date.today().isoformat(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def table(rows: list[Row], about: dict[str, Any]) -> str:
    """All rows as a Markdown table, and the line that says where they were measured."""
    head = ["name", "dlviz against", "ratio (quartiles)", "bound", "", "ms", "N", "note"]
    cells = [head, *(row.cells() for row in rows)]
    wide = [max(len(line[i]) for line in cells) for i in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, wide, strict=True)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in wide) + "|")
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    where = f"{about['cpu']}, {about['cores']} cores, {about['system']}, Python {about['python']}, {versions}, {about['date']}"
    return "\n".join(lines) + f"\n\nMedians of alternating measurements; milliseconds are not judged. {where}."
