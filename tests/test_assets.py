"""What people bring is found by its hash, cannot be changed, and takes bounded memory."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from dlviz import assets, catalog, lessons
from dlviz import params as p
from dlviz.assets import Assets, name_of
from dlviz.fields import ParameterError
from dlviz.params import Params
from dlviz.ui import link


def pattern(k: int, size: int = 1000) -> np.ndarray:
    return np.full(size, k, np.uint8)


def test_what_was_put_is_found_under_the_sha256_of_its_shape_and_bytes() -> None:
    store, picture = Assets(), np.arange(24, dtype=np.uint8).reshape(4, 6)
    name = store.put(picture)
    assert name == hashlib.sha256(b"(4, 6)\n" + bytes(range(24))).hexdigest()
    found = store.get(name)
    assert found is not None and found.shape == (4, 6) and (found == picture).all()
    assert store.get(name_of(picture.T)) is None


def test_neither_who_put_it_nor_who_got_it_can_change_it() -> None:
    store, picture = Assets(), pattern(1)
    name = store.put(picture)
    picture[:] = 9
    found = store.get(name)
    assert found is not None and found.max() == 1
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 2


def test_the_least_lately_used_go_first() -> None:
    store = Assets(3000)
    first, second, third = (store.put(pattern(k)) for k in range(3))
    assert store.get(first) is not None  # used again
    store.put(pattern(3))
    assert store.get(second) is None and store.get(first) is not None and store.get(third) is not None


def test_many_visitors_at_once_stay_within_the_bound() -> None:
    store = Assets(10_000)
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda k: store.put(pattern(k % 256, 500 + k)), range(400)))
    kept = [found for name in names if (found := store.get(name)) is not None]
    assert 0 < sum(array.nbytes for array in kept) <= 10_000


@pytest.mark.parametrize("wrong", [np.zeros(3), np.zeros(4000, np.uint8)])
def test_what_does_not_fit_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected uint8, at most 3000 bytes"):
        Assets(3000).put(wrong)


@dataclass(frozen=True)
class Brings(Params):
    """Settings with something brought."""

    picture: str = p.asset(label="Own picture")


@pytest.mark.parametrize("wrong", ["x", "a" * 63, "A" * 64, "../" * 10, 3, None])
def test_only_hashes_are_names(wrong: object) -> None:
    with pytest.raises(ParameterError, match="64 hex digits"):
        Brings(picture=wrong)  # type: ignore[arg-type]


def test_a_link_opens_with_what_it_names_or_says_that_it_is_gone() -> None:
    name = assets.put(pattern(200, 77))
    query = {"picture": name}
    assert link._read_fields(Brings, query, {}, "") == ({"picture": name}, [])
    gone, notices = link._read_fields(Brings, {"picture": "0" * 64}, {}, "")
    assert gone == {} and len(notices) == 1 and "own picture of this link is not kept here any more" in notices[0]
    assert link.decode(catalog.TOPICS[0], lessons.load(catalog.TOPICS[0].slug), {"v": "1"}).notices == ()


def test_a_condition_may_name_several_values() -> None:
    @dataclass(frozen=True)
    class Several(Params):
        kind: str = p.choice("a", {"a": "A", "b": "B", "c": "C"}, label="Kind")
        size: float = p.number(1, 0, 9, 1, label="Size", when=("kind", ("a", "b")))

    assert Several(kind="b", size=3).canonical().size == 3
    assert Several(kind="c", size=3).canonical().size == 1


def test_a_field_has_no_effect_where_the_one_it_depends_on_has_none() -> None:
    @dataclass(frozen=True)
    class Chain(Params):
        kind: str = p.choice("a", {"a": "A", "b": "B"}, label="Kind")
        colour: str = p.choice("grey", {"grey": "grey", "mixed": "mixed"}, label="Colour", when=("kind", "b"))
        red: float = p.number(1, 0, 9, 1, label="Red", when=("colour", "mixed"))

    assert Chain(kind="b", colour="mixed", red=3).canonical() == Chain(kind="b", colour="mixed", red=3)
    assert Chain(kind="a", colour="mixed", red=3).canonical() == Chain()
