"""The recipe of the emoji, on packages made here; drawing is done by the test, so that resvg is not needed."""

import io
import json

import numpy as np
from PIL import Image

from recipes import emoji

SUBGROUPS = {"0": "face-smiling", "1": "hands", "2": "person-role", "3": "face-costume", "4": "transport-sign"}


def listed() -> dict[str, bytes]:
    """emojibase-data with ten faces and hands each, a man's variant, one glued together, a ghost, and one without a subgroup."""
    plain = [{"hexcode": f"1F6{group}{i}", "label": "thing", "subgroup": group} for group in (0, 1) for i in range(10)]
    odd = [
        {"hexcode": "1F920", "label": "man cook", "subgroup": 2}, {"hexcode": "1F921-200D-1F373", "label": "cook", "subgroup": 2},
        {"hexcode": "1F47B", "label": "ghost", "subgroup": 3}, {"hexcode": "1F1E6", "label": "regional indicator"},
        {"hexcode": "2B06-FE0F", "label": "sign", "subgroup": 4}, {"hexcode": "1F999", "label": "in one design only", "subgroup": 4},
    ]  # fmt: skip
    return {
        "package/meta/groups.json": json.dumps({"subgroups": SUBGROUPS}).encode(),
        "package/en/data.json": json.dumps(plain + odd).encode(),
    }


def design(number: int) -> dict[str, bytes]:
    """A design whose body says whose picture it is; one icon by its alias, one without the variation selector."""
    codes = [f"1f6{group}{i}" for group in (0, 1) for i in range(10)] + ["2b06"] + (["1f999"] if number == 0 else [])
    icons = {f"icon-{code}": {"body": f"{number} {code}"} for code in codes if code != "1f603"}
    icons["other"] = {"body": f"{number} 1f603", "width": 9}
    chars = {code: f"icon-{code}" for code in codes}
    book = {"icons": icons, "aliases": {"icon-1f603": {"parent": "other"}}, "width": 32, "height": 32}
    return {"package/icons.json": json.dumps(book).encode(), "package/chars.json": json.dumps(chars).encode()}


def draw(svg: str, width: int) -> bytes:
    """A PNG of one colour: red says which design, green the code's last digit."""
    body = svg.partition(">")[2].partition("<")[0].split()
    buffer = io.BytesIO()
    Image.new("RGB", (width, width), (17 * int(body[0]), 17 * int(body[1][-1], 16), 255)).save(buffer, "PNG")
    return buffer.getvalue()


def made() -> dict[str, np.ndarray]:
    return emoji.make(listed(), {name: design(number) for number, name in enumerate(("a", "b", "c"))}, draw)


def test_pictures_keep_their_label_style_and_code() -> None:
    found = made()
    assert found["images"].shape == (3 * 21, 3, 28, 28)
    for picture, style, code in zip(found["images"], found["styles"], found["codes"], strict=True):
        assert (picture[0] == 17 * style).all() and (picture[1] == 17 * int(code.replace("-fe0f", "")[-1], 16)).all()
    kinds = dict(zip(found["codes"].tolist(), found["labels"].tolist(), strict=True))
    assert kinds["1f603"] == 0 and kinds["1f615"] == 1 and kinds["2b06-fe0f"] == list(emoji.KINDS).index("signs")
    assert not set(kinds) & {"1f920", "1f921-200d-1f373", "1f47b", "1f1e6", "1f999"}


def test_the_held_out_emoji_come_last_in_all_their_styles() -> None:
    """Two of ten faces, two of ten hands, none of the one sign: twelve pictures at the end, of emoji that the others do not have."""
    codes = made()["codes"].tolist()
    assert len(set(codes[-12:])) == 4 and not set(codes[-12:]) & set(codes[:-12])


def test_it_repeats() -> None:
    one, other = made(), made()
    assert all((one[name] == other[name]).all() for name in one)


def test_colours_are_averaged_and_rounded_to_sixteen_levels() -> None:
    image = Image.new("RGB", (112, 112), (255, 255, 255))
    image.paste((0, 100, 3), (0, 0, 2, 112))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    column = emoji.pixels(buffer.getvalue())[:, 5, 0].tolist()
    assert column == [round(each / 17) * 17 for each in (127.5, 177.5, 129)]
