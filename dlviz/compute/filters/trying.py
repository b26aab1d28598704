"""What becomes of a trained network when some of its maps are switched off or weights are changed, on all held-out pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dlviz.compute.filters import recognising as nets
from dlviz.compute.filters import sets
from dlviz.compute.filters.learning import Result, trained
from dlviz.nets.convolutional import EPSILON, Convolutional

LARGEST = 9.0  # a weight typed or pulled lies between -LARGEST and LARGEST
MOST = 50_000  # changes in one message


class UnusableChange(ValueError):
    """What was asked for does not fit the network, as one sentence."""


@dataclass(frozen=True)
class Tried:
    """Accuracy on all held-out pictures, before and after the changes, and how many of the answers are others now."""

    before: float
    after: float
    other_answers: int


def folded(net: Convolutional) -> Convolutional:
    """The same function without batch norm, which for new pictures is a factor and a shift: w g/√(v + ε) and (b - m) g/√(v + ε) + s."""
    kernels, biases = [kernel.detach().clone() for kernel in net.kernels], [bias.detach().clone() for bias in net.biases]
    for layer, gain in enumerate(net.gains):
        factor = gain.detach() / (net.variances[layer] + EPSILON).sqrt()
        kernels[layer] *= factor[:, None, None, None]
        biases[layer] = (biases[layer] - net.means[layer]) * factor + net.shifts[layer].detach()
    return Convolutional(kernels, biases, net.head.detach().clone(), net.head_bias.detach().clone(), net.pool, net.reads)


def changed(net: Convolutional, off: Sequence[Any], weights: Sequence[Any]) -> Convolutional:
    """A folded network with maps (layer, map) always 0, and weights (layer, place, value) set. UnusableChange: one does not fit.

    A map is 0 after ReLU if its kernel and its bias are.
    """
    if not isinstance(off, list | tuple) or not isinstance(weights, list | tuple) or len(off) + len(weights) > MOST:
        raise UnusableChange("The changes could not be read.")
    for layer, place, value in (_numbers(each, 3) for each in weights):
        _check(0 <= layer < len(net.kernels) and 0 <= place < net.kernels[int(layer)].numel() and abs(value) <= LARGEST)
        net.kernels[int(layer)].view(-1)[int(place)] = value
    for layer, which in (_numbers(each, 2) for each in off):
        _check(0 <= layer < len(net.kernels) and 0 <= which < len(net.biases[int(layer)]))
        net.kernels[int(layer)][int(which)] = 0
        net.biases[int(layer)][int(which)] = 0
    return net


def _numbers(entry: Any, count: int) -> list[float]:
    """The numbers of one change, all but a third one whole."""
    good = isinstance(entry, list | tuple) and len(entry) == count and all(type(each) in (int, float) for each in entry)
    _check(good and all(float(each).is_integer() for each in entry[:2]))
    return list(entry)


def _check(fits: bool) -> None:
    if not fits:
        raise UnusableChange("The changes do not fit this network.")


def attempt(result: Result, off: Sequence[Any], weights: Sequence[Any]) -> Tried:
    """The trained network against itself with these changes."""
    held_out, net = sets.load(result.params.as_dict(), "held_out"), folded(trained(result))
    before = nets.score(net, held_out)
    after = nets.score(changed(net, off, weights), held_out) if off or weights else before
    return Tried(before.accuracy, after.accuracy, int((after.answers != before.answers).sum()))
