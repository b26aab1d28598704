"""What can be said of a function of one number, measured from the function itself rather than looked up."""

import math

import torch
from torch import Tensor

from dlviz.compute.derivatives import derivatives
from dlviz.compute.quadrature import normal_mean
from dlviz.nets.mlp import Function

# Where "far out" is: 1e4 input units. A side saturates if the slope there is below FLAT.
FAR = 1e4
FLAT = 1e-6

PROPERTIES = (
    "lowest", "lowest_at", "highest", "highest_at", "largest_slope", "largest_slope_at", "smallest_slope", "slope_jump_at_0",
    "rises", "falls", "saturates_left", "saturates_right", "mean", "second_moment", "slope_second_moment", "saturated_share", "gain",
)  # fmt: skip


def properties(function: Function, threshold: float) -> dict[str, float]:
    """The PROPERTIES of a function, in float64; nan where one is undefined, inf for no bound, 1 or 0 for yes or no.

    Places (`..._at`) are -inf or inf where the value is reached or approached far to the left or right.
    `saturated_share` is the probability that |f'(z)| < threshold for z ~ N(0, 1); `gain` is 1/sqrt(E[f(z)^2]),
    the factor that keeps the second moment of a wide layer (He et al. 2015, section 2.2, for any f).
    """

    def value(x: Tensor) -> Tensor:
        return derivatives(function, x)[0]

    def slope(x: Tensor) -> Tensor:
        return derivatives(function, x)[1]

    near = torch.arange(-8000, 8001, dtype=torch.float64) / 200  # -40 to 40, with 0 and the usual kinks exactly on it
    tail = torch.logspace(math.log10(41), math.log10(FAR), 200, dtype=torch.float64)
    x = torch.cat([-tail.flip(0), near, tail])
    f, df, _ = derivatives(function, x)
    rise = torch.diff(f)
    mean, second_moment = normal_mean(value), normal_mean(lambda z: value(z) ** 2)
    found = {
        "mean": mean,
        "second_moment": second_moment,
        "slope_second_moment": normal_mean(lambda z: slope(z) ** 2),
        "saturated_share": normal_mean(lambda z: (slope(z).abs() < threshold).double(), 1e-7),
        "gain": 1 / math.sqrt(second_moment) if second_moment > 0 else math.nan,
        "slope_jump_at_0": float(slope(torch.tensor([-1e-9, 1e-9], dtype=torch.float64)).diff()),
        "rises": float((rise >= -1e-12).all()),
        "falls": float((rise <= 1e-12).all()),
        "saturates_left": float(df[0].abs() < FLAT),
        "saturates_right": float(df[-1].abs() < FLAT),
    }
    found["highest"], found["highest_at"] = highest(value, x, f)
    negative, found["lowest_at"] = highest(lambda x: -value(x), x, -f)
    found["lowest"] = -negative
    found["largest_slope"], found["largest_slope_at"] = highest(slope, x, df)
    negative, _ = highest(lambda x: -slope(x), x, -df)
    found["smallest_slope"] = -negative
    return {name: found[name] + 0.0 for name in PROPERTIES}


def highest(function: Function, x: Tensor, f: Tensor) -> tuple[float, float]:
    """The supremum of a function and its place, from samples `f` at `x` and three ever finer looks around the best one.

    Place -inf or inf: the best value is (also) reached or approached at that end. The value is inf if it still grows there.
    """
    if bool(f.isnan().all()):
        return math.nan, math.nan
    finite = _without_nan(f)
    best = int(finite.argmax())
    for place, index in ((-math.inf, 0), (math.inf, -1)):
        if not bool(finite[index] >= finite[best] - 1e-12):
            continue
        return (math.inf if _grows(function, math.copysign(1.0, place)) else float(finite[index])), place
    if bool(finite[best].isinf()):
        return math.inf, float(x[best])
    centre, width = x[best], float(x[min(best + 1, x.numel() - 1)] - x[max(best - 1, 0)]) / 2
    for _ in range(3):
        around = centre + width * torch.linspace(-1, 1, 201, dtype=torch.float64)
        values = _without_nan(function(around))
        if float(values.max()) > float(finite[best]):
            centre = around[int(values.argmax())]
        width /= 50
    found = max(float(finite[best]), float(function(centre[None])[0]))
    pole = found > 100 * max(1.0, abs(float(finite[best])))
    return (math.inf if pole else found), round(float(centre), 6) + 0.0  # found to about 1e-7


def _grows(function: Function, side: float) -> bool:
    """Whether f has no bound far out: it is infinite there, or it rises as much from 1e3 to 1e4 as from 1e2 to 1e3, as log does."""
    a, b, c = function(side * torch.tensor([1e2, 1e3, FAR], dtype=torch.float64)).tolist()
    return math.isinf(c) or (c - b > 1e-9 * max(1.0, abs(c)) and c - b > 0.5 * (b - a))


def _without_nan(f: Tensor) -> Tensor:
    return f.nan_to_num(nan=-math.inf, posinf=math.inf, neginf=-math.inf)
