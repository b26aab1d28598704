"""The home page: the topics and their questions."""

import streamlit as st

from dlviz.catalog import TOPICS
from dlviz.ui.navigation import enter_by_front_door, load_torch_in_background

enter_by_front_door()
st.title("dlviz", anchor=False)
st.markdown(
    "A visual playground for deep learning. Every picture is a real PyTorch computation, run while you watch: "
    "change it, break it, ask it, and take the program home."
)
for topic in TOPICS:
    with st.container(border=True, width=640, key=f"topic-{topic.slug}"):
        st.page_link(f"pages/{topic.slug}.py", label=f"**{topic.title}**", icon=topic.icon)
        st.markdown(topic.question)
load_torch_in_background()
