"""Rows of symbols: what is asked follows from what was seen before it, by each task's own rule."""

import numpy as np
import pytest

from dlviz.data.rows import BAR, DIGITS, LETTERS, MOST, REPEATED, SUMS, TASKS


def drawn(name: str, lengths: list[int]) -> tuple[np.ndarray, np.ndarray]:
    rows = TASKS[name].draw(np.array(lengths), np.random.default_rng(3))
    return rows.codes, rows.asked


def test_a_stretch_repeats_and_its_letters_differ() -> None:
    lengths = [4, 7, 12, 24]
    codes, asked = drawn("repeat", lengths)
    assert codes.shape == (4, REPEATED)
    for row, wanted, period in zip(codes, asked, lengths, strict=True):
        assert len(set(row[:period])) == period
        np.testing.assert_array_equal(row[period:], row[:-period])
        np.testing.assert_array_equal(wanted, np.arange(1, REPEATED) > period)


def test_sums_are_sums() -> None:
    for summands in (1, 2, 5):
        codes, asked = drawn("add", [summands] * 50)
        symbols = [[TASKS["add"].symbols[code] for code in row] for row in codes]
        for row in symbols:
            assert eval("".join(row[:-2])) == int(row[-1])
            assert row[-2] == "="
        assert asked.sum() == 50 and asked[:, -1].all()
    assert [TASKS["add"].symbols[code] for code in (DIGITS, DIGITS + 1, SUMS)] == ["+", "=", "0"]


@pytest.mark.parametrize(("name", "rule"), [("copy", list), ("reverse", lambda x: list(reversed(x))), ("sort", sorted)])
def test_after_the_bar_stands_the_answer(name: str, rule: object) -> None:
    codes, asked = drawn(name, [6] * 20)
    for row in codes.tolist():
        assert row[6] == BAR and TASKS[name].symbols[BAR] == "|"
        assert row[7:] == rule(row[:6])  # type: ignore[operator]
        assert len(set(row[:6])) == 6
    np.testing.assert_array_equal(asked, np.arange(12)[None].repeat(20, 0) >= 6)


@pytest.mark.parametrize("name", TASKS)
def test_no_code_lacks_a_symbol_and_no_row_is_too_long(name: str) -> None:
    task = TASKS[name]
    assert set(task.trained) & set(task.tested) and set(task.tested) - set(task.trained)
    for length in task.tested:
        codes, asked = drawn(name, [length] * 30)
        assert codes.shape[1] <= MOST and asked.shape == (30, codes.shape[1] - 1) and asked.any(1).all()
        assert codes.min() >= 0 and codes.max() < len(task.symbols)


def test_rows_of_several_lengths_are_refused_where_they_do_not_fit() -> None:
    with pytest.raises(ValueError, match="too many"):
        drawn("copy", [3, 4])


def test_every_letter_comes_first_equally_often() -> None:
    """24 letters, 4,800 rows: 200 times each, with a standard deviation of 13.8; six of them either way."""
    codes, _ = drawn("repeat", [5] * 4800)
    counts = np.bincount(codes[:, 0], minlength=len(LETTERS))
    assert abs(counts - 200).max() < 6 * 13.9
