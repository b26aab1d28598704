"""The pictures on the home page's cards, as SVG: real results, drawn once and kept as files, so that home needs no torch.

Colours are classes (`line-1` and so on), because the page's theme decides them. `python -m tools.cards` writes the files.
"""

from collections.abc import Callable

import numpy as np

from dlviz.compute.activations import curve as curves
from dlviz.compute.attention import by_hand as attending
from dlviz.compute.filters import convolution as convolutions
from dlviz.compute.gradients import depth
from dlviz.nets.activations import ACTIVATIONS

STEP = 10  # hundredths of x between two points of a line
PIXEL = 13  # side of a pixel of the digit on the card of the filters
WORDS = {"sigmoid": (-300, -24), "tanh": (-300, 80), "gelu": (-130, 52), "relu": (80, -170)}  # where the names stand


def activations() -> str:
    """Every activation function over x from −4 to 4; one unit is 100, and y points down. Four of them in colour."""
    rest = tuple(name for name in ACTIVATIONS if name not in curves.FRONT)
    result = curves.compute(curves.Params(functions=curves.FRONT, more_functions=rest, focus="relu", span=4))
    quiet = [name for name in result.names if name not in (*WORDS, "step")]
    paths = [_path(result, name, "quiet") for name in quiet]
    for number, (name, (x, y)) in enumerate(WORDS.items(), start=1):
        paths.append(_path(result, name, f"line-{number}"))
        paths.append(f'<text class="line-{number}" x="{x}" y="{y}">{curves.LABELS[name]}</text>')
    axes = '<path class="axis" d="M-400,0H400M0,-300V180"/>\n'
    words = "Curves of many activation functions over one axis; sigmoid, tanh, GELU and ReLU stand out."
    return _svg("-400 -280 800 450", words, axes + "\n".join(paths))


def _path(result: curves.Result, name: str, kind: str) -> str:
    rows = np.flatnonzero((np.abs(result.x) <= 4) & (np.round(result.x * 100) % STEP == 0))
    values = result.curves[result.names.index(name), 0, rows]
    points = [f"{100 * x:.0f},{-100 * np.clip(y, -9, 9):.1f}" for x, y in zip(result.x[rows], values, strict=True)]
    return f'<path class="{kind}" data-name="{name}" d="M{" ".join(points)}"/>'


def _svg(box: str, words: str, inside: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" aria-label="{words}">\n{inside}\n</svg>\n'


def gradients() -> str:
    """‖∂L/∂z‖ from layer 20, at the right, to layer 1, through tanh, ReLU with Xavier's weights, and sigmoids; down is smaller.

    A layer is 40 wide, and a power of ten 30 high.
    """
    kinds = {
        "sigmoid": depth.Params(activation="sigmoid"),
        "ReLU, Xavier": depth.Params(activation="relu", initialisation="xavier"),
        "tanh": depth.Params(activation="tanh"),
    }
    paths = ['<path class="axis" d="M0,0V380M0,380H760"/>']
    for number, (name, params) in enumerate(kinds.items(), start=1):
        norms = depth.compute(params).signal_gradient
        points = [f"{40 * layer},{-30 * np.log10(norm / norms[-1]):.1f}" for layer, norm in enumerate(norms)]
        paths.append(f'<path class="line-{number}" data-name="{name}" d="M{" ".join(points)}"/>')
        y = -30 * np.log10(norms[9] / norms[-1]) + (-18 if name == "tanh" else 45)
        paths.append(f'<text class="line-{number}" x="380" y="{y:.0f}">{name}</text>')
    return _svg(
        "-20 -30 800 430", "Gradient norms over twenty layers: level with tanh, falling with ReLU, lost with sigmoids.", "\n".join(paths)
    )


def filters() -> str:
    """A handwritten digit, Sobel's kernel, and what becomes of the digit: orange where it grows bright to the right, blue where dark."""
    result = convolutions.compute(convolutions.Params())
    ink = result.image[0, 6:28, 2:24] / 255  # without most of the empty border; the output over the same pixels
    output = result.output[0, 5:26, 1:23] / np.abs(result.output).max()
    parts = [_pixels(ink, "axis", -385, -148), _pixels(output, "line-2", 99, -148), _pixels(-output, "line-1", 99, -148)]
    for i, weight in enumerate(result.kernel.ravel()):
        x, y = -60 + 40 * (i % 3), -65 + 40 * (i // 3)
        parts.append(f'<path class="axis" d="M{x},{y}h40v40h-40z"/>')
        parts.append(f'<text class="axis" x="{x + 20}" y="{y + 28}" text-anchor="middle">{f"{weight:.0f}".replace("-", "−")}</text>')
    words = "A handwritten 7, a kernel of nine weights, and the edges that the kernel finds in the 7, in orange and blue."
    return _svg("-400 -230 800 450", words, "\n".join(parts))


def attention() -> str:
    """Who looks at whom in a sentence of three words, and the three values with an output between them; one unit is 75, y points down."""
    result = attending.compute(attending.Params())
    words, weights = result.params.tokens(), result.weights[0]
    parts = []
    for i, j in np.ndindex(weights.shape):
        look = f"stroke:none;fill:currentColor;opacity:{weights[i, j]:.2f}"
        parts.append(f'<path class="line-1" style="{look}" d="M{-290 + 100 * j},{-140 + 100 * i}h96v96h-96z"/>')
    for i, word in enumerate(words):
        parts.append(f'<text class="axis" x="-300" y="{-84 + 100 * i}" text-anchor="end">{word}</text>')
        parts.append(f'<text class="axis" x="{-242 + 100 * i}" y="-154" text-anchor="middle">{word}</text>')
    corners = [f"{200 + 75 * x:.1f},{12 - 75 * y:.1f}" for x, y in result.value]
    x, y = 200 + 75 * result.projected[0, 0], 12 - 75 * result.projected[0, 1]
    parts.append(f'<path class="axis" d="M{" ".join(corners)}z"/>')
    parts += [
        f'<path class="line-1" style="stroke-width:22" data-name="{word}" d="M{at}h0.1"/>' for word, at in zip(words, corners, strict=True)
    ]
    parts.append(f'<path class="line-2" style="stroke-width:26" data-name="output" d="M{x:.1f},{y:.1f}h0.1"/>')
    alt = "Three words, how much each looks at each, and their values as corners of a triangle with an output inside it."
    return _svg("-400 -230 800 450", alt, "\n".join(parts))


def _pixels(values: np.ndarray, kind: str, left: int, top: int) -> str:
    """Positive values from 0 to 1 as squares of PIXEL, in four steps of opacity."""
    steps = np.clip(np.ceil(4 * values - 0.2), 0, 4).astype(int)
    rows = [
        (step, [f"M{left + PIXEL * x},{top + PIXEL * y}h{PIXEL}v{PIXEL}h-{PIXEL}z" for y, x in np.argwhere(steps == step)])
        for step in range(1, 5)
    ]
    look = "stroke:none;fill:currentColor;opacity:"
    return "\n".join(f'<path class="{kind}" style="{look}{step / 4}" d="{"".join(squares)}"/>' for step, squares in rows if squares)


CARDS: dict[str, Callable[[], str]] = {"activations": activations, "gradients": gradients, "filters": filters, "attention": attention}
