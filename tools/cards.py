"""Draw the home page's pictures anew: `python -m tools.cards`, after a change of what they show."""

from pathlib import Path

from dlviz.figures.cards import CARDS

FOLDER = Path(__file__).parents[1] / "dlviz/ui/cards"


def main() -> None:
    """Write one SVG a topic."""
    for slug, draw in CARDS.items():
        path = FOLDER / f"{slug}.svg"
        path.write_text(draw(), encoding="utf-8")
        print(f"{path.name}: {path.stat().st_size / 1000:.1f} kB")


if __name__ == "__main__":
    main()
