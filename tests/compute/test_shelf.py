"""The shelf of what was made last."""

from dlviz.compute.shelf import Shelf


def test_the_shelf_is_bounded_and_lets_go_what_was_asked_for_longest_ago() -> None:
    shelf: Shelf[str] = Shelf(3)
    for key in "abc":
        shelf.put(key, key.upper())
    assert shelf.take("a") == "A"
    shelf.put("d", "D")
    assert shelf.take("b") is None and [shelf.take(key) for key in "acd"] == ["A", "C", "D"]


def test_what_is_put_again_is_new_again() -> None:
    shelf: Shelf[int] = Shelf(2)
    shelf.put("a", 1), shelf.put("b", 2), shelf.put("a", 3), shelf.put("c", 4)
    assert shelf.take("a") == 3 and shelf.take("b") is None
