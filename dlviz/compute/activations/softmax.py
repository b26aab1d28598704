"""View Softmax: logits and a temperature become probabilities; their Jacobian, entropy, odds, and the naive formula's overflow."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from dlviz import params as p
from dlviz.fields import ParameterError
from dlviz.results import Fact
from dlviz.results import Result as Base

MOST = 8  # classes
DTYPES = {"float32": torch.float32, "float64": torch.float64, "float16": torch.float16}


@dataclass(frozen=True)
class Params(p.Params):
    """The logits, the temperature, which class is followed, and the number format in which the naive formula is tried."""

    logits: tuple[float, ...] = p.numbers(
        (2.0, 1.0, 0.0, -1.0), -1000, 1000, 0.01, at_least=2, at_most=MOST, label="Logits", stage=True, help="Drag the bars."
    )
    temperature: float = p.number(1, 0.05, 20, 0.01, label="Temperature T", stage=True)
    chosen: str = p.choice(
        "1", {str(i): str(i) for i in range(1, MOST + 1)}, label="Followed class", stage=True, help="Its logit is swept below."
    )
    precision: str = p.choice(
        "float32", {name: name for name in DTYPES}, label="Number format of the two formulas", help="What the naive formula overflows in."
    )

    def check(self) -> None:
        if int(self.chosen) > len(self.logits):
            raise ParameterError("chosen", self.chosen, f"a class from 1 to {len(self.logits)}")

    def index(self) -> int:
        """The followed class, counted from 0."""
        return int(self.chosen) - 1

    def rival(self) -> int:
        """The strongest other class, counted from 0; the first of several equal ones."""
        others = [i for i in range(len(self.logits)) if i != self.index()]
        return max(others, key=lambda i: self.logits[i])

    def with_classes(self, count: int) -> Self:
        """The same settings with classes taken from the end, or added there with logit 0."""
        logits = (self.logits + (0.0,) * MOST)[:count]
        return replace(self, logits=logits, chosen=str(min(int(self.chosen), count)))


@dataclass(frozen=True, eq=False)
class Result(Base):
    """All float64: `probabilities` (n,); `jacobian` (n, n), dp_i/dz_j by autograd; `naive`, `shifted` (n,) in the number format.

    `naive_terms` (n,) are exp(z/T) in that format and may be inf; `naive` may be nan. `sweep` (2, points): the followed
    logit and its class's probability, the other logits held.
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    probabilities: np.ndarray
    jacobian: np.ndarray
    naive_terms: np.ndarray
    naive: np.ndarray
    shifted: np.ndarray
    sweep: np.ndarray

    def facts(self) -> dict[str, Fact]:
        """The distribution's scalars, the followed class against its strongest rival, and whether the naive formula survived."""
        i, j = self.params.index(), self.params.rival()
        p_all, temperature = self.probabilities, self.params.temperature
        entropy = float(torch.special.entr(torch.from_numpy(p_all)).sum())
        gap = self.params.logits[i] - self.params.logits[j]
        logits = np.array(self.params.logits)
        ties = int((logits == logits.max()).sum())
        return {
            "winner": Fact(float(p_all.argmax() + 1), "argmax: class"),
            "winner_probability": Fact(float(p_all.max()), "winner's probability"),
            "ties": Fact(float(ties), "classes that share the largest logit"),
            "classes": Fact(float(len(p_all)), "classes"),
            "entropy": Fact(entropy, "entropy", "nats"),
            "entropy_bits": Fact(entropy / math.log(2), "entropy", "bits"),
            "perplexity": Fact(math.exp(entropy), "perplexity", "classes"),
            "logit_gap": Fact(gap, "logit of the followed class above its rival's"),
            "log_odds": Fact(gap / temperature, "log odds, followed class : its rival"),
            "odds": Fact(_finite(_exp(gap / temperature)), "odds, followed class : its rival"),
            "chosen_probability": Fact(float(p_all[i]), "probability of the followed class"),
            "sigmoid_of_log_odds": Fact(float(torch.sigmoid(torch.tensor(gap / temperature, dtype=torch.float64))), "σ(log odds)"),
            "chosen_slope": Fact(float(self.jacobian[i, i]), "∂p/∂z of the followed class"),
            "row_sum": Fact(float(np.abs(self.jacobian.sum(1)).max()), "largest row sum of the Jacobian"),
            "naive_undefined": Fact(float(np.isnan(self.naive).sum()), "naive formula: entries that are not a number"),
            "naive_fails": Fact(float(not abs(self.naive.sum() - 1) < 1e-2), "naive formula: 1 if its sum is not 1"),
            "naive_largest_term": Fact(_finite(self.naive_terms.max()), "naive formula: largest exp(z/T)"),
            "shifted_sum": Fact(float(self.shifted.sum()), "shifted formula: sum", rtol=1e-2),
        }


def softmax(logits: Tensor, temperature: float) -> Tensor:
    """p_i = exp(z_i/T) / sum_j exp(z_j/T), by the shift that cannot overflow; same shape as `logits` (n,)."""
    scaled = logits / temperature
    terms = torch.exp(scaled - scaled.max().detach())
    return terms / terms.sum()


def naive_softmax(logits: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """exp(z_i/T) and their shares of the sum, as the formula stands: inf and nan once exp overflows. Both (n,)."""
    terms = torch.exp(logits / temperature)
    return terms, terms / terms.sum()


def sweep_range(params: Params) -> tuple[float, float]:
    """The logits over which the followed class is swept: as far each way as odds of e^6 against the others reach."""
    others = torch.tensor([z for i, z in enumerate(params.logits) if i != params.index()], dtype=torch.float64)
    middle = float(params.temperature * torch.logsumexp(others / params.temperature, 0))
    return middle - 6 * params.temperature, middle + 6 * params.temperature


def _exp(x: float) -> float:
    return math.exp(x) if x < 709 else math.inf


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def compute(params: Params) -> Result:
    """The probabilities in float64, their Jacobian by autograd, the sweep, and both formulas in the chosen number format."""
    temperature, i = params.temperature, params.index()
    logits = torch.tensor(params.logits, dtype=torch.float64)
    jacobian = torch.func.jacrev(lambda z: softmax(z, temperature))(logits)  # (n, n)
    low, high = sweep_range(params)
    swept = logits.repeat(121, 1)  # (points, n)
    swept[:, i] = torch.linspace(low, high, 121, dtype=torch.float64)
    sweep = torch.stack([swept[:, i], torch.func.vmap(lambda z: softmax(z, temperature))(swept)[:, i]])
    rough = logits.to(DTYPES[params.precision])
    terms, naive = naive_softmax(rough, temperature)
    return Result(
        params=params,
        probabilities=softmax(logits, temperature).numpy(),
        jacobian=jacobian.numpy(),
        naive_terms=terms.double().numpy(),
        naive=naive.double().numpy(),
        shifted=softmax(rough, temperature).double().numpy(),
        sweep=sweep.numpy(),
    )
