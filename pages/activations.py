"""Activations: what a neuron does to its input."""

import streamlit as st

from dlviz.compute.activations import curve as curves
from dlviz.figures import activations as figures
from dlviz.ui import frame
from dlviz.ui.points import show_points
from dlviz.ui.state import Settings
from dlviz.ui.table import show_table


def properties(result: curves.Result, _: Settings) -> None:
    """The property table."""
    show_table(figures.properties(result), "Measured properties of the functions")
    st.caption(
        "Measured from the functions themselves: extremes by search, means for standard normal inputs by quadrature. Saturates: the slope "
        "tends to 0 on that side. Zero-centred: E[f] = 0. The gain keeps E[f²] from layer to layer when weights have variance gain²/n."
    )


def outputs(result: curves.Result, _: Settings) -> None:
    """What standard normal inputs become."""
    st.altair_chart(figures.outputs(result), alt="Distribution of each function's output for standard normal inputs.", key="outputs")


frame.show(
    "activations",
    {
        "curve": frame.Drawing("curve", figures.curve, {"Properties": properties, "Normal inputs": outputs}, labels=curves.LABELS),
        "network": frame.Drawing("player", figures.network, {"Your points": lambda _, settings: show_points(settings)}, grows=True),
        "seeds": frame.Drawing("player", figures.seeds, grows=True),
        "softmax": frame.Drawing("softmax", figures.softmax),
        "hinges": frame.Drawing("hinges", figures.hinges),
        "cost": frame.Drawing("cost", figures.cost, grows=True),
    },
)
