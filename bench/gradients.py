"""What the topic Gradient flow costs in Python."""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from bench.computing import NUMBERS, clocked
from bench.ratios import Row, alternate
from dlviz.compute.gradients import depth
from dlviz.compute.gradients.flow import per_sample_norms

HUNDRED = 100.0  # milliseconds


def compare_depth(times: int) -> Row:
    """The whole result of Depth for fifty layers of 64 units, against a tenth of a second."""

    def new() -> depth.Params:
        return depth.Params(depth=50, seed=next(NUMBERS) % 999)

    found = alternate(3 * times, lambda: clocked(lambda: depth.compute(new())), lambda: HUNDRED, warm=3)
    return Row("depth", "Depth, 50 layers of 64 units: a tenth of a second", *found, bound=1)


def compare_per_sample(times: int) -> Row:
    """‖∂L_i/∂W‖ of 64 samples and 20 layers from one pass, against a loop over the samples; the loop over ours is to be 20 or more."""
    params = depth.Params(activation="tanh")
    task = params.task()
    net, x = params.network(task, torch.float32), task.x.float()

    def ours() -> None:
        out, blocks = net.forward(x)
        deltas = torch.autograd.grad(F.cross_entropy(out, task.y), [block.z for block in blocks])
        for block, delta in zip(blocks, deltas, strict=True):
            per_sample_norms(block.into.detach(), delta)

    def loop() -> None:
        for i in range(len(x)):
            loss = F.cross_entropy(net.forward(x[i : i + 1])[0], task.y[i : i + 1])
            [gradient.norm() for gradient in torch.autograd.grad(loss, net.weights[:-1])]

    found = alternate(times, lambda: clocked(ours), lambda: clocked(loop), warm=2)
    return Row("per-sample", "norms of 64 samples' gradients at once: in a loop", *found, bound=1 / 20)


ROWS: dict[str, Callable[[int], Row]] = {"depth": compare_depth, "per-sample": compare_per_sample}
