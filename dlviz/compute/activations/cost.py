"""View Cost: what each activation costs an element, forward and backward, measured on this machine at this moment."""

import platform
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from dlviz import params as p
from dlviz import runtime
from dlviz.compute.activations.curve import FRONT, LABELS
from dlviz.compute.activations.stopwatch import KINDS, devices, measure
from dlviz.nets.activations import ACTIVATIONS
from dlviz.results import Fact, Snapshot
from dlviz.results import Result as Base

YARDSTICK = "relu"  # always measured: what the others are compared with
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float64": torch.float64}
PACE = 0.05  # seconds between two snapshots: with stopwatch.LIMIT no more of them than a job keeps
TIMING = 9.0  # relative tolerance of a time: another moment, let alone another machine, may give ten times as much


@dataclass(frozen=True)
class Params(p.Params):
    """What is measured, on how large a tensor, and how often."""

    functions: tuple[str, ...] = p.choices(
        tuple(name for name in FRONT if name != YARDSTICK),
        {name: LABELS[name] for name in FRONT if name != YARDSTICK},
        label="Functions beside ReLU", help="ReLU is always measured: it is what the others are compared with.",
    )  # fmt: skip
    exponent: float = p.number(20, 10, 22, 1, label="Elements: 2 to the power", help="10: 1,024 elements. 20: 1,048,576 elements.")
    precision: str = p.choice("float32", {name: name for name in DTYPES}, label="Numbers")
    more_functions: tuple[str, ...] = p.choices(
        (), {name: LABELS[name] for name in ACTIVATIONS if name not in FRONT}, label="Functions besides", more=True
    )
    repetitions: float = p.number(
        15, 5, 205, 10, label="Repetitions", more=True, help="Of every measurement; after 10 seconds no more are begun."
    )
    run: float = p.number(1, 1, 999, 1, label="Measurement", stage=True)

    def names(self) -> tuple[str, ...]:
        """The functions that are measured, in the order of the catalogue."""
        return tuple(name for name in ACTIVATIONS if name in (YARDSTICK, *self.functions, *self.more_functions))

    def elements(self) -> int:
        """Numbers in the tensor."""
        return 2 ** int(self.exponent)


@dataclass(frozen=True, eq=False)
class Result(Base):
    """`times` (rounds, devices, KINDS, functions): nanoseconds a call, nan where nothing was measured; and when and on what.

    `began` is in seconds since 1970; `devices` are "cpu" and, where there is one, "cuda"; `machine` names them for people.
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    began: float
    devices: tuple[str, ...]
    machine: tuple[str, ...]
    times: np.ndarray

    def quartiles(self) -> np.ndarray:
        """Lower quartile, median and upper quartile, (devices, KINDS, functions, 3): of a call in ns, else in ns per element."""
        found = np.full((*self.times.shape[1:], 3), np.nan)
        for place in np.ndindex(self.times.shape[1:]):
            measured = self.times[(slice(None), *place)]
            measured = measured[np.isfinite(measured)]
            if len(measured):
                found[place] = np.quantile(measured, [0.25, 0.5, 0.75])
        found[:, 1:] /= self.params.elements()
        return found

    def least(self) -> np.ndarray:
        """The quickest repetition, the one that was disturbed least, (devices, KINDS, functions): of a call in ns, else per element."""
        found = np.where(np.isnan(self.times), np.inf, self.times).min(0)
        found[:, 1:] /= self.params.elements()
        return np.where(np.isinf(found), np.nan, found)

    def rounds(self) -> int:
        """Complete rounds so far; that the step function has no backward pass is no gap."""
        there = np.isfinite(self.times)
        there[:, :, KINDS.index("both"), [name == "step" for name in self.params.names()]] = True
        return int(there.all((1, 2, 3)).sum())

    def facts(self) -> dict[str, Fact]:
        """Of each device medians and quickest repetitions; of the CPU also how they compare, and how much is the call itself.

        Claims are made about the quickest repetitions: whatever else the machine does makes the others longer, never shorter.
        """
        quartiles, least, names = self.quartiles(), self.least(), self.params.names()
        elements, size = self.params.elements(), DTYPES[self.params.precision].itemsize
        facts = {
            "elements": Fact(elements, "elements"),
            "bytes_per_element": Fact(size, "bytes of a number"),
            "tensor_bytes": Fact(elements * size, "bytes of the tensor"),
            "functions_measured": Fact(len(names), "functions"),
            "repetitions": Fact(self.rounds(), "repetitions"),
            "threads": Fact(torch.get_num_threads(), "threads"),
        }
        for d, device in enumerate(self.devices):
            facts |= _of_a_device("gpu_" if device == "cuda" else "", quartiles[d, :, :, 1], least[d], names)
        relu = names.index(YARDSTICK)
        forward, both = quartiles[0, 1:, relu, 1]
        call, whole = least[0, 0, relu], elements * least[0, 1, relu]
        medians = quartiles[0, 1, :, 1]
        spreads = (quartiles[0, 1:, :, 2] - quartiles[0, 1:, :, 0]) / quartiles[0, 1:, :, 1]
        slowest, fastest = int(np.nanargmax(medians)), int(np.nanargmin(medians))
        return facts | {
            "relu_forward": _time(forward, "ReLU, forward", "ns per element"),
            "relu_both": _time(both, "ReLU, forward + backward", "ns per element"),
            "relu_call": _time(call, "ReLU of one element, quickest", "ns"),
            "relu_whole": _time(whole, "ReLU of all elements, quickest", "ns"),
            "call_share": _time(min(1.0, call / whole), "of ReLU’s forward pass is the call itself", "%"),
            "slowest_ratio": _time(medians[slowest] / forward, f"forward, {LABELS[names[slowest]]} / ReLU"),
            "fastest": _time(medians[fastest], f"fastest forward: {LABELS[names[fastest]]}", "ns per element"),
            "slowest": _time(medians[slowest], f"slowest forward: {LABELS[names[slowest]]}", "ns per element"),
            "spread": _time(np.nanmedian(spreads), "quartiles apart, of the median", "%"),
        }


def _of_a_device(prefix: str, medians: np.ndarray, least: np.ndarray, names: Sequence[str]) -> dict[str, Fact]:
    """Every function's median and quickest times, both (KINDS, functions), and their ratios."""
    facts: dict[str, Fact] = {}
    relu = names.index(YARDSTICK)
    for i, name in enumerate(names):
        (call, forward, both), label = medians[:, i], LABELS[name]
        facts |= {
            f"{prefix}call[{name}]": _time(call, f"{label} of one element", "ns"),
            f"{prefix}forward[{name}]": _time(forward, f"{label}, forward", "ns per element"),
            f"{prefix}both[{name}]": _time(both, f"{label}, forward + backward", "ns per element"),
            f"{prefix}least_call[{name}]": _time(least[0, i], f"{label} of one element, quickest", "ns"),
            f"{prefix}least_forward[{name}]": _time(least[1, i], f"{label}, forward, quickest", "ns per element"),
            f"{prefix}least_both[{name}]": _time(least[2, i], f"{label}, forward + backward, quickest", "ns per element"),
            f"{prefix}ratio[{name}]": _time(forward / medians[1, relu], f"{label} / ReLU, forward"),
            f"{prefix}backward_ratio[{name}]": _time(both / forward, f"{label}, forward + backward / forward"),
        }
    return facts


def _time(value: float, label: str, unit: str = "") -> Fact:
    return Fact(float(value) if np.isfinite(value) else None, label, unit, rtol=TIMING)


def compute(params: Params) -> Generator[Snapshot, None, Result]:
    """Measure, telling every PACE seconds what was measured since; returns the Result.

    Not before torch is warm: what is still being imported beside the first measurement would hold the interpreter's lock.
    """
    runtime.warm_up()
    began, told, names, found = time.time(), time.monotonic(), params.names(), devices()
    rounds = int(params.repetitions)
    last = rounds * len(found) * len(KINDS) * len(names)
    done, snapshots = 0, list[Snapshot]()
    new: list[tuple[int, float]] = []

    def tell() -> Snapshot:
        at, times = zip(*new, strict=True)
        snapshots.append(Snapshot(done, last, {"began": np.array(began), "at": np.array(at), "times": np.array(times)}))
        new.clear()
        return snapshots[-1]

    for one in measure(names, params.elements(), DTYPES[params.precision], found, rounds):
        new.append(one)
        done += 1
        if time.monotonic() - told > PACE:
            yield tell()
            told = time.monotonic()
    if new:
        yield tell()
    return gather(params, snapshots)


def gather(params: Params, snapshots: Sequence[Snapshot]) -> Result:
    """What was measured so far as one Result."""
    found = devices()
    times = np.full((int(params.repetitions), len(found), len(KINDS), len(params.names())), np.nan)
    for one in snapshots:
        times.reshape(-1)[one.arrays["at"]] = one.arrays["times"]
    return Result(params=params, began=float(snapshots[0].arrays["began"]), devices=found, machine=machine(found), times=times)


def machine(found: Sequence[str]) -> tuple[str, ...]:
    """What the devices are called."""
    cpu = f"CPU ({platform.machine()}, {torch.backends.cpu.get_cpu_capability()}), one thread"
    return tuple(torch.cuda.get_device_name() if device == "cuda" else cpu for device in found)
