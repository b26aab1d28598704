"""Results: what is stored comes back bit for bit, what is no result is refused, and numbers are shown with three true digits."""

import io
import json
import math
import pickle
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal

import numpy as np
import pytest
import torch

from dlviz.compute import resolve
from dlviz.fields import ParameterError
from dlviz.lessons import Scene
from dlviz.results import LOWERED, Fact, Result, StaleResult, three_digits
from tests.conftest import SCENES, view_of

POWER = re.compile("·?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.id)
def test_a_result_comes_back_bit_for_bit(scene: Scene, result_of: Callable[[Scene], Result]) -> None:
    result, view = result_of(scene), view_of(scene)
    again = resolve(view)[1].from_npz(result.to_npz(view), view)
    for field in fields(result):
        before, after = getattr(result, field.name), getattr(again, field.name)
        if isinstance(before, np.ndarray):
            assert before.dtype == after.dtype and before.shape == after.shape and before.tobytes() == after.tobytes(), field.name
        else:
            assert before == after and type(before) is type(after), field.name
    assert again.facts() == result.facts()


@pytest.fixture(scope="module")
def stored(result_of: Callable[[Scene], Result]) -> tuple[str, type[Result], bytes]:
    """A stored result: its view, its class, its bytes."""
    scene = next(scene for scene in SCENES if scene.view == "softmax")
    return view_of(scene), resolve(view_of(scene))[1], result_of(scene).to_npz(view_of(scene))


def with_header(data: bytes, **changes: object) -> bytes:
    """The same archive with another header; a change to None removes the entry."""
    with np.load(io.BytesIO(data)) as archive:
        arrays = {name: archive[name] for name in archive.files}
    header = {name: value for name, value in (json.loads(str(arrays.pop("header"))) | changes).items() if value is not None}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, header=np.array(json.dumps(header)), **arrays)
    return buffer.getvalue()


def test_the_header_says_what_made_the_result(stored: tuple[str, type[Result], bytes]) -> None:
    view, kind, data = stored
    with np.load(io.BytesIO(data)) as archive:
        header = json.loads(str(archive["header"]), parse_constant=pytest.fail)
    assert header["view"] == view and header["version"] == kind.VERSION and header["torch"] == torch.__version__
    kind.PARAMS(**header["params"])


def test_another_version_or_view_is_stale(stored: tuple[str, type[Result], bytes]) -> None:
    view, kind, data = stored
    with pytest.raises(StaleResult, match=f"{view} version {kind.VERSION}"):
        kind.from_npz(with_header(data, version=kind.VERSION + 1), view)
    with pytest.raises(StaleResult, match="activations.curve"):
        kind.from_npz(data, "activations.curve")
    assert kind.from_npz(with_header(data), view).facts()


def test_stored_settings_are_checked_like_all_others(stored: tuple[str, type[Result], bytes]) -> None:
    view, kind, data = stored
    with pytest.raises(ParameterError, match="temperature"):
        kind.from_npz(with_header(data, params={"temperature": 1e9}), view)


def npy() -> bytes:
    """A bare array, which is no archive."""
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


@pytest.mark.parametrize("data", [b"", b"\0", b"not an archive" * 100, b"PK\x03\x04", npy(), npy()[:20], pickle.dumps({"header": 1})])
def test_what_is_no_archive_is_refused_in_one_sentence(data: bytes, stored: tuple[str, type[Result], bytes]) -> None:
    view, kind, _ = stored
    with pytest.raises(ValueError, match=r"^[A-Z][^\n]*expected[^\n]*\.$"):
        kind.from_npz(data, view)


def test_a_damaged_archive_is_refused_or_read_but_never_fails_otherwise(stored: tuple[str, type[Result], bytes]) -> None:
    """One byte changed, or the end cut off, at 300 places: ValueError or a result, no zlib.error and no EOFError."""
    view, kind, data = stored
    rng = random.Random(3)
    for _ in range(150):
        place = rng.randrange(len(data))
        for damaged in (data[:place], data[:place] + bytes([data[place] ^ rng.randrange(1, 256)]) + data[place + 1 :]):
            try:
                kind.from_npz(damaged, view)
            except ValueError as error:
                assert "\n" not in str(error)


@pytest.mark.parametrize("missing", ["view", "version", "params", "values"])
def test_a_header_without_an_entry_is_refused(missing: str, stored: tuple[str, type[Result], bytes]) -> None:
    view, kind, data = stored
    with pytest.raises(ValueError, match="expected"):
        kind.from_npz(with_header(data, **{missing: None}), view)


def test_pickled_objects_are_never_loaded(stored: tuple[str, type[Result], bytes]) -> None:
    """An object array would run code on loading; it must not be unpickled, whatever is said about it afterwards."""
    view, kind, data = stored

    class Trap:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
            return pytest.fail, ("a pickle was loaded",)

    buffer = io.BytesIO(data)
    trap = io.BytesIO()
    np.save(trap, np.array([Trap()], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("extra.npy", trap.getvalue())
    with pytest.raises(ValueError, match="expected"):
        kind.from_npz(buffer.getvalue(), view)


def rounded(value: float) -> Decimal:
    """The value with three significant digits, or without decimals from 1000 to 99 999, in exact decimal arithmetic."""
    exact = Decimal(value)
    if not exact:
        return exact
    last = exact.adjusted() - 2
    return exact.quantize(Decimal(1).scaleb(min(last, 0) if abs(exact) < 10**5 else last))


def read(shown: str) -> Decimal:
    """The number that a page's text stands for."""
    power = POWER.search(shown)
    exponent = int(power[1].translate(LOWERED)) if power else 0
    mantissa = shown[: power.start()] if power else shown
    return Decimal({"": "1", "−": "-1"}.get(mantissa, mantissa.replace("−", "-"))).scaleb(exponent)


def test_three_digits_are_the_right_digits() -> None:
    """Against decimal rounding, over 60 decades and at the edges where a digit is carried."""
    rng = random.Random(4)
    values = [rng.choice((-1, 1)) * 10 ** rng.uniform(-30, 30) for _ in range(3000)]
    values += [rng.choice((-1, 1)) * 10 ** rng.uniform(-4, 6) for _ in range(3000)]
    values += [0.0, 1e-3, 9.9999e-4, 9.994, 99.96, 0.09996, 1e5, 99_999.4, -1e6, -1e-9, 123456.0, 5e-324, 1.7e308]
    for value in values:
        shown = three_digits(value)
        assert read(shown) == rounded(value), (value, shown)
        assert "e" not in shown and "-" not in shown and len(shown) <= 11, (value, shown)


@pytest.mark.parametrize(("value", "shown"), [(999.6, "1000"), (-999.5001, "−1000"), (999.4, "999"), (999.9999, "1000")])
def test_a_number_that_rounds_up_to_1000_is_written_as_1000(value: float, shown: str) -> None:
    assert three_digits(value) == shown


def test_facts_are_shown_with_their_units() -> None:
    assert Fact(0.5, "share", "%").text() == Fact(0.5, "share", "%").text_with_unit() == "50 %"
    assert Fact(0.94812, "entropy", "nats").text_with_unit() == "0.948 nats"
    assert Fact(2.0, "slope").text_with_unit() == "2"
    assert Fact(None, "slope", "nats").text() == "–"


def test_latex_says_the_same_number_as_text() -> None:
    rng = random.Random(5)
    for _ in range(1000):
        value = rng.choice((-1, 1)) * 10 ** rng.uniform(-20, 20)
        shown = Fact(value, "").latex()
        assert shown.isascii()
        number = shown.replace(r"\cdot ", "*").replace("^{", "**(").replace("}", ")")
        assert math.isclose(eval(number), float(rounded(value)), rel_tol=1e-12), (value, shown)
    assert Fact(0.0294, "", "%").latex() == r"2.94\,\%"
    assert Fact(None, "").latex() == r"\text{undefined}"
