"""The front door of dlviz: `streamlit run app.py`."""

import streamlit as st

from dlviz.ui.navigation import open_front_door

st.set_page_config(layout="wide", page_icon=":material/neurology:", menu_items={"About": "dlviz: a visual playground for deep learning."})
open_front_door().run()
