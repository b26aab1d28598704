"""What computing costs in Python, without server and browser."""

from collections.abc import Callable, Iterator
from itertools import count

import torch

import dlviz.runtime  # noqa: F401  settles torch's threads, as in the app
from bench.ratios import Row, alternate, clocked
from dlviz.compute import run
from dlviz.compute.activations import curve, network, seeds
from dlviz.compute.activations.classifier import fresh, load
from dlviz.compute.filters import learning, recognising, sets, watching
from dlviz.compute.gradients import training
from dlviz.compute.gradients.recording import Recorder
from dlviz.compute.training import Batches, optimiser, train
from dlviz.jobs import Jobs

NUMBERS = count(1)  # of the settings that have been asked for


def bare_curves(params: curve.Params, x: torch.Tensor) -> list[torch.Tensor]:
    """The same functions with two autograd passes on the same table, and nothing else."""
    rows = []
    for name in params.names():
        at = x.clone().requires_grad_()
        f = params.function(name)(at)
        (slope,) = torch.autograd.grad(f.sum(), at, create_graph=True)
        (curvature,) = torch.autograd.grad(slope.sum(), at, materialize_grads=True) if slope.requires_grad else (torch.zeros_like(at),)
        rows += [f, slope, curvature]
    return rows


def new_settings() -> curve.Params:
    """The default settings, each time with another threshold, so that nothing of an earlier result can serve again."""
    return curve.Params(threshold=0.05 + next(NUMBERS) / 1e6)


def compare_compute(times: int) -> Row:
    """The whole result of the curve view, against its curves alone."""
    params = curve.Params()
    x = torch.from_numpy(curve.compute(params).x)
    found = alternate(
        3 * times, lambda: clocked(lambda: curve.compute(new_settings())), lambda: clocked(lambda: bare_curves(params, x)), warm=3
    )
    return Row("compute", "curves, properties, moments: torch's f, f′, f″ alone", *found)


def compare_kept(times: int) -> Row:
    """A result that is there already, against one that has to be computed."""
    jobs, kept = Jobs(), curve.Params()

    def ask(params: curve.Params) -> float:
        return clocked(lambda: jobs.submit("activations.curve", params).wait(20))

    ask(kept)
    found = alternate(3 * times, lambda: ask(kept), lambda: ask(new_settings()), warm=3)
    jobs.close()
    return Row("kept-result", "result from the store: the same newly computed", *found)


def compare_statistics(times: int) -> Row:
    """A whole run of the network view, with its pictures and what is measured in them, against the same steps alone."""

    def bare() -> None:
        settings = network.Params().as_dict()
        steps = network.training(fresh(settings), load(settings), settings)
        for _ in range(600):
            next(steps)

    found = alternate(2 * times, lambda: clocked(lambda: run("activations.network", network.Params())), lambda: clocked(bare), warm=2)
    return Row("statistics", "600 steps with 61 pictures measured: the 600 steps alone", *found, bound=1.1)


def compare_kernels(times: int) -> Row:
    """Training a convolutional network with its kernels and the rival's weights kept in every frame, against the same steps alone."""
    params = learning.Params()
    settings, pictures = params.as_dict(), sets.load(params.as_dict(), "training")
    last = recognising.steps_of(settings, len(pictures.y))
    wanted = {round(i * last / learning.FRAMES) for i in range(learning.FRAMES)}

    def train(keep: bool) -> None:
        net, rival = recognising.convolutional_net(settings), recognising.rival_net(settings)
        ways = [recognising.training(each, pictures, settings, last) for each in (net, rival)]
        for step in range(last):
            for way in ways:
                next(way)
            if keep and step in wanted:
                watching.weights_seen(net, rival)

    found = alternate(times, lambda: clocked(lambda: train(True)), lambda: clocked(lambda: train(False)), warm=1)
    return Row("kernels", f"{last} steps of a CNN with {learning.FRAMES} frames of its kernels kept: the steps alone", *found, bound=1.1)


def compare_seeds(times: int) -> Row:
    """64 seeds as one ensemble against one network."""
    params, steps = seeds.Params(), 300

    def all_of_them() -> None:
        for _ in seeds.train(params, 8, [0, steps]):
            pass

    def one() -> None:
        settings = seeds.settings_of(params, 8, 1)
        each = network.training(fresh(settings), load(settings), settings)
        for _ in range(steps):
            next(each)

    found = alternate(times, lambda: clocked(all_of_them), lambda: clocked(one), warm=2)
    return Row("seeds", f"{seeds.SEEDS} seeds of 2-8-1 as one ensemble, {steps} steps: one seed", *found, bound=4)


def deep_steps(watched: bool) -> Iterator[int]:
    """Training steps of 20 layers of 64 units, 128 samples each; watched: with every layer's gradient norm recorded at every step."""
    params = training.Params(width=64, batch_size=128)
    task = params.task()
    net, x, y = params.network(task, torch.float32), task.x.float(), task.y
    how = optimiser("sgd", net.parameters, params.learning_rate, 0.0, 0.0)
    recorder = Recorder(net, how, params.learning_rate, 0, 0.0, params.pictures())

    def loss(rows: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(net.forward(x[rows])[0], y[rows])

    def kept(rows: torch.Tensor) -> torch.Tensor:
        return recorder.loss(x[rows], y[rows])

    return train(kept if watched else loss, net.parameters, how, Batches(len(y), 128, 1), recorder.prepare if watched else None)


def compare_layers(times: int) -> Row:
    """Training steps with every layer's statistics, against the same steps alone."""
    watched, bare = deep_steps(True), deep_steps(False)

    def thirty(steps: Iterator[int]) -> None:
        for _ in range(30):
            next(steps)

    found = alternate(6 * times, lambda: clocked(lambda: thirty(watched)), lambda: clocked(lambda: thirty(bare)), warm=3)
    return Row("layers", "30 steps of 20 layers of 64 with each layer's statistics: the 30 steps alone", *found, bound=1.1)


ROWS: dict[str, Callable[[int], Row]] = {
    "compute": compare_compute,
    "kept-result": compare_kept,
    "statistics": compare_statistics,
    "kernels": compare_kernels,
    "seeds": compare_seeds,
    "layers": compare_layers,
}
