"""The shipped photographs: there, small, each with author and licence, and what their names say."""

from pathlib import Path

import numpy as np
import pytest

from dlviz.data.photographs import CC_BY, FOLDER, PHOTOGRAPHS, PUBLIC_DOMAIN, load
from recipes import photographs as recipe

NOTICE = (Path(__file__).parents[2] / "NOTICE").read_text(encoding="utf-8")


def test_every_photograph_has_its_file_and_every_file_its_photograph() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{slug}.jpg" for slug in PHOTOGRAPHS} == {f"{slug}.jpg" for slug in recipe.SOURCES}
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_200_000


@pytest.mark.parametrize("slug", PHOTOGRAPHS)
def test_a_photograph_is_small_and_not_flat(slug: str) -> None:
    pixels = load(slug)
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    assert min(pixels.shape[:2]) == 256 and max(pixels.shape[:2]) <= 400
    assert pixels.std() > 10 and np.ptp(pixels) > 120
    assert not pixels.flags.writeable


@pytest.mark.parametrize("slug", PHOTOGRAPHS)
def test_the_notice_names_author_and_licence(slug: str) -> None:
    about = PHOTOGRAPHS[slug]
    at = NOTICE.index(f"  {slug}.jpg ")
    line = NOTICE[at : NOTICE.index("\n", at)]
    assert about.author in line
    licence = NOTICE[:at] if about.licence == CC_BY else line.replace("no known copyright restrictions", PUBLIC_DOMAIN)
    assert about.licence in licence


def test_colour_and_grey_are_what_the_originals_were() -> None:
    for slug in ("camera", "coins", "bricks", "grass"):
        assert not np.ptp(load(slug), axis=2).any(), slug
    for slug in ("cat", "flower", "palace"):
        assert np.ptp(load(slug), axis=2).max() > 40, slug
    assert load("galaxies").mean() < 40 < load("flower").mean()


def test_only_names_from_the_list_are_opened() -> None:
    with pytest.raises(KeyError):
        load("../digits")
