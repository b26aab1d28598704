"""Drag the digit: shifts are shifts, the three networks obey their laws, and what is reported of them is what they say."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from dlviz import assets, scripts
from dlviz.compute import run
from dlviz.compute.filters import drag, rivals
from dlviz.compute.filters.drag import Params
from dlviz.compute.filters.rivals import DISTANCES, REACH, RIVALS
from dlviz.nets.convolutional import build_convolutional
from dlviz.nets.mlp import MLP

SHORT = Params(steps=20)


def doubled(net: rivals.Network) -> rivals.Network:
    """The network in float64, not to be trained; its batch norm has seen something, or it would do nothing."""
    generator = torch.Generator().manual_seed(9)
    for name in ("weights", "biases", "kernels", "gains", "shifts", "means", "variances"):
        if hasattr(net, name):
            setattr(net, name, [tensor.detach().double() for tensor in getattr(net, name)])
    if not isinstance(net, rivals.Perceptron):
        net.head, net.head_bias = net.head.detach().double(), net.head_bias.detach().double()
        for tensor in (*net.biases, *net.shifts, *net.means):
            tensor.add_(torch.randn(tensor.shape, generator=generator, dtype=torch.float64) / 4)
    return net


@pytest.mark.parametrize(("across", "down"), [(0, 0), (3, 0), (-8, 8), (5, -7), (8, -8)])
def test_a_shift_is_scipys_with_zeros_coming_in(across: int, down: int) -> None:
    x, _ = drag.load("held_out")
    found = rivals.moved(x[:20], torch.full((20,), across), torch.full((20,), down))
    for before, after in zip(x[:20, 0].numpy(), found[:, 0].numpy(), strict=True):
        wanted = ndimage.shift(before, (down, across), order=0, mode="constant", cval=0.0)
        assert (after == wanted).all()


def test_each_picture_has_its_own_shift() -> None:
    x, _ = drag.load("held_out")
    across, down = torch.tensor([1, -4, 0]), torch.tensor([0, 2, -8])
    together = rivals.moved(x[:3], across, down)
    apart = [rivals.moved(x[i : i + 1], across[i : i + 1], down[i : i + 1]) for i in range(3)]
    assert torch.equal(together, torch.cat(apart))


def test_the_directions_take_turns_and_every_digit_is_moved() -> None:
    dot = torch.zeros(6, 1, 28, 28)
    dot[:, 0, 14, 14] = 1
    found = rivals.away(dot, 6)[:, 0].nonzero().tolist()
    assert found == [[0, 14, 20], [1, 20, 14], [2, 14, 8], [3, 8, 14], [4, 14, 20], [5, 20, 14]]


def test_what_leaves_the_frame_is_counted() -> None:
    """A dot 3 pixels from the right edge is lost by 4 pixels to the right, not by 2; the other, in the middle, never."""
    dots = torch.zeros(2, 1, 28, 28)
    dots[0, 0, 14, 24], dots[1, 0, 14, 14] = 1, 1
    assert [rivals.cut_off(dots, rivals.away(dots, distance)) for distance in DISTANCES] == [0, 0, 0, 0, 1, 1, 1, 1, 1]


def test_an_order_is_a_permutation_and_is_drawn_from_its_seed() -> None:
    order = rivals.permutation(4)
    assert sorted(order.tolist()) == list(range(784)) and torch.equal(order, rivals.permutation(4))
    assert not torch.equal(order, rivals.permutation(5))
    x = torch.arange(784.0).reshape(1, 1, 28, 28)
    assert torch.equal(rivals.handed(x, order).flatten(), order.float()) and rivals.handed(x, None) is x


def test_the_fully_connected_network_is_the_library_of_linear_layers() -> None:
    net = rivals.fresh("mlp", 3)
    assert isinstance(net, rivals.Perceptron)
    x = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(net.forward(x), MLP(net.weights, net.biases, torch.relu).forward(x.flatten(1))[0], atol=1e-5)
    spread = net.weights[0].std().item()
    assert spread == pytest.approx((2 / 784) ** 0.5, rel=0.02)  # He's


def test_a_fully_connected_network_on_shuffled_pixels_is_one_with_shuffled_weights() -> None:
    """W(Px) = (WP)x: trained on shuffled pixels from shuffled weights it stays the same function, step by step, in float64."""
    x, y = (tensor[:96] for tensor in drag.load("training"))
    settings = SHORT.as_dict() | {"steps": 12.0, "permutation": 3.0}
    order = rivals.permutation(3)
    plain, shuffled = doubled(rivals.fresh("mlp", 1)), doubled(rivals.fresh("mlp", 1))
    assert isinstance(plain, rivals.Perceptron) and isinstance(shuffled, rivals.Perceptron)
    shuffled.weights[0] = plain.weights[0][:, order].clone()
    for net, extra in ((plain, {"shuffled": False}), (shuffled, {"shuffled": True})):
        for parameter in net.parameters:
            parameter.requires_grad_()
        for _ in zip(range(12), rivals.training(net, x.double(), y, settings | extra), strict=False):
            pass
    assert torch.allclose(shuffled.weights[0], plain.weights[0][:, order], atol=1e-12)
    with torch.no_grad():
        outputs = plain.forward(x.double()), shuffled.forward(rivals.handed(x.double(), order))
    assert torch.allclose(*outputs, atol=1e-10)
    assert not torch.allclose(outputs[0], plain.forward(rivals.handed(x.double(), order)), atol=0.1)


def logits_of_a_dot(head: str, at: int, side: int = 96) -> torch.Tensor:
    """What a CNN says about a bright patch on a large dark paper, far from its edges, in float64."""
    generator = torch.Generator().manual_seed(2)
    net = doubled(build_convolutional((8, 16, 32), 3, "max", head, True, 10, generator, side))
    patch = torch.rand(5, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x = torch.zeros(1, 1, side, side, dtype=torch.float64)
    x[0, 0, 40:45, at : at + 5] = patch
    with torch.no_grad():
        return rivals.logits(net, x)[0]


def test_global_pooling_is_blind_to_shifts_by_the_whole_stride_and_only_to_those() -> None:
    """Three poolings make a grid of 8 pixels: a patch far from the edges, moved along it, only moves along the last maps.

    Their mean does not see that. Between the grid's points it does; and a flatten head sees every shift.
    """
    start = logits_of_a_dot("global", 40)
    assert torch.allclose(start, logits_of_a_dot("global", 48), atol=1e-12)
    assert torch.allclose(start, logits_of_a_dot("global", 32), atol=1e-12)
    for by in range(1, 8):
        assert (start - logits_of_a_dot("global", 40 + by)).abs().max() > 1e-6, by
    assert (logits_of_a_dot("flatten", 40) - logits_of_a_dot("flatten", 48)).abs().max() > 1e-3


def test_the_edge_tells_global_pooling_where_the_digit_lies() -> None:
    """Along the same grid of 8 pixels, but with the patch's surroundings reaching beyond the paper, the mean does change."""
    assert (logits_of_a_dot("global", 40) - logits_of_a_dot("global", 0)).abs().max() > 1e-6


def test_probabilities_sum_to_one_and_do_not_depend_on_how_many_are_read_at_once() -> None:
    x, _ = drag.load("held_out")
    for name in RIVALS:
        net = rivals.fresh(name, 1)
        chances = rivals.probabilities(net, x[:150])
        assert torch.allclose(chances.sum(1), torch.ones(150, dtype=torch.float64), atol=1e-12)
        assert torch.allclose(chances[130:], rivals.probabilities(net, x[130:150]), atol=1e-5)


@pytest.mark.parametrize("name", RIVALS)
def test_what_reads_quickly_reads_the_same(name: str) -> None:
    """Folded and in another order in memory, after a few steps in which batch norm has followed something; to rounding."""
    x, y = drag.load("training")
    net = rivals.fresh(name, 1)
    for _ in zip(range(5), rivals.training(net, x, y, SHORT.as_dict()), strict=False):
        pass
    with torch.no_grad():
        wanted = rivals.logits(net, x[:150])
        assert torch.allclose(rivals.reader(net)(x[:150]), wanted, atol=1e-4) and wanted.std() > 0.1


def test_a_map_holds_what_the_network_says_of_the_moved_picture() -> None:
    """Entry by entry, against pictures moved by numpy: rows are shifts downward, columns shifts to the right."""
    x, _ = drag.load("held_out")
    picture, order = x[5, 0], rivals.permutation(2)
    net = rivals.fresh("flatten", 1)
    for given in (None, order):
        found = rivals.everywhere(net, picture, given)
        assert found.shape == (17, 17, 10)
        for across, down in ((0, 0), (8, -3), (-5, 6)):
            by_hand = np.roll(np.pad(picture.numpy(), REACH), (down, across), (0, 1))[REACH:-REACH, REACH:-REACH]
            row = torch.from_numpy(by_hand.copy())[None, None]
            wanted = rivals.probabilities(net, rivals.handed(row, given))[0]
            assert torch.allclose(found[down + REACH, across + REACH], wanted, atol=1e-5)


@pytest.fixture(scope="module")
def short() -> drag.Result:
    result = run("filters.drag", SHORT)
    assert isinstance(result, drag.Result)
    return result


def test_accuracies_and_maps_agree_with_the_networks_that_were_trained(short: drag.Result) -> None:
    """The networks are trained here once more, each by itself; held-out digits are counted one distance by numpy."""
    x, y = drag.load("training")
    held_out, truth = drag.load("held_out")
    for i, name in enumerate(RIVALS):
        net = rivals.fresh(name, 1)
        for _ in zip(range(20), rivals.training(net, x, y, SHORT.as_dict()), strict=False):
            pass
        right = rivals.probabilities(net, rivals.away(held_out, 4)).argmax(1) == truth
        assert short.accuracies[i, DISTANCES.index(4)] == right.double().mean().item()
        chances = rivals.everywhere(net, held_out[59, 0], None)
        assert (short.maps[i] == chances[..., 9].float().numpy()).all() and (short.guesses[i] == chances.argmax(-1).numpy()).all()
    assert short.label == 9 and short.facts()["p[mlp]"].value == short.maps[0, 8, 12]


def test_equal_settings_give_equal_bytes_kept_or_not(short: drag.Result) -> None:
    kept = run("filters.drag", SHORT)
    drag.SHELF.things.clear()
    anew = run("filters.drag", SHORT)
    for result in (kept, anew):
        assert isinstance(result, drag.Result)
        assert result.to_npz("filters.drag") == short.to_npz("filters.drag")


def test_another_digit_or_place_needs_no_other_training_and_all_else_does() -> None:
    own = SHORT.of_training()
    same = [Params(steps=20, digit=3), Params(steps=20, across=-8, down=5), Params(steps=20, permutation=9)]
    other = [Params(steps=40), Params(steps=20, shuffled=True), Params(steps=20, augmentation=1), Params(steps=20, seed=2)]
    other += [Params(steps=20, learning_rate=0.01), Params(steps=20, shuffled=True, permutation=9)]
    assert all(params.of_training() == own for params in same)
    assert len({own, *(params.of_training() for params in other)}) == 7


def own(**settings: object) -> Params:
    """A bar drawn in the upper left corner, and what is said of it."""
    bar = np.zeros((28, 28), np.uint8)
    bar[2:12, 3:5] = 255
    return Params(steps=20, picture=assets.put(bar), **settings)  # type: ignore[arg-type]


def test_a_digit_of_ones_own_is_centred_read_everywhere_and_goes_along_in_the_program(short: drag.Result) -> None:
    """The trained networks stay; p is of what it is meant as; the program prints the same."""
    params = own(meant="1", across=3, digit=7)
    assert drag.kept(params) and params.canonical().digit == Params().digit
    result = run("filters.drag", params)
    assert isinstance(result, drag.Result)
    rows, columns = np.nonzero(result.picture)
    assert result.label == 1 and np.ptp(rows) == 19 and abs(rows.mean() - 13.5) <= 0.5 and abs(columns.mean() - 13.5) <= 0.5
    net = drag.SHELF.take(params.of_training())
    assert net is not None
    chances = rivals.everywhere(net.nets[0], torch.from_numpy(result.picture / 255).float(), None)
    assert (result.maps[0] == chances[..., 1].float().numpy()).all() and (result.accuracies == short.accuracies).all()
    space: dict[str, object] = {"__name__": "exported"}
    exec(compile(scripts.export("filters.drag", params), "exported.py", "exec"), space)
    numbers, facts = space["main"](), result.facts()  # type: ignore[operator]
    assert all(numbers[name] == pytest.approx(facts[name].value, rel=1e-6) for name in ("digit", "p[global]", "right_places[flatten]"))


def test_a_digit_of_ones_own_stays_where_it_was_drawn_if_one_wishes() -> None:
    picture, label = own(meant="4", centred=False).shown()
    assert np.argwhere(picture).min(0).tolist() == [2, 3] and np.argwhere(picture).max(0).tolist() == [11, 4] and label == 4


def test_without_a_digit_of_ones_own_what_it_means_is_no_matter() -> None:
    """And one that is gone, or no drawing, is a held-out digit again."""
    assert Params(meant="5", centred=False).canonical() == Params().canonical()
    for name in ("0" * 64, assets.put(np.zeros((5, 5), np.uint8))):
        picture, label = Params(picture=name, digit=3).shown()
        assert (picture == drag.images("held_out")[3]).all() and label == drag.labels("held_out")[3]


def test_what_is_not_measured_yet_is_no_number() -> None:
    way = drag.compute(Params(steps=20, seed=77))
    first = drag.gather(Params(steps=20, seed=77), [next(way)])
    way.close()
    facts = first.facts()
    assert facts["accuracy[mlp]"].value is None and facts["cut_off_at_4"].value is None and facts["p[mlp]"].value is not None
    assert np.isfinite(first.maps).all() and not drag.kept(Params(steps=20, seed=77))


def test_augmentation_shows_moved_digits_and_only_as_far_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []
    real = rivals.moved

    def spy(x: torch.Tensor, across: torch.Tensor, down: torch.Tensor) -> torch.Tensor:
        seen.append(torch.stack([across, down]))
        return real(x, across, down)

    monkeypatch.setattr(rivals, "moved", spy)
    x, y = (tensor[:320] for tensor in drag.load("training"))
    settings = Params(augmentation=3).as_dict()
    for _ in zip(range(20), rivals.training(rivals.fresh("mlp", 1), x, y, settings), strict=False):
        pass
    shifts = torch.cat(seen, 1)
    assert set(shifts.flatten().tolist()) == set(range(-3, 4)) and len({tuple(pair) for pair in shifts.T.tolist()}) == 49
