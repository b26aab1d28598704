"""Makes dlviz/data/emoji.npz: emoji of three designs in 28 × 28 pixels, in ten kinds (see NOTICE for authors and licences).

`pip install resvg-py==0.5.0`, which draws the SVG files, then `python -m recipes.emoji [folder with the four .tgz]`. The kinds are made
of Unicode's own subgroups, as the npm package emojibase-data lists them. An emoji is taken if all three designs have it and it is
neither a man's nor a woman's variant of another one. A fifth of each kind's emoji, drawn with SEED, is held out in all designs.
Each is drawn at 112 pixels on white and averaged to 28; colours are rounded to 16 levels, which makes the file a fifth smaller.
"""

import io
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dlviz.data import emoji
from recipes import packages

SEED = 20260
SIDE, FINE = 28, 4  # pixels, and how many times finer they are drawn first
STEP = 17  # between two of the 16 levels
HELD_OUT = 5  # one of so many emoji of a kind
NAMES = ("emojibase-data", "17.0.0")
DESIGNS = {
    "noto": ("@iconify-json/noto", "1.2.9"),
    "fluent": ("@iconify-json/fluent-emoji-flat", "1.2.6"),
    "twemoji": ("@iconify-json/twemoji", "1.2.5"),
}
# kind -> how the names of its subgroups begin
KINDS = {
    "faces": ("face-",),
    "hands": ("hand",),
    "people": ("person",),
    "animals": ("animal-",),
    "food": ("food-",),
    "vehicles": ("transport-ground", "transport-water", "transport-air"),
    "places": ("place-geographic", "place-building", "place-religious", "place-other"),
    "clothes": ("clothing",),
    "sky": ("sky-weather",),
    "signs": ("transport-sign", "arrow", "zodiac", "av-symbol", "keycap", "alphanum", "religion"),
}
UNLIKE = ("face-costume", "person-symbol")  # ghosts and robots, and footprints
VARIANTS = ("man ", "woman ", "men ", "women ", "man:", "woman:")
JOINER = "200D"  # what glues an emoji together from others
Draw = Callable[[str, int], bytes]  # an SVG and how wide; a PNG on white


def codes_of(files: Mapping[str, bytes]) -> dict[str, list[str]]:
    """The emoji of every kind, as the code points that the designs name them by: "1f600"."""
    subgroups = json.loads(files["package/meta/groups.json"])["subgroups"]
    listed = [each for each in json.loads(files["package/en/data.json"]) if "subgroup" in each]

    def belongs(each: Mapping[str, Any], starts: tuple[str, ...]) -> bool:
        group = subgroups[str(each["subgroup"])]
        alone = JOINER not in each["hexcode"] and not each["label"].startswith(VARIANTS)
        return alone and group.startswith(starts) and group not in UNLIKE

    return {kind: [each["hexcode"].lower() for each in listed if belongs(each, starts)] for kind, starts in KINDS.items()}


def svg_of(icons: Mapping[str, Any], names: Mapping[str, str], code: str) -> str | None:
    """The emoji as an SVG file, or None where the design has none."""
    name = names.get(code) or names.get(code.replace("-fe0f", ""), "")
    name = icons.get("aliases", {}).get(name, {}).get("parent", name)
    icon = icons["icons"].get(name)
    if icon is None:
        return None
    width, height = (icon.get(side, icons[side]) for side in ("width", "height"))
    about = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {about} viewBox="0 0 {width} {height}" width="{width}" height="{height}">{icon["body"]}</svg>'


def pixels(png: bytes) -> np.ndarray:
    """The picture in SIDE × SIDE pixels of rounded colours: uint8 (3, SIDE, SIDE)."""
    with Image.open(io.BytesIO(png)) as image:
        small = np.array(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX))
    return (np.rint(small / STEP) * STEP).astype(np.uint8).transpose(2, 0, 1)


def make(names: Mapping[str, bytes], designs: Mapping[str, Mapping[str, bytes]], draw: Draw) -> dict[str, np.ndarray]:
    """The arrays of the file: first the pictures for training, then those held out, each part shuffled."""
    books = [(json.loads(files["package/icons.json"]), json.loads(files["package/chars.json"])) for files in designs.values()]
    rng = np.random.default_rng(SEED)
    parts: tuple[list[Any], list[Any]] = ([], [])  # training, held out: (picture, label, style, code)
    for label, codes in enumerate(codes_of(names).values()):
        drawn = [(code, svgs) for code in codes if None not in (svgs := [svg_of(icons, chars, code) for icons, chars in books])]
        held_out = set(rng.permutation(len(drawn))[: round(len(drawn) / HELD_OUT)].tolist())
        for place, (code, svgs) in enumerate(drawn):
            for style, svg in enumerate(svgs):
                parts[place in held_out].append((pixels(draw(str(svg), SIDE * FINE)), label, style, code))
    rows = [part[i] for part in parts for i in rng.permutation(len(part))]
    images, labels, styles, shown = zip(*rows, strict=True)
    return {
        "images": np.array(images, np.uint8), "labels": np.array(labels, np.uint8), "styles": np.array(styles, np.uint8),
        "codes": np.array(shown),
    }  # fmt: skip


def drawn_by_resvg(svg: str, width: int) -> bytes:
    """A PNG by resvg, which is needed for nothing else."""
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, background="#ffffff", skip_system_fonts=True))


def main() -> None:
    """Write the file and say how large it is."""
    folder = packages.given(sys.argv)

    def fetch(name: str, version: str) -> dict[str, bytes]:
        here: Path | None = folder / f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz" if folder else None
        return packages.npm(name, version, here)

    made = make(fetch(*NAMES), {style: fetch(*DESIGNS[style]) for style in emoji.STYLES}, drawn_by_resvg)
    np.savez_compressed(emoji.FILE, allow_pickle=False, **made)
    emoji_count = len(set(made["codes"].tolist()))
    print(f"{emoji.FILE.name}: {len(made['labels'])} pictures of {emoji_count} emoji, {emoji.FILE.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
