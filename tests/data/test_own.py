"""Own points: what a link says is what was clicked, and every unusable file is refused in one sentence, quickly."""

import csv
import io
import time
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from dlviz.data.own import LARGEST, MOST, Brought, UnreadablePoints, check_classes, decode, encode, read_csv
from dlviz.fields import ParameterError


def some(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random points on whole hundredths, and their classes."""
    draw = np.random.default_rng(seed)
    return draw.integers(-110, 111, (n, 2)) / 100, draw.integers(0, 2, n)


def in_order(x: np.ndarray, y: np.ndarray) -> list[tuple[int, float, float]]:
    return sorted((int(c), float(a), float(b)) for (a, b), c in zip(x, y, strict=True))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 100, MOST])
def test_points_come_back_from_their_text(n: int) -> None:
    """The same points of the same classes, in their order within a class, from a text that a link carries as it stands."""
    x, y = some(n, seed=n)
    text = encode(x, y)
    found_x, found_y = decode(text)
    assert quote(text, safe="") == text and len(text) <= 803
    assert found_x.dtype == np.float64 and found_x.shape == (n, 2) and found_y.shape == (n,)
    for c in (0, 1):
        np.testing.assert_array_equal(found_x[found_y == c], x[y == c])
    assert (np.diff(found_y) >= 0).all()
    assert encode(found_x, found_y) == text


def test_points_between_hundredths_move_by_half_a_hundredth_at_most() -> None:
    x = np.random.default_rng(1).uniform(-1.1, 1.1, (MOST, 2))
    found, _ = decode(encode(x, np.zeros(MOST)))
    assert np.abs(found - x).max() <= 0.005 + 1e-12


def test_every_step_has_its_own_text() -> None:
    """All 221 hundredths from -1.10 to 1.10, and 0 and 1 among them exactly."""
    values = np.arange(-110, 111) / 100
    x = np.stack([values, values[::-1]], 1)
    np.testing.assert_array_equal(decode(encode(x, np.ones(221)))[0], x)
    assert {-1.1, 0.0, 1.0} <= set(decode(encode(x, np.ones(221)))[0][:, 0].tolist())


def test_no_text_is_no_points() -> None:
    x, y = decode("")
    assert x.shape == (0, 2) and y.shape == (0,)
    np.testing.assert_array_equal(decode(".")[0], x)


BROKEN = [
    "oAA",
    "oAA.3G4.",
    "oAA.3G",
    "oA=.3G4",
    "oA .3G4",
    "öAA.3G4",
    "3d4.",
    "////.",
    "a.b",
    "<b>.",
    "\0.",
    "." + "A" * 100_000,
    "AA.",
    "AA\ud83d.",
]


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: ascii(text[:12]))
def test_what_is_no_text_of_points_is_refused_by_name(text: str) -> None:
    """One group, three groups, a group cut short, padding, other characters, steps above 220, too many points."""
    with pytest.raises(ParameterError) as caught:
        decode(text, "clicked")
    message = str(caught.value)
    assert message.startswith("clicked is ") and "\n" not in message and message.endswith(".") and len(message) < 200


def test_what_does_not_fit_into_a_text_is_refused() -> None:
    with pytest.raises(ParameterError, match="a list of 301.: expected at most 300 points"):
        encode(*some(MOST + 1))
    for wrong in (1.2, np.nan, np.inf):
        with pytest.raises(ParameterError, match="from -1.1 to 1.1"):
            encode(np.array([[0.0, wrong]]), np.array([0]))


def test_one_class_is_nothing_to_learn() -> None:
    check_classes(np.array([0, 1, 1]))
    for y in ([], [1], [0, 0]):
        with pytest.raises(ParameterError, match="both classes"):
            check_classes(np.array(y))


def table(*rows: object, first: str = "x,y,class") -> bytes:
    return "\n".join([first, *(str(row) for row in rows)]).encode()


def test_a_file_is_scaled_and_says_so() -> None:
    """Each column from its range to -1..1 by hand: 10, 20, 30 -> -1, 0, 1 and 0, 1, 4 -> -1, -1/2, 1."""
    found = read_csv(table("10,0,b", "20,1,a", "30,4,b"))
    np.testing.assert_allclose(found.x, [[-1, -1], [0, -0.5], [1, 1]], atol=1e-15)
    assert found.y.tolist() == [1, 0, 1]
    assert found.said == "3 of 3 points; x from 10 to 30; y from 0 to 4 scaled to −1 to 1; 'a' is class 0 and 'b' class 1."
    encode(found.x, found.y)


def test_columns_in_any_order_with_others_beside_them_quotes_blank_lines_and_a_mark_at_the_start() -> None:
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerows([[" Class", "note", "Y", "X "], ["-1", "a, b", "2", "1e3"], [], ["10", "", "-2", " 5"], ["10", "", "0", "5"]])
    found = read_csv(b"\xef\xbb\xbf" + written.getvalue().encode())
    np.testing.assert_allclose(found.x, [[1, 1], [-1, -1], [-1, 0]])
    assert found.y.tolist() == [0, 1, 1], "classes that are numbers are ordered by size"


def test_a_constant_column_and_numbers_of_any_size_stay_finite() -> None:
    found = read_csv(table("1e300,3,0", "-1e300,3,1", "0,3,1"))
    np.testing.assert_allclose(found.x, [[1, 0], [-1, 0], [0, 0]])


def test_of_many_rows_a_part_is_drawn_and_both_classes_stay() -> None:
    """2,000 rows, one of class 1: 300 or fewer are kept, that one among them; the ranges are those of the whole file."""
    found = read_csv(table(*(f"{i},{i % 7},{int(i == 1234)}" for i in range(2000))))
    assert 290 <= len(found.y) <= MOST and found.y.sum() == 1
    assert found.said.startswith(f"{len(found.y)} of 2000 points, drawn at random; x from 0 to 1999;")
    (special,) = found.x[found.y == 1]
    assert special[0] == pytest.approx(2 * 1234 / 1999 - 1)
    even = read_csv(table(*(f"{i},{i % 7},{i % 4 // 3}" for i in range(2000))))
    assert even.y.mean() == pytest.approx(0.25, abs=0.01), "the classes' shares are kept"


def picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(written, "PNG")
    return written.getvalue()


REFUSED = {
    "no bytes": (b"", "empty"),
    "only blanks": (b" \n\n", "empty"),
    "a picture": (picture(), "not text in UTF-8"),
    "another encoding": ("x,y,class\n1,2,é\n".encode("latin-1"), "not text in UTF-8"),
    "two bytes a letter": ("x,y,class\n1,2,a\n".encode("utf-16"), "not text in UTF-8"),
    "a zero byte": (b"x,y,class\n1,2,\0\n", "not text in UTF-8"),
    "no class": (table("1,2", first="x,y"), "no column class"),
    "no columns at all": (table("1,2,a", first="1,2,a"), "no column x and no y and no class"),
    "semicolons": (table("1;2;a", first="x;y;class"), "separated by commas"),
    "a header only": (table(), "0 rows"),
    "one row": (table("1,2,a"), "1 row of points"),
    "one class": (table("1,2,a", "3,4,a"), "the one value 'a'"),
    "three classes": (table("1,2,a", "3,4,b", "3,4,c"), "3 values ('a', 'b', 'c'"),
    "a word for a number": (table("1,2,a", "3,four,b"), "Line 3 has 'four' in column y"),
    "no number": (table("1,2,a", ",4,b"), "Line 3 has nothing in column x"),
    "a short row": (table("1,2,a", "3"), "Line 3 has nothing in column y"),
    "nan": (table("1,nan,a", "3,4,b"), "Line 2 has 'nan' in column y"),
    "inf": (table("1,2,a", "-inf,4,b"), "Line 3 has '-inf' in column x"),
    "nan for a class": (table("1,2,nan", "3,4,b"), "Line 2 has 'nan' in column class"),
    "no name for a class": (table("1,2,", "3,4,b"), "Line 2 has nothing in column class"),
    "a field without end": (table('1,2,"' + "a" * 200_000), "is no CSV"),
    "markup": (table("<script>alert(1)</script>,2,a", "3,4,b"), "Line 2 has '<script>"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_without_points_of_two_classes_is_refused_in_one_sentence(case: str) -> None:
    data, words = REFUSED[case]
    with pytest.raises(UnreadablePoints) as caught:
        read_csv(data)
    message = str(caught.value)
    assert words in message and message.isprintable() and message.endswith(".") and "expected" in message and len(message) < 250


def test_five_million_rows_are_refused_before_they_are_read() -> None:
    data = b"x,y,class\n" + b"0.123,0.456,1\n" * 5_000_000
    started = time.thread_time()
    with pytest.raises(UnreadablePoints, match="70 MB: expected at most 1 MB"):
        read_csv(data)
    assert time.thread_time() - started < 0.05


def test_the_largest_file_that_is_read_is_read_soon() -> None:
    rows = b"1,2,3\n4,5,6\n" * (LARGEST // 12 - 1)
    started = time.process_time()
    assert isinstance(read_csv(b"x,y,class\n" + rows), Brought)
    assert time.process_time() - started < 4
