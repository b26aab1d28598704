"""The home page: the topics with their questions, and lecture paths through their scenes."""

import streamlit as st

from dlviz.catalog import TOPICS
from dlviz.ui import home, session
from dlviz.ui.navigation import enter_by_front_door, load_torch_in_background

enter_by_front_door()
session.leave_runs()
st.html(home.STYLE)
st.title("dlviz", anchor=False)
with st.container(key="lead"):
    st.markdown(
        "A visual playground for deep learning. Every picture is a real PyTorch computation, run while you watch: "
        "change it, break it, ask it, and take the program home."
    )
home.show_topics(TOPICS)
home.show_paths()
load_torch_in_background()
