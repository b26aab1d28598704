"""Attention heatmaps: which words each word looks at, and what comes of it."""

import streamlit as st

from dlviz.compute.attention import heatmap
from dlviz.figures import attention as figures
from dlviz.ui import frame
from dlviz.ui.state import Settings


def contexts(result: heatmap.Result, _: Settings) -> None:
    """One word's vector in two texts, compared layer by layer."""
    if len(result.cosines):
        st.altair_chart(figures.contexts(result), alt="Cosine of one word's vectors in two texts, by layer.", key="contexts")
        last = " This model tells its last vectors only after the norm at its end." if result.causal and not result.before.size else ""
        st.caption(f"The last token of the word. In a decoder only what stands before it can tell the two apart.{last}")
    else:
        st.markdown("Write a **second text** and the **word that looks** under More: its vectors in both texts are compared.")


frame.show(
    "attention",
    {
        "heatmap": frame.Drawing("heads", figures.heatmap, {"Two texts": contexts}, missing=heatmap.missing),
        "by_hand": frame.Drawing("attending", figures.by_hand),
        "born": frame.Drawing("player", figures.born, grows=True),
    },
)
