"""Params: every kind of field takes what it says it takes, and refuses all else in one sentence."""

import hashlib
import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from dlviz import catalog
from dlviz import params as p
from dlviz.compute import resolve
from dlviz.fields import Asset, Choice, Choices, Number, Numbers, ParameterError, Spec, Switch
from dlviz.params import Params, key
from dlviz.texts import Lines, Text

ROOT = Path(__file__).parents[1]
VIEWS = [view for topic in catalog.TOPICS for view in topic.views]
LETTERS = {"a": "A", "b": "B", "c": "C"}


@dataclass(frozen=True)
class Kitchen(Params):
    """One field of every kind."""

    name: str = p.choice("sgd", {"sgd": "SGD", "momentum": "with momentum"}, label="Optimiser")
    momentum: float = p.number(0.9, 0, 0.99, 0.01, label="Momentum", when=("name", "momentum"))
    rate: float = p.number(0.1, 0.001, 1, 3, scale="log", label="Rate")
    layers: tuple[str, ...] = p.choices(("a",), LETTERS, at_least=1, label="Layers")
    bonus: float = p.number(2, -3, 3, 0.5, label="Bonus", when=("layers", "b"))
    points: tuple[float, ...] = p.numbers((0.0, 1.0), -5, 5, 0.5, at_least=2, at_most=4, label="Points")
    note: str = p.text("", 20, label="Note", private=True)
    story: str = p.lines("", 60, label="Story")
    loud: bool = p.switch(False, label="Loud")


# text of several lines, as a view may take it
NETWORKS = (
    "nn.Sequential(\n    nn.Linear(2, 3),\n    nn.Tanh(),\n)",
    "net = nn.Sequential(nn.Linear(4, 1))  # 'one' & ü",
    "nn.Sequential(\n  *[nn.Linear(2, 2)] * 2,\n  nn.ReLU())",
)


def random_value(spec: Spec, rng: random.Random, texts: Sequence[str]) -> Any:
    """A value as the field's own control could give it."""
    match spec:
        case Number(scale="log"):
            return rng.choice(spec.stops())
        case Number():
            return min(spec.high, round(spec.low + spec.step * rng.randrange(round((spec.high - spec.low) / spec.step) + 1), 9))
        case Choice():
            return rng.choice(list(spec.options))
        case Choices():
            return tuple(rng.sample(list(spec.options), rng.randint(spec.at_least, len(spec.options))))
        case Numbers():
            each = Number(label="", low=spec.low, high=spec.high, step=spec.step)
            return tuple(random_value(each, rng, texts) for _ in range(rng.randint(spec.at_least, spec.at_most)))
        case Text():
            return rng.choice(texts)
        case Lines():
            return rng.choice(NETWORKS)
        case Switch():
            return rng.random() < 0.5
        case Asset():
            return ""  # nothing was brought
    raise TypeError(type(spec).__name__)


def random_params(kind: type[Params], rng: random.Random, texts: Sequence[str] = ("", "x*x - 1", "max(x, 0.1*x)")) -> Params:
    """Random settings of a view, drawn anew until its rules between fields hold. `texts`: what a line of text may be."""
    while True:
        try:
            return kind(**{name: random_value(spec, rng, texts) for name, spec in kind.specs().items()})
        except ParameterError:
            continue


REFUSED = [
    ("momentum", 1.0, "0 to 0.99"),
    ("momentum", -0.01, "0 to 0.99"),
    ("momentum", math.nan, "0 to 0.99"),
    ("momentum", math.inf, "0 to 0.99"),
    ("momentum", -math.inf, "0 to 0.99"),
    ("momentum", True, "a number"),
    ("momentum", "0.5", "a number"),
    ("momentum", None, "a number"),
    ("momentum", 0.5 + 0j, "a number"),
    ("rate", 0, "0.001 to 1"),
    ("name", "adam", "sgd, momentum"),
    ("name", 1, "sgd, momentum"),
    ("name", None, "sgd, momentum"),
    ("name", "S" * 10_000, "sgd, momentum"),
    ("layers", ("a", "d"), "a, b, c"),
    ("layers", (), "some of a, b, c"),
    ("layers", "a", "a, b, c"),
    ("layers", 3, "a, b, c"),
    ("points", (1,), "2 to 4 numbers"),
    ("points", (1, 2, 3, 4, 5), "2 to 4 numbers"),
    ("points", range(10_000), "2 to 4 numbers"),
    ("points", (1, math.nan), "from -5 to 5"),
    ("points", (1, 5.01), "from -5 to 5"),
    ("points", (1, True), "from -5 to 5"),
    ("points", (1, "2"), "from -5 to 5"),
    ("points", "1,2", "2 to 4 numbers"),
    ("points", 1, "2 to 4 numbers"),
    ("note", "n" * 10_000, "at most 20 characters"),
    ("note", "one\ntwo", "one line"),
    ("note", "nul\0", "printable"),
    ("note", "\u202eback", "printable"),
    ("note", "\ud800", "printable"),
    ("note", 7, "text"),
    ("note", b"bytes", "text"),
    ("story", "s\n" * 10_000, "at most 60 characters"),
    ("story", "s\n" * 40 + "s", "at most 60 characters, not 81"),
    ("story", "one\ntwo\0", "in line 2"),
    ("story", "\n\n\u202eback", "in line 3"),
    ("story", "one\u2028two", "in line 1"),
    ("story", "\ud800", "printable"),
    ("story", 7, "text"),
    ("story", ["one"], "text"),
    ("loud", 1, "1 (on) or 0 (off)"),
    ("loud", "1", "1 (on) or 0 (off)"),
    ("loud", None, "1 (on) or 0 (off)"),
]


def assert_one_sentence(error: ParameterError, field: str) -> None:
    """The message names the field, fits on a line, and is one sentence."""
    message = str(error)
    assert error.name == field and message.startswith(f"{field} is ") and ": expected " in message and message.endswith(".")
    assert message.isprintable() and len(message) < 400


@pytest.mark.parametrize(("field", "value", "expected"), REFUSED)
def test_what_cannot_be_used_is_refused_in_one_sentence(field: str, value: object, expected: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Kitchen(**{field: value})  # type: ignore[arg-type]
    assert_one_sentence(caught.value, field)
    assert expected in caught.value.expected and caught.value.expected in str(caught.value)


def test_an_integer_too_large_for_a_float_is_refused_like_any_other() -> None:
    huge: Any = 10**400
    for field, value in (("bonus", huge), ("points", (huge, huge))):
        with pytest.raises(ParameterError) as caught:
            Kitchen(**{field: value})
        assert_one_sentence(caught.value, field)


def test_the_message_repeats_the_value_up_to_40_characters() -> None:
    with pytest.raises(ParameterError, match=r"^rate is 7: expected a number from 0\.001 to 1\.$"):
        Kitchen(rate=7)
    with pytest.raises(ParameterError) as caught:
        Kitchen(note="secret " * 1000)
    assert str(caught.value).count("secret") <= 6


@pytest.mark.parametrize("value", [["a", ["b"]], [{"a": 1}], [None], [b"a"]])
def test_choices_refuse_things_that_are_no_slugs(value: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        Kitchen(layers=value)
    assert_one_sentence(caught.value, "layers")


@pytest.mark.parametrize("view", VIEWS)
def test_every_field_of_every_view_takes_a_value_or_refuses_it_by_name(view: str) -> None:
    kind = resolve(view)[0]
    hostile: list[Any] = [math.nan, math.inf, -math.inf, None, b"x", object(), (), {}, "x" * 10_000, "\0", "nan", True, ["?"], [math.nan]]
    for name in kind.specs():
        for value in hostile:
            try:
                made = kind(**{name: value})
            except ParameterError as error:
                assert error.name in kind.specs() and str(error).isprintable() and len(str(error)) < 500
            else:
                json.dumps(made.as_dict(), allow_nan=False)


def test_bounds_themselves_are_allowed_and_numbers_become_floats() -> None:
    for low_or_high in (0, 0.99):
        assert Kitchen(momentum=low_or_high).momentum == low_or_high
    made = Kitchen(bonus=1, points=[1, 2])  # type: ignore[arg-type]
    assert isinstance(made.bonus, float) and made.points == (1.0, 2.0) and all(isinstance(item, float) for item in made.points)


def test_minus_zero_is_zero_everywhere() -> None:
    """-0.0 == 0.0, so equal settings would have two texts and two keys if the sign stayed."""
    made = Kitchen(momentum=-0.0, bonus=-0.0, points=(-0.0, -0.0), name="momentum", layers=("b",))
    signs = [math.copysign(1, number) for number in (made.momentum, made.bonus, *made.points)]
    assert signs == [1, 1, 1, 1]
    assert key("v", made) == key("v", replace(made, momentum=0.0, bonus=0, points=(0, 0)))


def test_choices_have_one_order_and_no_doubles() -> None:
    assert Kitchen(layers=("c", "a", "c")).layers == ("a", "c")


def test_text_loses_the_blanks_around_it() -> None:
    assert Kitchen(note="  ä ≤ 1  ").note == "ä ≤ 1"
    assert len(Kitchen(note=" " * 10_000 + "n" * 20).note) == 20


def test_lines_keep_their_numbers_and_lose_what_cannot_be_seen() -> None:
    """Blanks at the ends of lines and lines after the last go; line breaks of other systems and tabs become the usual ones."""
    assert Kitchen(story="\n  a \r\n\r\tb\t\n\n \n").story == "\n  a\n\n    b"
    assert Kitchen(story="x" * 60 + " " * 50).story == "x" * 60
    spec = Kitchen.specs()["story"]
    for story in ("", "\n a\n\n  b", "one"):
        assert spec.check("story", story) == story == spec.decode("story", spec.encode(story))
    assert (spec.brief(""), spec.brief("a\n  b"), spec.say("a\n  b")) == ("empty", "'a b'", "story 'a b'")


PROSE = Lines(label="Words", at_most=60, prose=True)


@pytest.mark.parametrize(
    "words",
    [
        "is ",
        "ends here.\n",
        "a\tb",
        "« Bonjour »".replace(" ", "\u00a0"),
        "語\u3000り",
        "👩\u200d👩\u200d👧",
        "می\u200cخواهم",
        "\u200fעברית",
    ],
)
def test_prose_keeps_every_space_and_every_script(words: str) -> None:
    assert PROSE.check("words", words) == words == PROSE.decode("words", PROSE.encode(words))
    assert PROSE.check("words", words.replace("\n", "\r\n")) == words


@pytest.mark.parametrize("words", ["nul\0", "\x1b[31m", "\u202eback", "\u2066turned", "one\u2028two", "\ud800", "\ue000"])
def test_prose_takes_no_controls_and_nothing_that_turns_text_around(words: str) -> None:
    with pytest.raises(ParameterError, match="printable"):
        PROSE.check("words", words)


@pytest.mark.parametrize(("low", "high", "step"), [(0.001, 0.5, 3), (0.01, 1.0, 3), (1e-4, 10.0, 4), (0.05, 20.0, 5)])
def test_logarithmic_stops_are_evenly_spaced_in_the_logarithm(low: float, high: float, step: float) -> None:
    """From low to high, rising, neighbours a factor of 10^(1/step) apart but for rounding to two digits and the last stride."""
    spec = Number(label="", low=low, high=high, step=step, scale="log")
    stops = spec.stops()
    assert stops[0] == low and stops[-1] == high and stops == sorted(set(stops))
    strides = [math.log10(b / a) * step for a, b in zip(stops, stops[1:], strict=False)]
    assert all(abs(stride - 1) < 0.15 for stride in strides[:-1]) and 0.4 < strides[-1] < 1.6
    assert all(spec.check("rate", stop) == stop for stop in stops)


def test_canonical_sets_idle_fields_to_their_defaults_and_no_others() -> None:
    idle = Kitchen(name="sgd", momentum=0.5, layers=("a",), bonus=-1, rate=0.5)
    assert idle.canonical() == Kitchen(rate=0.5)
    busy = Kitchen(name="momentum", momentum=0.5, layers=("a", "b"), bonus=-1)
    assert busy.canonical() == busy
    assert [busy.applies(name) for name in ("momentum", "bonus")] == [True, True]
    assert [idle.applies(name) for name in ("momentum", "bonus", "rate")] == [False, False, True]


@pytest.mark.parametrize("kind", [Kitchen, *(resolve(view)[0] for view in VIEWS)])
def test_keys_are_equal_exactly_when_canonical_settings_are(kind: type[Params]) -> None:
    rng = random.Random(1)
    seen: dict[str, Params] = {}
    for _ in range(200):
        made = random_params(kind, rng)
        canonical = made.canonical()
        assert canonical.canonical() == canonical
        assert key("v", made) == key("v", canonical)
        assert seen.setdefault(key("v", made), canonical) == canonical
        assert hash(type(made)(**made.as_dict())) == hash(made)
    assert len(seen) == len(set(seen.values())) > 20


def test_key_is_the_sha256_of_canonical_json_and_names_the_view() -> None:
    made = Kitchen(momentum=0.5, rate=0.5)
    fields = dict(
        bonus=2.0, layers=["a"], loud=False, momentum=0.9, name="sgd", note="", points=[0.0, 1.0], rate=0.5, story=""
    )  # momentum is idle under SGD
    assert key("t.v", made) == hashlib.sha256(json.dumps(["t.v", fields], sort_keys=True).encode()).hexdigest()
    assert key("t.w", made) != key("t.v", made)


def test_key_is_the_same_in_another_process_with_another_hash_seed() -> None:
    program = (
        "from dlviz import params as p; from dataclasses import dataclass\n"
        "@dataclass(frozen=True)\nclass Small(p.Params):\n"
        "    layers: tuple[str, ...] = p.choices(('a',), {'a': '', 'b': '', 'c': ''}, label='')\n"
        "    rate: float = p.number(0.1, 0, 1, 0.1, label='')\n"
        "print(p.key('t.v', Small(layers={'c', 'b'}, rate=0.3)))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    keys = {
        subprocess.run([sys.executable, "-c", program], env=environment | {"PYTHONHASHSEED": seed}, capture_output=True, text=True).stdout
        for seed in ("1", "2")
    }
    canonical = json.dumps(["t.v", {"layers": ["b", "c"], "rate": 0.3}])
    assert keys == {hashlib.sha256(canonical.encode()).hexdigest() + "\n"}


def test_the_log_never_holds_the_users_own_words() -> None:
    made = Kitchen(note="my secret")
    assert "secret" not in repr(made.for_log()) and made.for_log()["note"] == "<9 characters>"
    assert {name: value for name, value in made.for_log().items() if name != "note"} == {
        name: value for name, value in made.as_dict().items() if name != "note"
    }


@pytest.mark.parametrize("view", VIEWS)
def test_every_line_of_text_of_every_view_is_private(view: str) -> None:
    assert all(spec.private for spec in resolve(view)[0].specs().values() if isinstance(spec, Text))


def test_params_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Kitchen().rate = 0.5  # type: ignore[misc]


@pytest.mark.parametrize("kind", [Kitchen, *(resolve(view)[0] for view in VIEWS)])
def test_defaults_are_valid_and_every_field_encodes_and_decodes(kind: type[Params]) -> None:
    rng = random.Random(2)
    for made in [kind(), *(random_params(kind, rng) for _ in range(50))]:
        for name, spec in kind.specs().items():
            assert spec.decode(name, spec.encode(getattr(made, name))) == getattr(made, name)


def test_a_number_of_any_precision_survives_its_text() -> None:
    """A link must restore exactly the settings it was made from, so the normal form of a number and its text must agree."""
    spec = Kitchen.specs()["bonus"]
    for digits in (0.1 + 0.2, 1 / 3, 0.123456789012345, 1e-17, math.nextafter(3, 0)):
        value = spec.check("bonus", digits)
        assert spec.decode("bonus", spec.encode(value)) == value


@pytest.mark.parametrize(
    ("field", "text"),
    [("rate", "x"), ("rate", ""), ("rate", "nan"), ("rate", "1e999"), ("points", "1"), ("points", "1,,2"), ("points", "1," * 10_000 + "1")]
    + [("loud", "true"), ("loud", ""), ("layers", ""), ("layers", "a,z"), ("name", ""), ("note", "n" * 10_000)],
)
def test_a_links_text_that_is_no_value_is_refused_by_name(field: str, text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Kitchen.specs()[field].decode(field, text)
    assert_one_sentence(caught.value, field)


def test_a_list_that_is_too_long_is_refused_with_its_true_length() -> None:
    with pytest.raises(ParameterError, match="20"):
        Kitchen.specs()["points"].decode("points", ",".join(["1"] * 20))


def test_of_many_options_a_message_names_a_few_and_says_how_many_there_are() -> None:
    spec = Choice(label="", options={f"option{i}": "" for i in range(49)})
    with pytest.raises(ParameterError, match=r"expected one of 49 choices: option0, option1, option2, option3 and so on\.$"):
        spec.check("x", "no")
