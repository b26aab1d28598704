"""The shipped emoji: each in three styles, none in both parts, and labels that belong to their pictures."""

import numpy as np
import pytest

from dlviz.data.emoji import NAMES, STYLES, load


def test_no_emoji_stands_in_both_parts_whatever_the_style() -> None:
    training, held_out = (set(load(part).codes.tolist()) for part in ("training", "held_out"))
    assert not training & held_out and len(training) + len(held_out) == 815
    assert len(load("training").labels) == 3 * len(training) and len(load("held_out").labels) == 3 * len(held_out)


def test_every_emoji_is_there_in_every_style_under_one_label() -> None:
    for part in ("training", "held_out"):
        found = load(part)
        for code in np.unique(found.codes):
            mine = found.codes == code
            assert sorted(found.styles[mine].tolist()) == list(range(len(STYLES))) and len(set(found.labels[mine].tolist())) == 1


def test_a_fifth_of_each_kind_is_held_out_and_no_kind_is_a_quarter_of_all() -> None:
    counts = {part: np.bincount(load(part).labels, minlength=len(NAMES)) for part in ("training", "held_out")}
    whole = counts["training"] + counts["held_out"]
    assert np.abs(counts["held_out"] / whole - 0.2).max() < 0.02 and whole.max() < whole.sum() / 4 and whole.min() > 100


def test_labels_belong_to_what_unicode_calls_the_emoji() -> None:
    """By code points that everybody knows: grinning face, waving hand, ninja, cat, pizza, car, castle, jeans, rainbow, keycap 5."""
    known = {"1f600": "faces", "1f44b": "hands", "1f977": "people", "1f408": "animals", "1f355": "food", "1f697": "vehicles",
             "1f3f0": "places", "1f456": "clothes", "1f308": "sky", "0035-fe0f-20e3": "signs"}  # fmt: skip
    both = [load(part) for part in ("training", "held_out")]
    kinds = {code: NAMES[label] for part in both for code, label in zip(part.codes.tolist(), part.labels.tolist(), strict=True)}
    assert {code: kinds[code] for code in known} == known


def test_colours_are_in_their_channels_and_paper_is_white() -> None:
    """Faces are yellow: more red than blue in the middle. The corners of nearly all pictures are paper."""
    found = load("training")
    middle = found.images[found.labels == NAMES.index("faces")][:, :, 8:20, 8:20].mean((0, 2, 3))
    assert middle[0] > middle[1] > middle[2] + 40
    corners = found.images[:, :, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == 255).mean() > 0.85


def test_a_loaded_part_cannot_be_changed_by_whoever_uses_it() -> None:
    with pytest.raises(ValueError, match="read-only"):
        load("training").images[0] = 0
