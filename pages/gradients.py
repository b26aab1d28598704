"""Gradient flow: why deep networks stop learning or blow up."""

import streamlit as st

from dlviz.compute.gradients import depth as depths
from dlviz.compute.gradients import own
from dlviz.figures import gradients as figures
from dlviz.figures.own import layers
from dlviz.ui import frame
from dlviz.ui.state import Settings
from dlviz.ui.table import show_table


def jacobian(result: depths.Result, _: Settings) -> None:
    """The singular values of the input-output Jacobian, where they were asked for."""
    if result.singular.size:
        st.altair_chart(figures.singular(result), alt="Singular values of the Jacobian, largest first.", key="singular")
        st.caption("How much the network stretches a small change of the first sample, along its principal directions.")
    else:
        st.markdown("Switch on **Singular values of the Jacobian** under More.")


def own_layers(result: own.Result, _: Settings) -> None:
    """Every layer of the pasted network with its numbers."""
    show_table(layers(result), "Layers of the network, in the order of the pass")


frame.show(
    "gradients",
    {
        "depth": frame.Drawing("depth", figures.depth, {"Jacobian": jacobian}),
        "training": frame.Drawing("player", figures.training, grows=True),
        "by_hand": frame.Drawing("by_hand", figures.by_hand),
        "time": frame.Drawing("player", figures.time, grows=True),
        "own": frame.Drawing("own", figures.own, {"Layers": own_layers}),
    },
)
