"""Points of two classes in the plane that a person clicked or brought as CSV: as arrays, and as a text short enough for a link.

The text is two groups joined by a dot, class 0 before class 1; a group is two bytes a point, x and y, in url-safe base64.
A byte k stands for (k - 110) / 100: whole hundredths from -1.1 to 1.1.
"""

import base64
import binascii
import csv
import io
import math
from dataclasses import dataclass

import numpy as np

from dlviz.fields import ParameterError, quote
from dlviz.results import three_digits

MOST = 300  # points in one text: at most 803 characters
REACH = 110  # hundredths each way from 0
LARGEST = 1_000_000  # bytes of a file: some 150,000 rows, read in a quarter of a second
COLUMNS = ("x", "y", "class")
EXPECTED = "two groups of points in url-safe base64 joined by a dot, as the page writes them"


class UnreadablePoints(ValueError):
    """A file that holds no points of two classes: what is wrong with it, as one sentence that may repeat the file's own words."""


@dataclass(frozen=True)
class Brought:
    """What a file held: `x` (n, 2) scaled to -1..1, `y` (n,) in {0, 1}, and `said`, one sentence on what was done to it.

    `said` repeats the file's names of the classes: it is a stranger's text.
    """

    x: np.ndarray
    y: np.ndarray
    said: str


def encode(x: np.ndarray, y_class: np.ndarray) -> str:
    """The text of these points, `x` (n, 2) and `y_class` (n,) in {0, 1}, to whole hundredths. ParameterError if they do not fit.

    >>> encode(np.array([[0.5, -1.1], [1.1, 0.0]]), np.array([0, 1]))
    'oAA.3G4'
    """
    steps = np.rint(np.asarray(x, dtype=np.float64).reshape(-1, 2) * 100) + REACH
    if len(steps) > MOST:
        raise ParameterError("points", f"a list of {len(steps)}", f"at most {MOST} points")
    if not ((steps >= 0) & (steps <= 2 * REACH)).all():  # nan is nowhere between
        raise ParameterError("points", "outside the square", "coordinates from -1.1 to 1.1")
    return ".".join(_base64(steps[np.asarray(y_class) == c].astype(np.uint8).tobytes()) for c in (0, 1))


def decode(text: str, name: str = "points") -> tuple[np.ndarray, np.ndarray]:
    """The points that `encode` wrote: x float64 (n, 2), class int64 (n,), class 0 first. ParameterError under `name` if it cannot be read.

    >>> decode("oAA.3G4")
    (array([[ 0.5, -1.1],
           [ 1.1,  0. ]]), array([0, 1]))
    """
    groups = text.split(".") if text else ["", ""]
    if len(groups) != 2:
        raise ParameterError(name, text, EXPECTED)
    found = [_bytes(group, name, text) for group in groups]
    count = sum(len(group) for group in found)
    if count > MOST:
        raise ParameterError(name, f"a list of {count}", f"at most {MOST} points")
    x = (np.concatenate(found).astype(np.float64) - REACH) / 100
    return x, np.repeat(np.arange(2), [len(group) for group in found])


def check_classes(y_class: np.ndarray, name: str = "points") -> None:
    """ParameterError unless there are points of both classes, without which there is nothing to learn."""
    if len(set(np.asarray(y_class).tolist())) < 2:
        raise ParameterError(name, f"a list of {len(y_class)} of one class", "points of both classes")


def read_csv(data: bytes) -> Brought:
    """The points in a CSV file with the columns x, y and class; of more than MOST rows a drawn part. UnreadablePoints if there are none."""
    rows = _rows(_text(data))
    places = _places(rows[0])
    points = np.array([[_number(row, number, places, column) for column in COLUMNS[:2]] for number, row in rows[1:]]).reshape(-1, 2)
    labels = [_label(row, number, places) for number, row in rows[1:]]
    if len(labels) < 2:
        raise UnreadablePoints(f"The file has {len(labels)} row{'' if len(labels) == 1 else 's'} of points: expected at least 2.")
    classes = sorted(set(labels), key=_order)
    if len(classes) != 2:
        raise UnreadablePoints(f"The column class has {_list(classes)}: expected two different values.")
    y = np.array([classes.index(label) for label in labels])
    low, high = points.min(0), points.max(0)
    kept = _draw(y)
    said = f"{len(kept)} of {len(y)} points" + (", drawn at random" if len(kept) < len(y) else "")
    said += "".join(f"; {c} from {three_digits(a)} to {three_digits(b)}" for c, a, b in zip(COLUMNS, low, high, strict=False))
    said += f" scaled to −1 to 1; {quote(classes[0])} is class 0 and {quote(classes[1])} class 1."
    return Brought(_scaled(points, low, high)[kept], y[kept], said)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(group: str, name: str, text: str) -> np.ndarray:
    """The steps (n, 2) that one group stands for."""
    try:
        data = base64.b64decode(group.encode("ascii") + b"=" * (-len(group) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ParameterError(name, text, EXPECTED) from None
    steps = np.frombuffer(data, dtype=np.uint8)
    if len(steps) % 2 or (steps > 2 * REACH).any():
        raise ParameterError(name, text, EXPECTED)
    return steps.reshape(-1, 2)


def _text(data: bytes) -> str:
    """The file as text. Its size is judged before anything is read."""
    if len(data) > LARGEST:
        raise UnreadablePoints(f"The file has {len(data) / 1e6:.3g} MB: expected at most {LARGEST / 1e6:g} MB.")
    if not data.strip():
        raise UnreadablePoints(f"The file is empty: expected a first line x,y,class and one line for each point, up to {MOST}.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # a picture, a spreadsheet, UTF-16
        raise UnreadablePoints("The file is not text in UTF-8: expected a CSV file with the columns x, y and class.")
    return text


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Every line that is not blank, with its number, split at commas."""
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    try:
        return [(reader.line_num, row) for row in reader if any(entry.strip() for entry in row)]
    except csv.Error as error:
        raise UnreadablePoints(f"Line {reader.line_num} is no CSV ({error}): expected numbers and a class, separated by commas.") from None


def _places(first: tuple[int, list[str]]) -> dict[str, int]:
    """Where each of COLUMNS stands in a row."""
    names = [entry.strip().lower() for entry in first[1]]
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise UnreadablePoints(
            f"The first line is {quote(','.join(first[1]))} and has no column {' and no '.join(missing)}: "
            "expected the columns x, y and class, separated by commas."
        )
    return {column: names.index(column) for column in COLUMNS}


def _entry(row: list[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _number(row: list[str], line: int, places: dict[str, int], column: str) -> float:
    """A coordinate; its size is bounded so that a range of two of them is finite."""
    entry = _entry(row, places[column])
    try:
        value = float(entry)
    except ValueError:
        value = math.nan
    if not abs(value) <= 1e300:  # nan is not
        raise UnreadablePoints(f"Line {line} has {quote(entry) if entry else 'nothing'} in column {column}: expected a finite number.")
    return value


def _label(row: list[str], line: int, places: dict[str, int]) -> str:
    entry = _entry(row, places["class"])
    if not entry or not math.isfinite(_order(entry)[1]):
        raise UnreadablePoints(
            f"Line {line} has {quote(entry) if entry else 'nothing'} in column class: expected the name or number of a class."
        )
    return entry


def _order(label: str) -> tuple[bool, float, str]:
    """Numbers by their size and before words, words by the alphabet."""
    try:
        return False, float(label), label
    except ValueError:
        return True, 0.0, label


def _list(classes: list[str]) -> str:
    shown = ", ".join(quote(label) for label in classes[:3])
    return f"the one value {shown}" if len(classes) == 1 else f"{len(classes)} values ({shown}…)"


def _scaled(points: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Each column from its own range to -1..1; a column that is everywhere the same goes to 0."""
    half = high / 2 - low / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(half > 0, np.clip((points - (low / 2 + high / 2)) / half, -1, 1), 0.0)


def _draw(y: np.ndarray) -> np.ndarray:
    """The rows that are kept, in order: all, or MOST drawn without replacement with the classes' shares, each at least once."""
    if len(y) <= MOST:
        return np.arange(len(y))
    draw = np.random.default_rng(0)
    members = [np.flatnonzero(y == c) for c in (0, 1)]
    return np.sort(np.concatenate([draw.choice(m, max(1, MOST * len(m) // len(y)), replace=False) for m in members]))
