"""The yardstick: a bare Streamlit page with the kinds of chart and widget of the Activations page. It uses nothing of dlviz.

`?view=softmax` has what the softmax view has. `?torch` imports torch and takes one Adam step first.
"""

import json
import struct
from pathlib import Path

import numpy as np
import streamlit as st

FUNCTIONS = ["identity", "step", "sigmoid", "tanh", "ReLU", "leaky ReLU", "GELU", "SiLU"]
SCENES = [f"Scene number {i}" for i in range(8)]
X = np.arange(-1000, 1001) / 100
SLIDERS = "".join(
    f'<input type="range" name="{name}" min="-2" max="2" step="0.1">' for name in ("input_1", "weight_1", "input_2", "weight_2", "bias")
)
CSS = """.yardstick { height: 25rem; }
.yardstick svg { width: 100%; height: 22rem; }"""


def one_adam_step() -> None:
    """What any page that trains with torch must do once per process."""
    import torch

    weight = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.Adam([weight])
    weight.sum().backward()
    optimiser.step()


def pack(header: dict[str, object], values: np.ndarray) -> bytes:
    """[u32 header length][JSON, padded to 8 bytes][float64 values]."""
    text = json.dumps(header).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return struct.pack("<I", len(text)) + text + values.tobytes()


def edited() -> None:
    st.session_state["weight"] = st.session_state["picture"]["edit"]["weight_1"]


def softmax() -> None:
    """A component with bars, facts, formulas in the open tab; the widgets of the softmax view."""
    st.pills("Scenes", SCENES[:6])
    st.segmented_control("View", ["Curve", "Softmax"], default="Softmax")
    st.segmented_control("Number format", ["float32", "float64", "float16"], default="float32")
    picture(key="picture", data=pack({"heights": [0.64, 0.24, 0.09, 0.03]}, np.empty(0)), on_edit_change=edited)
    st.html('<dl class="facts"><dt>entropy</dt><dd>0.948</dd></dl>')
    with st.tabs(["Maths", "Code", "Data", "Try this", "References"])[0]:
        st.latex(r"p_i = \frac{e^{z_i/T}}{\sum_j e^{z_j/T}} \qquad H = -\sum_i p_i \ln p_i")


def curve() -> None:
    """A component with lines, facts, a table in the open tab; the widgets of the curve view."""
    st.pills("Scenes", SCENES)
    st.segmented_control("View", ["Curve", "Softmax"], default="Curve")
    chosen = st.pills("Functions", FUNCTIONS, default=["sigmoid", "tanh", "ReLU"], selection_mode="multi", key="functions")
    st.text_input("Your own f(x)")
    st.pills("Panels", ["f", "f′", "f″", "difference"], default=["f", "f′"], selection_mode="multi")
    st.popover("More")
    weight = st.session_state.get("weight", 1.0)
    values = [np.tanh((1 + FUNCTIONS.index(name)) * X / 3) for name in chosen]
    table = np.array([[f, np.gradient(f, X), np.gradient(np.gradient(f, X), X)] for f in values])
    header = {"points": len(X), "functions": len(chosen), "panels": 2, "weight": weight}
    picture(key="picture", data=pack(header, table), on_edit_change=edited)
    st.html(f'<dl class="facts"><dt>output</dt><dd>{np.tanh(weight):.4g}</dd></dl>')
    rows = "".join(
        f"<tr><th>{name}</th>{''.join(f'<td>{i * f.mean():.3g}</td>' for i in range(13))}</tr>"
        for name, f in zip(chosen, values, strict=True)
    )
    with st.tabs(["Properties", "Normal inputs", "Maths", "Code", "Data", "Try this", "References"])[0]:
        st.html(f"<table>{rows}</table>")


st.set_page_config(layout="wide")
if "torch" in st.query_params:
    one_adam_step()
picture = st.components.v2.component(
    "yardstick",
    html=f'<div class="yardstick"><svg class="main"></svg>{SLIDERS}</div>',
    css=CSS,
    js=Path(__file__).with_name("picture.js").read_text(),
)
st.title("A bare page")
softmax() if st.query_params.get("view") == "softmax" else curve()
