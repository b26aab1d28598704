"""Many seeds: the losses as a band."""

import numpy as np
import pytest

from dlviz.compute import resolve
from tests.browser.conftest import Watched
from tests.sharing import shared

# Of each panel: the heights of a loss of 1 and of one of 0.0001; then, at the last step, of the bands' two edges and of the median.
BANDS = """() => {
  const shadow = document.querySelector(".st-key-stage [data-testid=stBidiComponentIsolated]").shadowRoot;
  const heights = (path) => path.getAttribute("d").split(/[ML]/).slice(1).map((point) => parseFloat(point.split(",")[1]));
  const middle = (all) => [all[all.length / 2 - 1], all[all.length / 2]];
  return [...shadow.querySelectorAll(".panel.seeds svg")].map((svg) => {
    const rows = [...svg.querySelectorAll("line.grid")].map((line) => [line.getAttribute("y1"), line.getAttribute("y2")]);
    const lowest = Math.max(...rows.filter(([one, other]) => one === other).map(([height]) => +height));
    const edges = [...svg.querySelectorAll(".band")].map((path) => middle(heights(path)));
    const one = +svg.querySelector("line.zero").getAttribute("y1");
    return [[one, lowest], ...edges, [heights(svg.querySelector(".median")).at(-1)]];
  });
}"""


def test_the_band_holds_the_shares_of_seeds_that_it_says(visitor: Watched) -> None:
    page = visitor.open("activations?view=seeds")
    result = shared("activations.seeds", resolve("activations.seeds")[0]()).result
    losses = np.log10(result.losses[-1]).reshape(len(result.params.widths), -1)
    for ((one, low), *drawn), members in zip(page.evaluate(BANDS), losses, strict=True):
        for edges, shares in zip(drawn, ([0.05, 0.95], [0.25, 0.75], [0.5]), strict=True):
            shown = [-4 * (height - one) / (low - one) for height in edges]
            assert shown == pytest.approx(list(np.quantile(members, shares)), abs=0.003)
