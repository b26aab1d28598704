"""Networks of one input, one hidden layer and one output: y(x) = sum_i w_i f(a_i x + b_i) + c, many of them side by side.

`theta` (nets, 3n + 1) holds one network a row: a_1..a_n, b_1..b_n, w_1..w_n, c. A unit's hinge is where its a x + b is 0.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]
# A unit of these is a straight line on each side of its hinge; the others bend over a width of about 1/a.
KINKED = ("relu", "leaky_relu", "identity")
FRAMES = 100  # snapshots of a training, besides its start
SMALLEST = 1e-8  # singular values below this share of the largest do not count when output weights are solved for


def grid() -> Tensor:
    """The 201 points from -1 to 1 on which everything is measured and trained; (201,)."""
    return torch.arange(-100, 101, dtype=torch.float64) / 100


def target(name: str, x: Tensor, curve: tuple[float, ...] = ()) -> Tensor:
    """The function to be built, at `x`: sin(pi x), sign(x), exp(-9 x^2), or "own", `curve` joined by straight lines from -1 to 1."""
    match name:
        case "sine":
            return torch.sin(torch.pi * x)
        case "step":
            return torch.sign(x)
        case "bump":
            return torch.exp(-9 * x * x)
        case "own":
            place = (x + 1) / 2 * (len(curve) - 1)
            left = place.floor().clamp(0, len(curve) - 2).long()
            knots = torch.tensor(curve, dtype=x.dtype)
            return knots[left] + (place - left) * (knots[left + 1] - knots[left])
    raise KeyError(name)


def parts(theta: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """a, b, w (nets, n) and c (nets, 1)."""
    n = theta.shape[1] // 3
    a, b, w, c = theta.split([n, n, n, 1], 1)
    return a, b, w, c


def hidden(theta: Tensor, x: Tensor, f: Function) -> Tensor:
    """f(a_i x + b_i) of every unit; (nets, n, points)."""
    a, b, _, _ = parts(theta)
    return f(torch.addcmul(b.unsqueeze(2), a.unsqueeze(2), x))


def units(theta: Tensor, x: Tensor, f: Function) -> Tensor:
    """w_i f(a_i x + b_i), what every unit adds to the sum; (nets, n, points)."""
    return parts(theta)[2].unsqueeze(2) * hidden(theta, x, f)


def output(theta: Tensor, x: Tensor, f: Function) -> Tensor:
    """y(x) = sum_i w_i f(a_i x + b_i) + c; (nets, points)."""
    _, _, w, c = parts(theta)
    return torch.baddbmm(c.unsqueeze(2), w.unsqueeze(1), hidden(theta, x, f)).squeeze(1)


def rms(theta: Tensor, x: Tensor, f: Function, wanted: Tensor) -> Tensor:
    """Root of the mean squared error over the points; (nets,)."""
    return (output(theta, x, f) - wanted).square().mean(1).sqrt()


def random_start(n: int, activation: str, generator: torch.Generator) -> Tensor:
    """Hinges drawn evenly over -1..1, each facing left or right by a coin, w within 1/sqrt(n), c = 0; (1, 3n + 1)."""
    draw = torch.rand(3, n, dtype=torch.float64, generator=generator)
    facing = torch.where(draw[0] < 0.5, -1.0, 1.0) * (1.0 if activation in KINKED else 3.0)
    place = 2 * draw[1] - 1
    return torch.cat([facing, -facing * place, (2 * draw[2] - 1) / n**0.5, torch.zeros(1, dtype=torch.float64)]).unsqueeze(0)


def even_start(n: int, activation: str, x: Tensor, f: Function, wanted: Tensor) -> Tensor:
    """Hinges at equal distances, all facing right, and the output weights that make the squared error least; (1, 3n + 1)."""
    place = torch.arange(n, dtype=torch.float64) * 2 / n - 1
    steep = 1.0
    if activation not in KINKED:
        place, steep = place + 1 / n, float(n)
    flat = torch.cat([torch.full((n,), steep, dtype=torch.float64), -steep * place, torch.zeros(n + 1, dtype=torch.float64)])
    return solve(flat.unsqueeze(0), x, f, wanted)


def solve(theta: Tensor, x: Tensor, f: Function, wanted: Tensor) -> Tensor:
    """The same hinges with the w and c of least squared error: a linear problem, solved, not trained. One net, (1, 3n + 1)."""
    n = theta.shape[1] // 3
    columns = torch.cat([hidden(theta, x, f)[0], torch.ones(1, len(x), dtype=x.dtype)]).T  # (points, n + 1)
    best = torch.linalg.lstsq(columns, wanted.unsqueeze(1), rcond=SMALLEST, driver="gelsd").solution
    return torch.cat([theta[:, : 2 * n], best.T], 1)


def interpolant(n: int, wanted: Callable[[Tensor], Tensor]) -> Tensor:
    """The n ReLU units that join the target's values at n + 1 equal distances by straight lines; (1, 3n + 1).

    c is the value at -1, and each unit adds the change of slope at its knot. Between knots, for a target with a bounded second
    derivative, the error is at most h^2/8 max|f''| with h = 2/n.
    """
    knots = torch.arange(n + 1, dtype=torch.float64) * 2 / n - 1  # 0 exactly in the middle, where a step may be
    values = wanted(knots)
    slopes = values.diff() * n / 2
    changes = torch.diff(slopes, prepend=torch.zeros(1, dtype=torch.float64))
    return torch.cat([torch.ones(n, dtype=torch.float64), -knots[:-1], changes, values[:1]]).unsqueeze(0)


def train(
    theta: Tensor, x: Tensor, f: Function, wanted: Tensor, optimiser: str, learning_rate: float, steps: int, free: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Full-batch training of all nets at once: (snapshots (frames, nets, 3n + 1), their steps (frames,), losses (steps + 1, nets)).

    The loss is the mean squared error over the points. `free` (nets, 3n + 1) is 1 where a parameter is trained and 0 where it is
    held. If a loss is no longer finite, training ends there: snapshots stop before it, and losses end with it.
    """
    theta = theta.clone().requires_grad_()
    optimisers = {
        "adam": lambda: torch.optim.Adam([theta], learning_rate, foreach=False),
        "sgd": lambda: torch.optim.SGD([theta], learning_rate, foreach=False),
        "momentum": lambda: torch.optim.SGD([theta], learning_rate, momentum=0.9, foreach=False),
    }
    update = optimisers[optimiser]()
    wanted_steps = {round(steps * k / FRAMES) for k in range(FRAMES + 1)}
    snapshots, at, losses = [], [], []
    for step in range(steps + 1):
        loss = (output(theta, x, f) - wanted).square().mean(1)  # (nets,)
        losses.append(loss.detach())
        if not torch.isfinite(loss).all():
            break
        if step in wanted_steps:
            snapshots.append(theta.detach().clone())
            at.append(step)
        if step < steps:
            (gradient,) = torch.autograd.grad(loss.sum(), theta)
            theta.grad = gradient if free is None else gradient * free
            update.step()
    return torch.stack(snapshots), torch.tensor(at), torch.stack(losses)
