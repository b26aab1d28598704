"""The home page: the topics and their questions."""

import streamlit as st

from dlviz.catalog import TOPICS
from dlviz.ui.navigation import enter_by_front_door

enter_by_front_door()
st.title("dlviz")
st.markdown("A visual playground for deep learning. Every picture is a real PyTorch computation, run while you watch.")
for topic in TOPICS:
    st.page_link(f"pages/{topic.slug}.py", label=f"**{topic.title}**", icon=topic.icon)
    st.markdown(topic.question)
