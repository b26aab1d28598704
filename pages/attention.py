"""Attention heatmaps: which words each word looks at, and what comes of it."""

import streamlit as st

from dlviz.compute.attention import effect, heatmap, machine
from dlviz.figures import attention as figures
from dlviz.ui import frame
from dlviz.ui.state import Settings
from dlviz.ui.table import show_table


def contexts(result: heatmap.Result, _: Settings) -> None:
    """One word's vector in two texts, compared layer by layer."""
    if len(result.cosines):
        st.altair_chart(figures.contexts(result), alt="Cosine of one word's vectors in two texts, by layer.", key="contexts")
        last = " This model tells its last vectors only after the norm at its end." if result.causal and not result.before.size else ""
        st.caption(f"The last token of the word. In a decoder only what stands before it can tell the two apart.{last}")
    else:
        st.markdown("Write a **second text** and the **word that looks** under More: its vectors in both texts are compared.")


def rankings(result: effect.Result, _: Settings) -> None:
    """The heads that look most beside those that do most."""
    columns = figures.rankings(result)
    both = len(set(columns["looks most"]) & set(columns["does most"]))
    st.markdown(f"**{both}** of {len(columns['place'])} heads stand in both lists.")
    show_table(columns, "The heads that look most, and those whose absence changes most")


frame.show(
    "attention",
    {
        "machine": frame.Drawing("machine", figures.machine, missing=machine.missing),
        "heatmap": frame.Drawing("heads", figures.heatmap, {"Two texts": contexts}, missing=heatmap.missing),
        "effect": frame.Drawing("effect", figures.effect, {"Two rankings": rankings}, grows=True, missing=effect.missing),
        "by_hand": frame.Drawing("attending", figures.by_hand),
        "born": frame.Drawing("player", figures.born, grows=True),
    },
)
