"""Tasks over time: each sequence asks what its task says, can be answered by whoever remembers, and repeats with its seed."""

import numpy as np
import pytest

from dlviz.data.sequences import LETTERS, MESSAGE, NEAR, SYMBOLS, TASKS, chance
from dlviz.data.words import WORDS


def draw(task: str, n: int, length: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    made = TASKS[task].draw(n, length, np.random.default_rng(seed))
    return made.x, made.y


@pytest.mark.parametrize("length", [2, 3, 17, 200])
@pytest.mark.parametrize("task", TASKS)
def test_every_length_has_inputs_and_answers_of_its_task(task: str, length: int) -> None:
    x, y = draw(task, 5, length)
    assert x.shape == (length, 5, TASKS[task].inputs) and x.dtype == np.float32
    assert y.shape[1] == 5 and 1 <= len(y) <= length
    if TASKS[task].is_class:
        assert y.min() >= 0 and y.max() < TASKS[task].outputs and ((x == 0) | (x == 1)).all() and (x.sum(2) == 1).all()


@pytest.mark.parametrize("task", TASKS)
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(task: str) -> None:
    first, again, other = draw(task, 20, 30), draw(task, 20, 30), draw(task, 20, 30, 2)
    assert [part.tobytes() for part in first] == [part.tobytes() for part in again]
    assert first[0].tobytes() != other[0].tobytes()


def test_only_the_first_step_knows_the_first_symbol() -> None:
    x, y = draw("first", 4000, 12)
    assert (x[0].argmax(1) == y[0]).all() and (x[1:].argmax(2) >= SYMBOLS).all()
    for step in range(1, 12):  # the noise does not give it away: each of its symbols is as common whatever came first
        for symbol in range(SYMBOLS):
            seen = x[step, y[0] == symbol].mean(0)[SYMBOLS:]
            np.testing.assert_allclose(seen, 1 / SYMBOLS, atol=0.06)  # four standard deviations of a mean of 1,000


def test_the_sum_is_of_the_two_marked_numbers_one_of_each_half() -> None:
    x, y = draw("adding", 300, 21)
    values, marks = x[..., 0], x[..., 1]
    assert (marks[:10].sum(0) == 1).all() and (marks[10:].sum(0) == 1).all()
    np.testing.assert_allclose((values * marks).sum(0), y[0], rtol=1e-6)
    assert values.min() >= 0 and values.max() < 1


def test_a_copy_is_asked_for_in_order_after_blanks_and_from_the_cue_on() -> None:
    x, y = draw("copy", 50, 20)
    seen = x.argmax(2)
    assert len(y) == MESSAGE and (seen[:MESSAGE] == y).all()
    assert (seen[MESSAGE:-MESSAGE] == SYMBOLS).all() and (seen[-MESSAGE:] == SYMBOLS + 1).all()
    assert len(draw("copy", 5, 5)[1]) == 2, "a message never meets its own cue"


def test_characters_are_those_of_shipped_words_and_each_answer_is_the_next_one() -> None:
    x, y = draw("characters", 40, 60)
    np.testing.assert_array_equal(x.argmax(2)[1:], y[:-1])
    for row in y.T:
        whole = "".join(LETTERS[code] for code in row).split(" ")[1:-1]
        assert whole and set(whole) <= set(WORDS)


def test_the_words_are_eight_hundred_different_ones_of_the_alphabet() -> None:
    assert len(set(WORDS)) == len(WORDS) == 800
    assert all(3 <= len(word) <= 9 and set(word) <= set(LETTERS[1:]) for word in WORDS)


@pytest.mark.parametrize("task", ["first", "copy", "characters"])
def test_chance_is_the_share_of_the_best_guess_without_memory(task: str) -> None:
    """A guess of any one class, counted on other sequences, is not better."""
    y, other = draw(task, 3000, 12)[1], draw(task, 3000, 12, 2)[1]
    best = max((other == symbol).mean() for symbol in range(TASKS[task].outputs))
    assert chance(task, y) == pytest.approx(best, abs=0.02)


def test_chance_of_a_sum_is_the_area_within_reach_of_one() -> None:
    y = draw("adding", 200_000, 4)[1]
    assert chance("adding", y) == pytest.approx((np.abs(y - 1) < NEAR).mean(), abs=0.003)
